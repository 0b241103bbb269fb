"""Stripe's lists: newest first, in pages (https://docs.stripe.com/api/pagination)."""

from typing import Any

from stripe_simulator.books import Books
from stripe_simulator.errors import StripeError, missing
from stripe_simulator.shapes import Body
from stripe_simulator.store import Page
from stripe_simulator.wire.parameters import Parameters

LIMIT_DEFAULT = 10
LIMIT_MAX = 100
# A range such as created[gte] in whole seconds, as inclusive bounds.
_RANGE_SHIFTS = {"gt": 1, "gte": 0, "lt": -1, "lte": 0}


def list_object(url: str, data: list[Body], *, has_more: bool = False) -> Body:
    """Wrap *data* as Stripe's list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def listed(
    books: Books,
    kind: str,
    url: str,
    parameters: Parameters,
    *,
    matching: dict[str, Any] | None = None,
) -> Body:
    """One page of the account's objects of *kind* as a list object.

    Raises:
        StripeError: The limit is out of range, or a cursor names nothing.
    """
    page = _page(parameters, matching or {})
    for param in ("starting_after", "ending_before"):
        cursor = parameters.get(param)
        if cursor is not None and books.find(kind, cursor) is None:
            raise missing(kind, cursor, param=param)
    records, has_more = books.store.page(books.account, kind, page)
    return list_object(url, [record.body for record in records], has_more=has_more)


def slice_of(url: str, items: list[Body], parameters: Parameters) -> Body:
    """One page of *items*, in the order that they have.

    Raises:
        StripeError: The limit is out of range, or a cursor names nothing.
    """
    limit = _limit(parameters)
    start, end = 0, len(items)
    if "starting_after" in parameters:
        start = _place_of(items, parameters["starting_after"], "starting_after") + 1
    elif "ending_before" in parameters:
        end = _place_of(items, parameters["ending_before"], "ending_before")
        return list_object(url, items[max(0, end - limit) : end], has_more=end > limit)
    return list_object(url, items[start : start + limit], has_more=end > start + limit)


def _place_of(items: list[Body], identifier: str, param: str) -> int:
    for place, item in enumerate(items):
        if item["id"] == identifier:
            return place
    raise missing(items[0]["object"] if items else "object", identifier, param=param)


def _page(parameters: Parameters, matching: dict[str, Any]) -> Page:
    at_least: dict[str, int] = {}
    at_most: dict[str, int] = {}
    created = parameters.get("created")
    if isinstance(created, int):
        matching = matching | {"created": created}
    for bound, shift in _RANGE_SHIFTS.items():
        if isinstance(created, dict) and bound in created:
            target = at_least if bound.startswith("gt") else at_most
            target["created"] = created[bound] + shift
    return Page(
        limit=_limit(parameters),
        starting_after=parameters.get("starting_after"),
        ending_before=parameters.get("ending_before"),
        matching={path: wanted for path, wanted in matching.items() if wanted is not None},
        at_least=at_least,
        at_most=at_most,
    )


def _limit(parameters: Parameters) -> int:
    limit = int(parameters.get("limit", LIMIT_DEFAULT))
    if not 1 <= limit <= LIMIT_MAX:
        too = "greater than or equal to 1" if limit < 1 else f"less than or equal to {LIMIT_MAX}"
        raise StripeError(
            f"This value must be {too}.",
            code="parameter_invalid_integer",
            param="limit",
        )
    return limit
