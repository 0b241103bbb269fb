"""The texts behind ``/errors/{code}``: the very pages of ``docs/errors``."""

from pathlib import Path

import pytest

from dream_api.services.pages.error_pages import sections_of

PAGES = sorted((Path(__file__).parents[3] / "docs" / "errors").glob("*.md"))
HEADINGS = ["What happened", "Why", "What to do"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_is_served_whole(page: Path) -> None:
    """Three headings, each with a text; no mark of the source is left over."""
    sections = sections_of(page.stem)
    text = " ".join(paragraph for section in sections for paragraph in section.paragraphs)

    assert HEADINGS == [section.heading for section in sections]
    assert all(section.paragraphs for section in sections)
    assert not {"`", "##", "]("} & {mark for mark in ("`", "##", "](") if mark in text}


def test_a_code_without_a_page_has_no_sections() -> None:
    """It is shown by its title and example alone."""
    assert () == sections_of("nobody_wrote_this")
