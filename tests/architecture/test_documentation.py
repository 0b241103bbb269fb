"""Documentation that a test does not check is wrong after a month."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from dream_api.cli import commands
from dream_api.settings import Settings
from tests.architecture.house import PRODUCT, ROOT, label, modules, tree_of

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
ERROR_PAGES = DOCS / "errors"
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
DECISION_LINES_MAX = 40
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    """docs/settings.md names exactly what the settings class reads."""
    documented = set(re.findall(r"`(DREAM_[A-Z0-9_]+)`", (DOCS / "settings.md").read_text()))

    assert {f"DREAM_{field.upper()}" for field in Settings.model_fields} == documented


def test_every_error_code_has_a_page_and_every_page_a_code() -> None:
    """The `type` of a problem is the address of the page that explains it."""
    assert set(_error_codes()) == {path.stem for path in ERROR_PAGES.glob("*.md")}


def _error_codes() -> Iterator[str]:
    """Yield the `code` of each refusal: of a class that also has a status and a title."""
    for path in modules(PRODUCT):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                values = _class_attributes(node)
                if "code" in values and {"status", "title"} & set(values):
                    yield values["code"]


def _class_attributes(node: ast.ClassDef) -> dict[str, str]:
    return {
        target.id: str(statement.value.value)
        for statement in node.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


@pytest.mark.parametrize("page", sorted(ERROR_PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_an_error_page_says_what_happened_why_and_what_to_do(page: Path) -> None:
    """Three questions, the same on every page."""
    text = page.read_text()

    assert ["What happened", "Why", "What to do"] == re.findall(r"^## (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    """A link to a page of ours names a file that exists, and a heading that stands in it."""
    broken = [
        target
        for target in (link["target"] for link in LINK.finditer(page.read_text()))
        if not re.match(r"[a-z]+:", target) and not _leads_somewhere(page, target)
    ]

    assert [] == broken


def _leads_somewhere(page: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    return path.exists() and (not anchor or anchor in _anchors(path))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_every_command_is_documented() -> None:
    """docs/guides/command-line.md has a heading for each command, by the name one types."""
    text = (DOCS / "guides" / "command-line.md").read_text()
    documented = set(re.findall(r"^## `dream-api ([^`]+)`$", text, re.MULTILINE))

    assert set(_commands()) == documented


def test_every_guide_is_found_from_the_readme() -> None:
    """A page that nothing leads to is not read."""
    linked = {Path(link["target"]).name for link in LINK.finditer((ROOT / "README.md").read_text())}

    assert {page.name for page in (DOCS / "guides").glob("*.md")} <= linked


def test_every_option_is_documented_where_its_command_is() -> None:
    """A section names each option of its command; `--data` and `--help` are said once, on top."""
    text = (DOCS / "guides" / "command-line.md").read_text()
    sections = dict(
        re.findall(r"^## `dream-api ([^`]+)`$(.+?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    )
    missing = [
        f"{name} {option}"
        for name, options in _options()
        for option in options - {"--data", "--help"}
        if option not in sections[name]
    ]

    assert [] == sorted(missing)


def _options() -> Iterator[tuple[str, set[str]]]:
    """Yield each command with the options that one may type."""
    for name in _commands():
        command = typer.main.get_command(commands)
        for word in name.split():
            command = getattr(command, "commands", {})[word]
        yield name, {option for one in command.params for option in one.opts if option[:2] == "--"}


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_every_command_that_docs_mention_exists(page: Path) -> None:
    """A reader who types what stands there gets an answer, not a usage error."""
    mentioned = set(re.findall(r"\bdream-api ([a-z]+)\b", _code_in(page.read_text())))

    assert set() == mentioned - {name.split()[0] for name in _commands()}


def _code_in(text: str) -> str:
    """Give what stands in backticks and code blocks; prose may say `dream-api` as it likes."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


def _commands() -> Iterator[str]:
    """Yield each command as it is typed, `stripe setup` for one inside a group."""
    root = typer.main.get_command(commands)
    for name, command in getattr(root, "commands", {}).items():
        inner = getattr(command, "commands", None)
        yield from [f"{name} {child}" for child in inner] if inner else [name]


def test_every_target_of_make_is_in_its_help() -> None:
    """`make help` is the list of what one may type, so nothing hides from it."""
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)

    assert phony is not None
    assert set(phony[1].split()) == set(re.findall(r"^([a-z]+):.*## ", text, re.MULTILINE))


def test_the_decisions_are_numbered_without_a_gap() -> None:
    """A record is superseded by a later one, never removed."""
    numbers = [int(path.name.split("-")[0]) for path in DECISIONS]

    assert list(range(1, len(DECISIONS) + 1)) == numbers


@pytest.mark.parametrize("record", DECISIONS, ids=lambda record: record.stem)
def test_a_decision_is_one_page_with_reasons_and_alternatives(record: Path) -> None:
    """Longer records are not read; records without alternatives decided nothing."""
    text = record.read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)

    assert text.count("\n") <= DECISION_LINES_MAX
    assert ["Context", "Decision", "Consequences", "Alternatives"] == headings
    assert re.search(r"^Status: \w+", text, re.MULTILINE)
    assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE)
