"""What is shipped to browsers obeys the policy that it is served under."""

import re
from importlib import resources
from pathlib import Path

import pytest

from dream_api.services.pages.static_files import bundle, static_url

PAGES = Path(str(resources.files("dream_api.services.pages")))
TEMPLATES = sorted(PAGES.glob("templates/**/*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(PAGES)))
def test_no_template_carries_inline_style_or_script(template: Path) -> None:
    """The policy would refuse it, in front of a user."""
    text = template.read_text()

    assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\bsrc=)|javascript:", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(PAGES)))
def test_no_template_reaches_for_another_host(template: Path) -> None:
    """Pages work offline and tell nobody who reads them."""
    assert not re.search(r"""(src|href)=["']https?://""", template.read_text())


def test_modules_import_only_each_other() -> None:
    """No third-party browser code."""
    for script in (PAGES / "static" / "js").glob("*.js"):
        for source in re.findall(r"""from ["']([^"']+)["']""", script.read_text()):
            assert source.removeprefix("./") in bundle().files


def test_the_address_of_a_static_file_changes_with_the_release() -> None:
    """What is cached for ever is never stale."""
    assert static_url("ui.css") == f"/static/{bundle().digest}/ui.css"


def test_an_unknown_static_file_is_a_bug_not_a_broken_page() -> None:
    """A misspelt name fails in the first test that renders it."""
    with pytest.raises(LookupError):
        static_url("missing.css")


TABLE_FILES = (
    "ui.css", "icon.svg", "ui.js", "forms.js", "theme.js", "toast.js", "live.js", "documents.js",
)  # fmt: skip
"""What the page of the users' table loads."""


def test_styles_and_scripts_of_the_table_stay_small() -> None:
    """A page's own share is 20 KB compressed; styles and scripts are at most 12 of them."""
    files = bundle().files

    assert sum(len(files[name].compressed) for name in TABLE_FILES) < 12_000
