"""``expand[]``: put whole objects where ids stand (https://docs.stripe.com/api/expanding_objects)."""

from copy import deepcopy
from typing import Any

from stripe_simulator.books import Books
from stripe_simulator.errors import StripeError
from stripe_simulator.shapes import Body
from stripe_simulator.wire.listing import LIMIT_DEFAULT, list_object

DEPTH_MAX = 4
PATHS_MAX = 20

# The field, wherever it stands, and the kind of object that its id names.
_KINDS = {
    "charge": "charge",
    "configuration": "billing_portal.configuration",
    "coupon": "coupon",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "discounts": "discount",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "price": "price",
    "product": "product",
    "subscription": "subscription",
}


def expanded(books: Books, body: Body, paths: list[str]) -> Body:
    """Answer a copy of *body* with every path expanded.

    Raises:
        StripeError: A path is too deep, or names something that cannot be expanded.
    """
    if len(paths) > PATHS_MAX:
        raise StripeError(f"You can expand at most {PATHS_MAX} properties.", param="expand")
    answer = deepcopy(body)
    for path in paths:
        steps = path.split(".")
        # Each step counts, "data" of a list too.
        if len(steps) > DEPTH_MAX:
            raise StripeError(
                f"You cannot expand more than {DEPTH_MAX} levels of a property. Property: {path}",
                param="expand",
            )
        _expand(books, answer, steps, path)
    return answer


def _expand(books: Books, place: Any, steps: list[str], path: str) -> None:
    if isinstance(place, list):
        for item in place:
            _expand(books, item, steps, path)
        return
    if not isinstance(place, dict) or not steps:
        return
    step, *rest = steps
    if step not in place:
        _include(books, place, step, path)
    if not rest and step not in _KINDS and not _is_included(place, step):
        raise _not_expandable(path)
    place[step] = _resolved(books, place[step], step)
    _expand(books, place[step], rest, path)


def _resolved(books: Books, value: Any, step: str) -> Any:
    if isinstance(value, list):
        return [_resolved(books, item, step) for item in value]
    if not isinstance(value, str) or step not in _KINDS:
        return value
    found = books.find(_KINDS[step], value)
    return found.body if found else value


def _is_included(place: Body, step: str) -> bool:
    return place.get("object") == "checkout.session" and step == "line_items"


def _include(books: Books, place: Body, step: str, path: str) -> None:
    """Add what Stripe leaves out unless it is asked for."""
    if not _is_included(place, step):
        raise _not_expandable(path)
    items = books.get("checkout.session", place["id"]).hidden["line_items"]
    place[step] = list_object(
        f"/v1/checkout/sessions/{place['id']}/line_items",
        items[:LIMIT_DEFAULT],
        has_more=len(items) > LIMIT_DEFAULT,
    )


def _not_expandable(path: str) -> StripeError:
    return StripeError(f"This property cannot be expanded ({path}).", param="expand")
