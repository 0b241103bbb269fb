"""Promotion codes: what people type in to get a coupon.

https://docs.stripe.com/api/promotion_codes
"""

import re

from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_code, new_id
from stripe_simulator.resources.call import Call, merged_metadata
from stripe_simulator.resources.customers import get_customer
from stripe_simulator.shapes import Body, shape
from stripe_simulator.wire.listing import listed

CREATE_HONOURS = (
    "active code customer expires_at max_redemptions metadata promotion.coupon promotion.type "
    "restrictions.first_time_transaction restrictions.minimum_amount "
    "restrictions.minimum_amount_currency"
)
UPDATE_HONOURS = "active metadata"
LIST_HONOURS = "active code coupon created customer"
_CODE = re.compile(r"^[A-Za-z0-9_-]{1,500}$")


def create(call: Call) -> Body:
    """Create a code for a coupon.

    Raises:
        StripeError: There is no such coupon, or another active code of these letters.
    """
    parameters = call.parameters
    code = parameters.get("code") or new_code().upper()
    if not _CODE.match(code):
        raise StripeError("Codes have letters and digits only.", param="code")
    taken = (one.body["code"].lower() for one in call.books.all("promotion_code", active=True))
    if code.lower() in taken:
        raise StripeError(
            f"An active promotion code with `code: {code}` already exists.", param="code"
        )
    coupon = call.books.get(
        "coupon", parameters["promotion"].get("coupon", ""), param="promotion[coupon]"
    )
    if "customer" in parameters:
        get_customer(call.books, parameters["customer"], param="customer")
    restrictions = parameters.get("restrictions", {})
    body = shape(
        "promotion_code",
        id=new_id("promo"),
        active=True,
        code=code,
        created=call.books.now,
        livemode=False,
        metadata=merged_metadata({}, parameters.get("metadata")),
        promotion={"coupon": coupon.id, "type": "coupon"},
        restrictions={
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": restrictions.get("minimum_amount"),
            "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
        },
        times_redeemed=0,
    )
    body |= call.given("active", "customer", "expires_at", "max_redemptions")
    return call.books.add(body, event="promotion_code.created").body


def retrieve(call: Call) -> Body:
    """One code."""
    return call.books.get("promotion_code", call.id).body


def update(call: Call) -> Body:
    """Switch a code on or off, or note something on it."""
    record = call.books.get("promotion_code", call.id)
    record.body |= call.given("active")
    record.body["metadata"] = merged_metadata(
        record.body["metadata"], call.parameters.get("metadata")
    )
    call.books.save(record, event="promotion_code.updated")
    return record.body


def list_all(call: Call) -> Body:
    """Codes, newest first."""
    parameters = call.parameters
    matching = {
        "active": parameters.get("active"),
        "code": parameters.get("code"),
        "customer": parameters.get("customer"),
        "promotion.coupon": parameters.get("coupon"),
    }
    return listed(
        call.books, "promotion_code", "/v1/promotion_codes", parameters, matching=matching
    )
