"""What Stripe's refusals mean to us: by code where it gives one, else by its words.

Source of the codes: docs.stripe.com/error-codes. Several refusals of Checkout and Billing carry
no code at all; their words are Stripe's own, as integrations have quoted them for years.
"""

import re
from typing import NamedTuple

import stripe

from dream_api.gateways.stripe.errors import (
    AddressRefused,
    AmountTooLarge,
    AmountTooSmall,
    BusinessNameMissing,
    CardDeclined,
    ChargesNotEnabled,
    CurrencyConflict,
    CurrencyRefused,
    NoPaymentMethod,
    PaymentNeedsAction,
    PriceNotOnSale,
    StripeNotFound,
    StripeRefused,
    SubscriptionLimit,
    SubscriptionManaged,
    SubscriptionOver,
    TaxNotSetUp,
)


class _Meaning(NamedTuple):
    refusal: type[StripeRefused]
    what_to_do: str


_PRICE = _Meaning(
    PriceNotOnSale,
    "The tier's price is not on sale on the connected Stripe account. Submit your tiers again "
    "with POST /platform/create-products.",
)
_CHARGES = _Meaning(
    ChargesNotEnabled,
    "Stripe does not let the connected account take payments yet. Its owner finishes what Stripe "
    "asks for at https://dashboard.stripe.com/account.",
)
_TAX = _Meaning(
    TaxNotSetUp,
    "Tax is on in the platform's settings, but Stripe Tax is not set up on the connected account. "
    "Set it up at https://dashboard.stripe.com/settings/tax, or turn automaticTax off.",
)
_CARD = _Meaning(
    CardDeclined, "Nothing was changed. The person updates the card through POST /v1/portal."
)
_APPROVAL = _Meaning(
    PaymentNeedsAction,
    "Nothing was changed. The bank wants the person to approve: they pay through POST /v1/portal.",
)
_SMALL = _Meaning(
    AmountTooSmall, "Stripe charges no amount that small. Raise the tier's price, or make it 0."
)
_LARGE = _Meaning(AmountTooLarge, "Stripe charges no amount that large. Lower the tier's price.")
_UNKNOWN_CURRENCY = _Meaning(
    CurrencyRefused,
    "Give the tier a currency that the account's country charges in: "
    "https://docs.stripe.com/currencies.",
)
_ADDRESS = _Meaning(AddressRefused, "Send a complete https address that people can open.")
_NO_CARD = _Meaning(
    NoPaymentMethod, "Nothing was changed. The person adds a card through POST /v1/portal."
)
_MANAGED = _Meaning(
    SubscriptionManaged,
    "Release the schedule in the Stripe dashboard, or change the subscription there.",
)
_OVER = _Meaning(SubscriptionOver, "Nothing was changed. Start a new one with POST /v1/checkout.")
_MANY = _Meaning(
    SubscriptionLimit, "End some of the customer's subscriptions in the Stripe dashboard first."
)
_CURRENCY = _Meaning(
    CurrencyConflict,
    "Stripe bills a customer in one currency at a time. Let the running subscription end first.",
)
_NAME = _Meaning(
    BusinessNameMissing,
    "Checkout shows the name of the business, and the connected account has none. Its owner sets "
    "it at https://dashboard.stripe.com/account.",
)
_GONE = (
    "It was deleted in the Stripe dashboard, or it is on another account than the connected one."
)
_ELSE = "Nothing was changed. Correct that at Stripe or in the request, then send it again."

_BY_CODE = {
    "account_closed": _CHARGES,
    "amount_too_large": _LARGE,
    "amount_too_small": _SMALL,
    "authentication_required": _APPROVAL,
    "country_unsupported": _UNKNOWN_CURRENCY,
    "customer_max_subscriptions": _MANY,
    "customer_tax_location_invalid": _TAX,
    "invoice_no_payment_method_types": _NO_CARD,
    "invoice_payment_intent_requires_action": _APPROVAL,
    "invoice_upcoming_none": _OVER,
    "payment_intent_action_required": _APPROVAL,
    "payment_intent_authentication_failure": _APPROVAL,
    "payment_intent_payment_attempt_failed": _CARD,
    "payment_method_customer_decline": _CARD,
    "payment_method_provider_decline": _CARD,
    "product_inactive": _PRICE,
    "stripe_tax_inactive": _TAX,
    "subscription_payment_intent_requires_action": _APPROVAL,
    "testmode_charges_only": _CHARGES,
    "url_invalid": _ADDRESS,
}
_BY_WORDS = (
    (re.compile(r"set an account or business name"), _NAME),
    (re.compile(r"cannot currently make (live )?charges"), _CHARGES),
    (re.compile(r"price specified is inactive|product is not active|marked as inactive"), _PRICE),
    (re.compile(r"cannot combine currencies"), _CURRENCY),
    (re.compile(r"Invalid currency"), _UNKNOWN_CURRENCY),
    (re.compile(r"Not a valid URL"), _ADDRESS),
    (re.compile(r"no attached payment source"), _NO_CARD),
    (re.compile(r"managed by the subscription schedule"), _MANAGED),
    (re.compile(r"canceled subscription can only update"), _OVER),
    (re.compile(r"enable automatic tax calculation|[Aa]utomatic tax"), _TAX),
)


def refusal_of(error: stripe.StripeError) -> StripeRefused:
    """Give the refusal of ours that an error of Stripe's means."""
    code, param, words = code_of(error), getattr(error, "param", None), error.user_message or ""
    meaning = _meaning(error, code, param, words)
    if meaning is None:
        refused, what_to_do = (
            (StripeNotFound, _GONE) if is_missing(error) else (StripeRefused, _ELSE)
        )
        return refused(f"{_quoted(words)} {what_to_do}", stripe_code=code, stripe_param=param)
    return meaning.refusal(
        f"{_quoted(words)} {meaning.what_to_do}", stripe_code=code, stripe_param=param
    )


def is_missing(error: stripe.StripeError) -> bool:
    """Tell whether Stripe has no such object on that account."""
    return isinstance(error, stripe.InvalidRequestError) and (
        error.http_status == 404 or error.code == "resource_missing"  # noqa: PLR2004 - Not Found
    )


def code_of(error: stripe.StripeError) -> str | None:
    """Give Stripe's code; the SDK leaves it out of some classes, but keeps the body."""
    if error.code is not None:
        return error.code
    return error.error.code if error.error is not None else None


def _meaning(
    error: stripe.StripeError, code: str | None, param: str | None, words: str
) -> _Meaning | None:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if isinstance(error, stripe.CardError):
        return _CARD
    if is_missing(error) and "[price]" in (param or ""):
        # A price inside what is sold; a price that was looked up by itself is just missing.
        return _PRICE
    # Stripe calls a missing card "resource_missing" too, so that words are asked in any case.
    return next((meaning for pattern, meaning in _BY_WORDS if pattern.search(words)), None)


def _quoted(words: str) -> str:
    return f"Stripe says: {words or 'no reason given.'}"
