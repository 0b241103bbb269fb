"""What Stripe says no to, one class each: how it says so, and what the caller does then.

Source of the codes: docs.stripe.com/error-codes. Several refusals of Checkout and Billing carry
no code at all; their words are Stripe's own, as integrations have quoted them for years. What only
a mistake of ours could cause is in no class: it stays a plain ``StripeRefused``.
"""

import re
from typing import ClassVar

import stripe

from dream_api.gateways.stripe.errors import StripeNotFound, StripeRefused


class NamedRefusal(StripeRefused):
    """A refusal that we know.

    Attributes:
        codes: Stripe's codes for it.
        words: what its message says where it comes without a code.
        advice: what to do, which follows Stripe's own words.
    """

    codes: ClassVar[frozenset[str]] = frozenset()
    words: ClassVar[re.Pattern[str] | None] = None
    advice: ClassVar[str]


class PriceNotOnSale(NamedRefusal):
    """The price is archived, or was made on another account than the connected one."""

    code = "price_not_on_sale"
    title = "The price is not on sale"
    codes = frozenset({"product_inactive"})
    words = re.compile(r"price specified is inactive|product is not active|marked as inactive")
    advice = (
        "The tier's price is not on sale on the connected Stripe account. Submit your tiers again "
        "with POST /platform/create-products."
    )


class CardDeclined(NamedRefusal):
    """The bank refused the card on file; nothing was changed."""

    code = "card_declined"
    status = 402
    title = "The card was declined"
    codes = frozenset({
        "card_decline_rate_limit_exceeded",
        "charge_exceeds_source_limit",
        "charge_exceeds_transaction_limit",
        "charge_exceeds_weekly_limit",
        "insufficient_funds",
        "payment_intent_payment_attempt_expired",
        "payment_intent_payment_attempt_failed",
        "payment_method_currency_mismatch",
        "payment_method_customer_decline",
        "payment_method_not_available",
        "payment_method_provider_decline",
        "payment_method_provider_timeout",
    })  # fmt: skip
    advice = "Nothing was changed. The person updates the card through POST /v1/portal."


class PaymentNeedsAction(NamedRefusal):
    """The bank wants the person to approve the payment, which only they can do."""

    code = "payment_action_required"
    status = 402
    title = "The payment needs approval"
    codes = frozenset({
        "authentication_required",
        "billing_invalid_mandate",
        "invoice_payment_intent_requires_action",
        "payment_intent_action_required",
        "payment_intent_authentication_failure",
        "payment_intent_mandate_invalid",
        "subscription_payment_intent_requires_action",
    })  # fmt: skip
    advice = (
        "Nothing was changed. The bank wants the person to approve: they pay through "
        "POST /v1/portal."
    )


class NoPaymentMethod(NamedRefusal):
    """The customer has no card on file that could be charged."""

    code = "no_payment_method"
    status = 402
    title = "No card is on file"
    codes = frozenset({"invoice_no_payment_method_types", "payment_method_unsupported_type"})
    words = re.compile(r"no attached payment source")
    advice = "Nothing was changed. The person adds a card through POST /v1/portal."


class ChargesNotEnabled(NamedRefusal):
    """Stripe does not let the connected account take payments, or not yet."""

    code = "charges_not_enabled"
    title = "The Stripe account cannot take payments"
    codes = frozenset({
        "account_closed",
        "payment_method_unactivated",
        "progressive_onboarding_limit_exceeded",
        "testmode_charges_only",
    })  # fmt: skip
    words = re.compile(r"cannot currently make (live )?charges")
    advice = (
        "Stripe does not let the connected account take payments yet. Its owner finishes what "
        "Stripe asks for at https://dashboard.stripe.com/account."
    )


class BusinessNameMissing(NamedRefusal):
    """Checkout shows the name of the business, and the connected account has none."""

    code = "business_name_missing"
    title = "The Stripe account has no business name"
    words = re.compile(r"set an account or business name")
    advice = (
        "Checkout shows the name of the business, and the connected account has none. Its owner "
        "sets it at https://dashboard.stripe.com/account."
    )


class TaxLocationInvalid(NamedRefusal):
    """Tax is calculated by address, and the customer's is missing or is none."""

    code = "tax_location_invalid"
    title = "Tax cannot be calculated for the address"
    codes = frozenset({"customer_tax_location_invalid", "invalid_tax_location"})
    words = re.compile(r"customer's location isn't recognized")
    advice = "Nothing was changed. The person corrects the address through POST /v1/portal."


class TaxNotSetUp(NamedRefusal):
    """Tax is switched on in the platform's settings, but the account does not calculate it."""

    code = "tax_not_set_up"
    title = "Stripe Tax is not set up"
    codes = frozenset({"stripe_tax_inactive"})
    words = re.compile(r"enable automatic tax calculation|[Aa]utomatic tax")
    advice = (
        "Tax is on in the platform's settings, but Stripe Tax is not set up on the connected "
        "account. Set it up at https://dashboard.stripe.com/settings/tax, or turn automaticTax off."
    )


class CurrencyConflict(NamedRefusal):
    """Stripe bills a customer in one currency at a time."""

    code = "currency_conflict"
    title = "The customer pays in another currency"
    words = re.compile(r"cannot combine currencies")
    advice = (
        "Stripe bills a customer in one currency at a time. Let the running subscription end first."
    )


class CurrencyRefused(NamedRefusal):
    """Stripe does not know the currency, or the account's country does not charge in it."""

    code = "currency_not_supported"
    title = "The currency is not supported"
    codes = frozenset({"country_unsupported"})
    words = re.compile(r"Invalid currency")
    advice = (
        "Give the tier a currency that the account's country charges in: "
        "https://docs.stripe.com/currencies."
    )


class AmountTooSmall(NamedRefusal):
    """Less than the least amount that Stripe charges in this currency."""

    code = "amount_too_small"
    title = "The amount is too small"
    codes = frozenset({"amount_too_small"})
    advice = "Stripe charges no amount that small. Raise the tier's price, or make it 0."


class AmountTooLarge(NamedRefusal):
    """More than the most amount that Stripe charges in this currency."""

    code = "amount_too_large"
    title = "The amount is too large"
    codes = frozenset({"amount_too_large"})
    advice = "Stripe charges no amount that large. Lower the tier's price."


class TextRefused(NamedRefusal):
    """A name holds characters that Stripe does not print on a page or an invoice."""

    code = "text_refused"
    title = "Stripe does not accept a text"
    codes = frozenset({"invalid_characters"})
    advice = "Nothing was changed. Write the name without these characters."


class AddressRefused(NamedRefusal):
    """Stripe does not accept an address that people would come back to."""

    code = "address_refused"
    title = "Stripe does not accept an address"
    codes = frozenset({"url_invalid"})
    words = re.compile(r"Not a valid URL")
    advice = "Send a complete https address that people can open."


class SubscriptionManaged(NamedRefusal):
    """A subscription schedule, made in Stripe's dashboard, changes the subscription."""

    code = "subscription_managed"
    title = "A schedule manages the subscription"
    words = re.compile(r"managed by the subscription schedule")
    advice = "Release the schedule in the Stripe dashboard, or change the subscription there."


class SubscriptionOver(NamedRefusal):
    """The subscription has ended between our looking at it and changing it."""

    code = "subscription_ended"
    title = "The subscription has ended"
    codes = frozenset({"invoice_upcoming_none"})
    words = re.compile(r"canceled subscription can only update")
    advice = "Nothing was changed. Start a new one with POST /v1/checkout."


class SubscriptionLimit(NamedRefusal):
    """Stripe allows a customer 500 subscriptions."""

    code = "subscription_limit_reached"
    title = "Too many subscriptions"
    codes = frozenset({"customer_max_subscriptions"})
    advice = "End some of the customer's subscriptions in the Stripe dashboard first."


REFUSALS: tuple[type[NamedRefusal], ...] = (
    PriceNotOnSale, CardDeclined, PaymentNeedsAction, NoPaymentMethod, ChargesNotEnabled,
    BusinessNameMissing, TaxLocationInvalid, TaxNotSetUp, CurrencyConflict, CurrencyRefused,
    AmountTooSmall, AmountTooLarge, TextRefused, AddressRefused, SubscriptionManaged,
    SubscriptionOver, SubscriptionLimit,
)  # fmt: skip
_BY_CODE = {code: refusal for refusal in REFUSALS for code in refusal.codes}
_GONE = (
    "It was deleted in the Stripe dashboard, or it is on another account than the connected one."
)
_ELSE = "Nothing was changed. Correct that at Stripe or in the request, then send it again."


def refusal_of(error: stripe.StripeError) -> StripeRefused:
    """Give the refusal of ours that an error of Stripe's means."""
    code, param, words = code_of(error), getattr(error, "param", None), error.user_message or ""
    quoted = f"Stripe says: {words or 'no reason given.'}"
    named = _named(error, code, param, words)
    if named is not None:
        return named(f"{quoted} {named.advice}", stripe_code=code, stripe_param=param)
    if is_missing(error):
        return StripeNotFound(f"{quoted} {_GONE}", stripe_code=code, stripe_param=param)
    return StripeRefused(f"{quoted} {_ELSE}", stripe_code=code, stripe_param=param)


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


def _named(
    error: stripe.StripeError, code: str | None, param: str | None, words: str
) -> type[NamedRefusal] | None:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if isinstance(error, stripe.CardError):
        return CardDeclined
    if is_missing(error) and "[price]" in (param or ""):
        # A price inside what is sold; a price that was looked up by itself is just missing.
        return PriceNotOnSale
    # Stripe calls a missing card "resource_missing" too, so that words are asked in any case.
    spoken = (refusal for refusal in REFUSALS if refusal.words and refusal.words.search(words))
    return next(spoken, None)
