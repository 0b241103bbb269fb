"""The API on one page, written from its own description; ``make openapi`` renews docs/api.md."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dream_api.app import describe

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
INTRODUCTION = """\
# The API

One line for each route.
The running product shows examples and every error at `/docs`, and everything at `/openapi.json`.
This page is written by `make openapi`, and a test compares it with the routes.

| Caller | Sends |
|---|---|
| sk | `Authorization: Bearer sk_…` |
| pk | `X-Publishable-Key: pk_…` |
| user | pk and `Authorization: Bearer <end user's token>` |
| dev | the console's session cookie, or `Authorization: Bearer <developer's token>` |

Every route may also answer a [problem](errors).
*Refusals* leaves out the statuses that nearly all of them may answer.
"""
EVERYWHERE = {"400", "408", "413", "415", "422", "500", "503"}
"""Statuses that nearly every route may answer; they tell nothing about one."""


def reference() -> str:
    """Write the page: a section for each tag, in the order of the routes."""
    sections: dict[str, list[str]] = {}
    for tag, line in _lines(describe()):
        sections.setdefault(tag, []).append(line)
    parts = [INTRODUCTION]
    for tag, lines in sections.items():
        table = ["| Route | Callers | Answers | Refusals | |", "|---|---|---|---|---|", *lines]
        parts.append("\n".join([f"## {tag}", "", *table, ""]))
    return "\n".join(parts)


def _lines(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            statuses = list(operation["responses"])
            answers = ", ".join(status for status in statuses if status < "400")
            refusals = ", ".join(
                status for status in statuses if status >= "400" and status not in EVERYWHERE
            )
            callers = ", ".join(operation["x-callers"]) or "anybody"
            summary = operation["description"].split("\n\n")[0].replace("\n", " ").strip()
            cells = (f"`{method.upper()} {path}`", callers, answers, refusals or "none", summary)
            yield operation["tags"][0], f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(reference())
