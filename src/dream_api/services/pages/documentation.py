"""The API for people: ``/docs``, and ``/errors/{code}``, where every problem's ``type`` leads."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from dream_api.kit.errors import NotFound
from dream_api.services.http.documentation import api_document, operations_of
from dream_api.services.http.refusals import all_refusals, example_problem
from dream_api.services.pages.brands import OURS
from dream_api.services.pages.error_pages import sections_of
from dream_api.services.pages.rendering import render

router = APIRouter(include_in_schema=False)

TAGS = (
    "API",
    "End users' sign-in",
    "Platform",
    "Dashboard",
    "Connect Stripe",
    "Webhooks",
    "Realms",
)
"""In the order in which a developer needs them."""

_NO_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as the page shows it. Examples are JSON, ready to be read."""

    method: str
    path: str
    anchor: str
    paragraphs: tuple[str, ...]
    callers: tuple[str, ...]
    request: str | None
    answers: tuple[tuple[str, str], ...]
    codes: tuple[str, ...]


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Show every route, with examples and errors."""
    document = api_document(request)
    by_tag: dict[str, list[Operation]] = {tag: [] for tag in TAGS}
    for path, method, operation in operations_of(document):
        by_tag.setdefault(operation["tags"][0], []).append(_operation(path, method, operation))
    sections = [(tag, _anchor(tag), found) for tag, found in by_tag.items() if found]
    return render(
        request,
        "docs/reference.html",
        brand=OURS,
        sections=sections,
        errors=all_refusals(),
        url=document["servers"][0]["url"],
    )


@router.get("/errors/{code}")
async def explain_error(request: Request, code: str) -> Response:
    """Explain one error code."""
    error = all_refusals().get(code)
    if error is None:
        raise NotFound("No error has this code. /docs lists them all.")
    return render(
        request,
        "docs/error.html",
        brand=OURS,
        error=error,
        sections=sections_of(code),
        example=_shown(example_problem(error)),
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Operation(
        method=method.upper(),
        path=path,
        anchor=_anchor(f"{method} {path}"),
        paragraphs=tuple(operation["description"].split("\n\n")[:-1]),
        callers=tuple(operation["x-callers"]),
        request=_shown(content["example"]) if "example" in content else None,
        answers=tuple(_answers(operation)),
        codes=tuple(_codes(operation)),
    )


def _answers(operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json", {})
        if "example" in content:
            yield status, _shown(content["example"])


def _codes(operation: dict[str, Any]) -> Iterator[str]:
    for response in operation["responses"].values():
        yield from (
            response.get("content", {}).get("application/problem+json", {}).get("examples", {})
        )


def _anchor(text: str) -> str:
    return _NO_LETTERS.sub("-", text.lower()).strip("-")


def _shown(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
