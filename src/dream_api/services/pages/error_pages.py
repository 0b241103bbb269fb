"""The page of each error: ``docs/errors/<code>.md``, which travels with the package.

The pages keep to headings, paragraphs and `` `code` ``, so a few lines draw them.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from markupsafe import Markup, escape

_CHECKOUT = Path(__file__).parents[4] / "docs" / "errors"
"""Where the pages are when the package runs from its sources."""

_CODE = re.compile(r"`([^`]+)`")
_PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    paragraphs: tuple[Markup, ...]


@cache
def sections_of(code: str) -> tuple[Section, ...]:
    """Read what happened, why, and what to do; empty where no page has been written.

    *code* is one of ours: it is looked up in a list of codes before it becomes part of a path.
    """
    page = _folder() / f"{code}.md"
    if not page.is_file():
        return ()
    parts = page.read_text(encoding="utf-8").split("\n## ")[1:]
    return tuple(_section(part) for part in parts)


def _folder() -> Traversable:
    packaged = resources.files(__package__) / "error_texts"
    return packaged if packaged.is_dir() else _CHECKOUT


def _section(text: str) -> Section:
    heading, _, body = text.partition("\n")
    paragraphs = [one for one in _PARAGRAPHS.split(body.strip()) if one]
    return Section(heading, tuple(_paragraph(one) for one in paragraphs))


def _paragraph(text: str) -> Markup:
    shown = _CODE.sub(r"<code>\1</code>", str(escape(text)))
    return Markup(shown)  # noqa: S704 - escaped above, with tags of our own.
