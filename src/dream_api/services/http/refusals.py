"""What a route may refuse, for its description: ``responses=refusals(TierInUse, NotFound)``."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from dream_api.kit.errors import DreamError

MEDIA_TYPE = "application/problem+json"
PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
EXAMPLE_REQUEST_ID = "req_6f2b1f0c9a7d4e8b3c5d1e2f"


def refusals(*errors: type[DreamError]) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for FastAPI's ``responses``, one example for each code."""
    by_status: defaultdict[int, list[type[DreamError]]] = defaultdict(list)
    for error in errors:
        by_status[error.status].append(error)
    return {status: _response(found) for status, found in sorted(by_status.items())}


def example_problem(error: type[DreamError], public_url: str = "") -> dict[str, Any]:
    """Build the problem that stands for a refusal in descriptions."""
    summary = (error.__doc__ or error.title).strip().split("\n\n")[0].replace("\n    ", " ")
    problem: dict[str, Any] = {
        "type": f"{public_url}/errors/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": summary,
        "code": error.code,
        "requestId": EXAMPLE_REQUEST_ID,
    }
    if error.status == 422:  # noqa: PLR2004 - the status of validation.
        problem["errors"] = [{"param": "name", "detail": "says what is wrong with this field"}]
    return problem


def all_refusals() -> dict[str, type[DreamError]]:
    """Find every refusal that is loaded, by its code; the first class of a code explains it."""
    found: dict[str, type[DreamError]] = {}
    for error in _subclasses(DreamError):
        if isinstance(getattr(error, "code", None), str):
            found.setdefault(error.code, error)
    return dict(sorted(found.items()))


def _response(errors: list[type[DreamError]]) -> dict[str, Any]:
    examples = {
        error.code: {"summary": error.title, "value": example_problem(error)} for error in errors
    }
    return {
        "description": " · ".join(dict.fromkeys(error.title for error in errors)),
        "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA, "examples": examples}},
    }


def _subclasses(error: type[DreamError]) -> Iterable[type[DreamError]]:
    for subclass in error.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
