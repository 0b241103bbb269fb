"""Coupons (https://docs.stripe.com/api/coupons), as far as discounts need them."""

from stripe_simulator.errors import StripeError, parameter_missing
from stripe_simulator.identifiers import new_code
from stripe_simulator.resources.call import Call, deleted, merged_metadata
from stripe_simulator.shapes import Body, shape
from stripe_simulator.wire.listing import listed

CREATE_HONOURS = (
    "amount_off currency duration duration_in_months id max_redemptions metadata name percent_off"
)
UPDATE_HONOURS = "metadata name"
LIST_HONOURS = "created"
PERCENT_MAX = 100


def create(call: Call) -> Body:
    """Create a coupon: an amount or a percentage off."""
    parameters = call.parameters
    _check(parameters)
    identifier = parameters.get("id") or new_code()
    if call.books.find("coupon", identifier):
        raise StripeError("Coupon already exists.", code="resource_already_exists", param="id")
    body = shape(
        "coupon",
        id=identifier,
        created=call.books.now,
        duration=parameters.get("duration", "once"),
        livemode=False,
        metadata=merged_metadata({}, parameters.get("metadata")),
        times_redeemed=0,
        valid=True,
    )
    body |= call.given(
        "amount_off", "currency", "duration_in_months", "max_redemptions", "name", "percent_off"
    )
    return call.books.add(body, event="coupon.created").body


def retrieve(call: Call) -> Body:
    """One coupon."""
    return call.books.get("coupon", call.id).body


def update(call: Call) -> Body:
    """Change a coupon's name or metadata."""
    record = call.books.get("coupon", call.id)
    record.body |= call.given("name")
    record.body["metadata"] = merged_metadata(
        record.body["metadata"], call.parameters.get("metadata")
    )
    call.books.save(record, event="coupon.updated")
    return record.body


def delete(call: Call) -> Body:
    """Delete a coupon that nobody has redeemed; discounts keep naming those that are."""
    record = call.books.get("coupon", call.id)
    if record.body["times_redeemed"]:
        record.body["valid"] = False
        call.books.save(record)
    else:
        call.books.store.delete(record)
    call.books.emit("coupon.deleted", record.body)
    return deleted("coupon", call.id)


def list_all(call: Call) -> Body:
    """Coupons, newest first."""
    return listed(call.books, "coupon", "/v1/coupons", call.parameters)


def _check(parameters: Body) -> None:
    if ("percent_off" in parameters) == ("amount_off" in parameters):
        raise StripeError(
            "Must provide exactly one of percent_off or amount_off.", param="percent_off"
        )
    percent = parameters.get("percent_off")
    if percent is not None and not 0 < percent <= PERCENT_MAX:
        raise StripeError("Invalid percent_off: must be between 0 and 100", param="percent_off")
    if "amount_off" in parameters and "currency" not in parameters:
        raise parameter_missing("currency")
    if (parameters.get("duration") == "repeating") != ("duration_in_months" in parameters):
        raise StripeError(
            "Repeating coupons, and only they, need `duration_in_months`.",
            param="duration_in_months",
        )
