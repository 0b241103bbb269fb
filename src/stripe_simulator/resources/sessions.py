"""Checkout Sessions in subscription mode (https://docs.stripe.com/api/checkout/sessions)."""

from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from stripe_simulator.billing.checkout import expire as expire_session
from stripe_simulator.billing.discounts import Offer, offer_of, reduction
from stripe_simulator.billing.lines import money_text, round_half_up
from stripe_simulator.billing.subscriptions import (
    ITEMS_MAX,
    Item,
    billed_together,
    check_currency,
    price_for_sale,
)
from stripe_simulator.billing.tax import check_tax
from stripe_simulator.clock import SECONDS_PER_DAY, SECONDS_PER_MINUTE
from stripe_simulator.errors import StripeError, not_implemented
from stripe_simulator.identifiers import new_id
from stripe_simulator.resources.accounts import find_account
from stripe_simulator.resources.call import Call, merged_metadata
from stripe_simulator.resources.customers import check_email, get_customer
from stripe_simulator.shapes import Body, shape
from stripe_simulator.wire.listing import listed, slice_of

EXPIRY_SECONDS_MIN = 30 * SECONDS_PER_MINUTE
EXPIRY_SECONDS_MAX = SECONDS_PER_DAY
TRIAL_DAYS_MAX = 730
AMOUNT_MIN = 50
URL_CHARACTERS_MAX = 5000
_REFERENCE_CHARACTERS_MAX = 200

CREATE_HONOURS = (
    "allow_promotion_codes automatic_tax.enabled cancel_url client_reference_id customer "
    "customer_email customer_update.address customer_update.name discounts.coupon "
    "discounts.promotion_code expires_at line_items.price line_items.quantity locale "
    "metadata mode payment_method_collection payment_method_types subscription_data.description "
    "subscription_data.metadata subscription_data.trial_end subscription_data.trial_period_days "
    "success_url ui_mode"
)
LIST_HONOURS = "created customer customer_details.email status subscription"

# What the simulator does in one way only; asking for another is refused, not ignored.
_ONLY: dict[str, Any] = {
    "mode": "subscription",
    "payment_method_collection": "always",
    "payment_method_types": ["card"],
    "ui_mode": "hosted",
}
_EXCLUSIVE = [("customer", "customer_email"), ("allow_promotion_codes", "discounts")]


def create(call: Call) -> Body:
    """Create a session with a page on which a person can pay.

    Raises:
        StripeError: Stripe would refuse it, or the simulator cannot do it.
    """
    _check(call)
    items = _items(call)
    offers = _offers(call)
    currency = items[0].price["currency"]
    lines = [_line(call, item) for item in items]
    trial = call.parameters.get("subscription_data", {})
    is_trial = "trial_period_days" in trial or "trial_end" in trial
    body = _blank(call, currency)
    coupons = [call.books.get("coupon", offer.coupon).body for offer in offers]
    _total(body, lines, coupons, is_trial=is_trial)
    body["discounts"] = [offer.body() for offer in offers]
    record = call.books.add(
        body,
        hidden={
            "items": [{"price": item.price["id"], "quantity": item.quantity} for item in items],
            "line_items": lines,
            "offers": [offer.body() for offer in offers],
            "keeps_address": call.parameters.get("customer_update", {}).get("address") == "auto",
            "metadata": merged_metadata({}, trial.get("metadata")),
            "description": trial.get("description"),
            "trial_end": trial.get("trial_end"),
            "trial_period_days": trial.get("trial_period_days"),
        },
        due_at=body["expires_at"],
    )
    return record.body


def retrieve(call: Call) -> Body:
    """One session."""
    return call.books.get("checkout.session", call.id).body


def expire(call: Call) -> Body:
    """Close an open session.

    Raises:
        StripeError: It is complete or has expired.
    """
    record = call.books.get("checkout.session", call.id)
    if record.body["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f'Session has a status of "{record.body["status"]}".'
        )
    expire_session(call.books, record)
    return record.body


def list_all(call: Call) -> Body:
    """Sessions, newest first."""
    parameters = call.parameters
    matching = {
        "customer": parameters.get("customer"),
        "customer_details.email": parameters.get("customer_details", {}).get("email"),
        "status": parameters.get("status"),
        "subscription": parameters.get("subscription"),
    }
    return listed(
        call.books, "checkout.session", "/v1/checkout/sessions", parameters, matching=matching
    )


def list_line_items(call: Call) -> Body:
    """What a session sells."""
    record = call.books.get("checkout.session", call.id)
    url = f"/v1/checkout/sessions/{record.id}/line_items"
    return slice_of(url, record.hidden["line_items"], call.parameters)


def check_url(url: str, param: str) -> None:
    """Refuse what a browser cannot be sent to.

    Raises:
        StripeError: It is not an absolute http or https URL.
    """
    parts = urlsplit(url)
    if len(url) > URL_CHARACTERS_MAX or parts.scheme not in ("http", "https") or not parts.netloc:
        raise StripeError("Not a valid URL", code="url_invalid", param=param)


def _check(call: Call) -> None:
    parameters = call.parameters
    for name in ("mode", "line_items", "success_url"):
        call.require(name)
    for name, only in _ONLY.items():
        if name in parameters and parameters[name] != only:
            raise not_implemented(f"{name} other than {only}", param=name)
    for one, other in _EXCLUSIVE:
        if one in parameters and other in parameters:
            raise StripeError(
                f"You may only specify one of these parameters: {one}, {other}.", param=other
            )
    for name in {"success_url", "cancel_url"} & parameters.keys():
        check_url(parameters[name], name)
    if len(parameters.get("client_reference_id", "")) > _REFERENCE_CHARACTERS_MAX:
        raise StripeError("Invalid string: too long", param="client_reference_id")
    _check_parties(call)
    _check_times(call)


def _check_parties(call: Call) -> None:
    account = find_account(call.books, call.books.account).body
    if not account["charges_enabled"]:
        raise StripeError("Your account cannot currently make live charges.")
    if not account["business_profile"]["name"]:
        raise StripeError(
            "In order to use Checkout, you must set an account or business name at "
            "https://dashboard.stripe.com/account."
        )
    customer = None
    if "customer" in call.parameters:
        customer = get_customer(call.books, call.parameters["customer"], param="customer").body
    elif "customer_update" in call.parameters:
        raise StripeError(
            "`customer_update` can only be used with `customer`.", param="customer_update"
        )
    check_email(call.parameters.get("customer_email"), "customer_email")
    if call.parameters.get("automatic_tax", {}).get("enabled"):
        keeps_address = call.parameters.get("customer_update", {}).get("address") == "auto"
        check_tax(call.books, customer, keeps_address=keeps_address)


def _check_times(call: Call) -> None:
    now = call.books.now
    expires_at = call.parameters.get("expires_at")
    if expires_at is not None and not (
        now + EXPIRY_SECONDS_MIN <= expires_at <= now + EXPIRY_SECONDS_MAX
    ):
        raise StripeError(
            "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from "
            "Checkout Session creation.",
            param="expires_at",
        )
    trial = call.parameters.get("subscription_data", {})
    if "trial_end" in trial and "trial_period_days" in trial:
        raise StripeError(
            "You may only specify one of these parameters: trial_end, trial_period_days.",
            param="subscription_data",
        )
    if not 1 <= trial.get("trial_period_days", 1) <= TRIAL_DAYS_MAX:
        raise StripeError(
            f"The trial must have 1 to {TRIAL_DAYS_MAX} days.",
            param="subscription_data[trial_period_days]",
        )
    if trial.get("trial_end", now + 2 * SECONDS_PER_DAY) < now + 2 * SECONDS_PER_DAY:
        raise StripeError(
            "The `trial_end` date has to be at least 2 days in the future.",
            param="subscription_data[trial_end]",
        )


def _items(call: Call) -> list[Item]:
    given = call.parameters["line_items"]
    if not 1 <= len(given) <= ITEMS_MAX:
        raise StripeError(f"A session has 1 to {ITEMS_MAX} line items.", param="line_items")
    items = []
    for index, item in enumerate(given):
        if "price" not in item:
            raise StripeError(
                "You must specify `price` for each line item.", param=f"line_items[{index}]"
            )
        if item.get("quantity", 1) < 1:
            raise StripeError(
                "This value must be greater than or equal to 1.",
                code="parameter_invalid_integer",
                param=f"line_items[{index}][quantity]",
            )
        price = price_for_sale(call.books, item["price"], param=f"line_items[{index}][price]")
        items.append(Item(price, item.get("quantity", 1)))
    currency = billed_together(items)["currency"]
    if "customer" in call.parameters:
        check_currency(call.books, call.parameters["customer"], currency)
    return items


def _offers(call: Call) -> list[Offer]:
    given = call.parameters.get("discounts", [])
    if len(given) > 1:
        raise StripeError("You can apply at most one discount.", param="discounts")
    return [offer_of(call.books, discount, param="discounts[0]") for discount in given]


def _line(call: Call, item: Item) -> Body:
    product = call.books.get("product", item.price["product"]).body
    amount = round_half_up(Fraction(item.price["unit_amount_decimal"]) * item.quantity)
    return shape(
        "item",
        id=new_id("li"),
        amount_discount=0,
        amount_subtotal=amount,
        amount_tax=0,
        amount_total=amount,
        currency=item.price["currency"],
        description=product["name"],
        price=item.price,
        quantity=item.quantity,
    )


def _total(body: Body, lines: list[Body], coupons: list[Body], *, is_trial: bool) -> None:
    """Add up what is due today: nothing while a trial lasts."""
    if is_trial:
        for line in lines:
            line["amount_subtotal"] = line["amount_total"] = 0
    subtotal = sum(line["amount_subtotal"] for line in lines)
    taken = sum(reduction(coupon, subtotal, body["currency"]) for coupon in coupons)
    total = subtotal - taken
    if 0 < total < AMOUNT_MIN:
        raise StripeError(
            "The Checkout Session's total amount due must add up to at least "
            f"{money_text(AMOUNT_MIN, body['currency'])}.",
            code="amount_too_small",
        )
    body["amount_subtotal"], body["amount_total"] = subtotal, total
    body["total_details"] = {"amount_discount": taken, "amount_shipping": 0, "amount_tax": 0}


def _blank(call: Call, currency: str) -> Body:
    parameters = call.parameters
    books = call.books
    identifier = new_id("cs_test")
    body = shape(
        "checkout.session",
        id=identifier,
        adaptive_pricing={"enabled": False},
        automatic_tax=_automatic_tax(call),
        created=books.now,
        currency=currency,
        custom_fields=[],
        custom_text={
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        customer_creation=None if "customer" in parameters else "always",
        expires_at=parameters.get("expires_at", books.now + EXPIRY_SECONDS_MAX),
        livemode=False,
        metadata=merged_metadata({}, parameters.get("metadata")),
        mode="subscription",
        payment_method_collection="always",
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=["card"],
        payment_status="unpaid",
        phone_number_collection={"enabled": False},
        saved_payment_method_options={
            "allow_redisplay_filters": ["always"],
            "payment_method_remove": "disabled",
            "payment_method_save": None,
        },
        shipping_options=[],
        status="open",
        ui_mode="hosted",
        url=f"{books.origin}/c/pay/{identifier}",
    )
    email = _known_email(call)
    if email is not None:
        body["customer_details"] = _details(email)
    return body | call.given(
        "allow_promotion_codes",
        "cancel_url",
        "client_reference_id",
        "customer",
        "customer_email",
        "locale",
        "success_url",
    )


def _automatic_tax(call: Call) -> Body:
    if call.parameters.get("automatic_tax", {}).get("enabled"):
        return {
            "enabled": True,
            "liability": {"type": "self"},
            "provider": "stripe",
            "status": "requires_location_inputs",
        }
    return {"enabled": False, "liability": None, "provider": None, "status": None}


def _known_email(call: Call) -> str | None:
    email: str | None = call.parameters.get("customer_email")
    if "customer" in call.parameters:
        email = call.books.get("customer", call.parameters["customer"]).body["email"]
    return email


def _details(email: str) -> Body:
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }
