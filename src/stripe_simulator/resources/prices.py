"""Prices (https://docs.stripe.com/api/prices). An amount never changes: make a new price."""

import re
from decimal import Decimal

from stripe_simulator.books import Books
from stripe_simulator.errors import StripeError, not_implemented
from stripe_simulator.identifiers import new_id
from stripe_simulator.resources import products
from stripe_simulator.resources.call import Call, merged_metadata
from stripe_simulator.shapes import Body, shape
from stripe_simulator.store import Record
from stripe_simulator.wire.listing import listed

UNIT_AMOUNT_MAX = 99_999_999
LOOKUP_KEY_CHARACTERS_MAX = 200
LOOKUP_KEYS_MAX = 10
# A price repeats at most every three years.
_INTERVAL_COUNT_MAX = {"day": 1095, "week": 156, "month": 36, "year": 3}
_CURRENCY = re.compile(r"^[a-z]{3}$")

CREATE_HONOURS = (
    "active billing_scheme currency lookup_key metadata nickname product product_data.name "
    "product_data.id product_data.active product_data.metadata product_data.unit_label "
    "product_data.statement_descriptor product_data.tax_code recurring.interval "
    "recurring.interval_count recurring.usage_type recurring.trial_period_days tax_behavior "
    "transfer_lookup_key unit_amount unit_amount_decimal"
)
UPDATE_HONOURS = "active lookup_key metadata nickname tax_behavior transfer_lookup_key"
LIST_HONOURS = (
    "active created currency lookup_keys product type recurring.interval recurring.usage_type"
)


def discard(books: Books, record: Record) -> None:
    """Delete a price that was never used, as only Stripe's dashboard can.

    Raises:
        StripeError: A subscription has it; archive it instead.
    """
    if books.all("subscription", **{"items.data[0].price.id": record.id}):
        raise StripeError("This price has been used, so it cannot be deleted. Archive it instead.")
    books.store.delete(record)
    books.emit("price.deleted", record.body)


def create(call: Call) -> Body:
    """Create a price for a product, or together with one."""
    amount, amount_decimal = _amounts(call)
    recurring = _recurring(call)
    body = shape(
        "price",
        id=new_id("price"),
        active=True,
        billing_scheme="per_unit",
        created=call.books.now,
        currency=_currency(call.parameters["currency"]),
        livemode=False,
        metadata=merged_metadata({}, call.parameters.get("metadata")),
        product=_product(call),
        recurring=recurring,
        tax_behavior="unspecified",
        type="recurring" if recurring else "one_time",
        unit_amount=amount,
        unit_amount_decimal=amount_decimal,
    )
    if call.parameters.get("billing_scheme") == "tiered":
        raise not_implemented("tiered prices", param="billing_scheme")
    body |= call.given("active", "nickname", "tax_behavior")
    body["lookup_key"] = _claim_lookup_key(call, holder=None)
    return call.books.add(body, event="price.created").body


def retrieve(call: Call) -> Body:
    """One price."""
    return call.books.get("price", call.id).body


def update(call: Call) -> Body:
    """Change what may change about a price; the same call archives it."""
    record = call.books.get("price", call.id)
    if "lookup_key" in call.parameters:
        record.body["lookup_key"] = _claim_lookup_key(call, holder=record)
    record.body |= call.given("active", "nickname", "tax_behavior")
    record.body["metadata"] = merged_metadata(
        record.body["metadata"], call.parameters.get("metadata")
    )
    call.books.save(record, event="price.updated")
    return record.body


def list_all(call: Call) -> Body:
    """Prices, newest first."""
    parameters = call.parameters
    recurring = parameters.get("recurring", {})
    lookup_keys = parameters.get("lookup_keys")
    if lookup_keys and len(lookup_keys) > LOOKUP_KEYS_MAX:
        raise StripeError(
            f"You can pass at most {LOOKUP_KEYS_MAX} lookup keys.", param="lookup_keys"
        )
    matching = {
        "active": parameters.get("active"),
        "currency": parameters.get("currency"),
        "lookup_key": lookup_keys,
        "product": parameters.get("product"),
        "type": parameters.get("type"),
        "recurring.interval": recurring.get("interval"),
        "recurring.usage_type": recurring.get("usage_type"),
    }
    return listed(call.books, "price", "/v1/prices", parameters, matching=matching)


def _amounts(call: Call) -> tuple[int | None, str]:
    """The amount in whole minor units, and as a decimal text; exactly one may be given."""
    given = [name for name in ("unit_amount", "unit_amount_decimal") if name in call.parameters]
    if len(given) != 1:
        raise StripeError(
            "You must specify exactly one of `unit_amount` or `unit_amount_decimal`.",
            param="unit_amount",
        )
    try:
        exact = Decimal(str(call.parameters[given[0]]))
    except ArithmeticError as error:
        raise StripeError("Invalid decimal", param=given[0]) from error
    if exact < 0:
        raise StripeError(
            "Invalid non-negative integer", code="parameter_invalid_integer", param=given[0]
        )
    if exact > UNIT_AMOUNT_MAX:
        raise StripeError(
            "Invalid integer: the amount must be no more than $999,999.99",
            code="amount_too_large",
            param=given[0],
        )
    is_whole = exact == exact.to_integral_value()
    return (int(exact) if is_whole else None), format(exact.normalize(), "f")


def _recurring(call: Call) -> Body | None:
    given = call.parameters.get("recurring")
    if given is None:
        return None
    if given.get("usage_type") == "metered":
        raise not_implemented("metered prices", param="recurring[usage_type]")
    count = given.get("interval_count", 1)
    most = _INTERVAL_COUNT_MAX[given["interval"]]
    if not 1 <= count <= most:
        raise StripeError(
            f"Invalid interval_count: must be between 1 and {most} for {given['interval']}",
            param="recurring[interval_count]",
        )
    return {
        "interval": given["interval"],
        "interval_count": count,
        "meter": None,
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": "licensed",
    }


def _currency(given: str) -> str:
    if not _CURRENCY.match(given.lower()):
        raise StripeError(f"Invalid currency: {given}.", param="currency")
    return given.lower()


def _product(call: Call) -> str:
    parameters = call.parameters
    if ("product" in parameters) == ("product_data" in parameters):
        raise StripeError(
            "You must specify either `product` or `product_data` when creating a price.",
            code="parameter_missing",
            param="product",
        )
    if "product_data" in parameters:
        return str(products.create(Call(call.books, parameters["product_data"]))["id"])
    return call.books.get("product", parameters["product"], param="product").id


def _claim_lookup_key(call: Call, *, holder: Record | None) -> str | None:
    """A lookup key belongs to one price; ``transfer_lookup_key`` takes it from another."""
    key: str | None = call.parameters.get("lookup_key") or None
    if key is None:
        return None
    if len(key) > LOOKUP_KEY_CHARACTERS_MAX:
        raise StripeError("Invalid lookup_key: too long", param="lookup_key")
    for other in call.books.all("price", lookup_key=key):
        if holder is not None and other.id == holder.id:
            continue
        if not call.parameters.get("transfer_lookup_key"):
            raise StripeError(
                f"A price (`{other.id}`) already uses that lookup key.", param="lookup_key"
            )
        other.body["lookup_key"] = None
        call.books.save(other, event="price.updated")
    return key
