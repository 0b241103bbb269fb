"""Each refusal that Stripe documents for our calls is a problem of ours, under a code of its own.

Sources: docs.stripe.com/error-codes and docs.stripe.com/api/errors; where Stripe gives no code, the
words are those that its answers carry.
"""

import json
from typing import Any

import pytest

from dream_api.gateways.stripe import CheckoutRequest
from dream_api.kit.errors import DreamError
from tests.stripe_server import BrokenStripe, gateway, serving

REQUEST = CheckoutRequest("price_1", "https://a.example/", "https://a.example/", "u_1")
INVALID, CARD = "invalid_request_error", "card_error"

Refusal = tuple[int, str, str | None, str | None, str, str]
"""Stripe's status, type, code, parameter and words; our code."""

REFUSALS: list[Refusal] = [
    (400, INVALID, "resource_missing", "items[0][price]", "No such price", "price_not_on_sale"),
    (400, INVALID, None, None, "The price specified is inactive.", "price_not_on_sale"),
    (400, INVALID, "product_inactive", None, "The product is inactive.", "price_not_on_sale"),
    (400, INVALID, "resource_missing", "customer", "No such customer", "stripe_not_found"),
    (404, INVALID, "resource_missing", "id", "No such subscription", "stripe_not_found"),
    (402, CARD, "card_declined", None, "Your card was declined.", "card_declined"),
    (402, CARD, "expired_card", None, "Your card has expired.", "card_declined"),
    (402, CARD, "incorrect_cvc", None, "Your card's security code is incorrect.", "card_declined"),
    (402, CARD, "processing_error", None, "An error occurred.", "card_declined"),
    (402, CARD, "authentication_required", None, "Authenticate.", "payment_action_required"),
    (402, CARD, "subscription_payment_intent_requires_action", None, "", "payment_action_required"),
    (400, INVALID, "payment_intent_authentication_failure", None, "No.", "payment_action_required"),
    (400, INVALID, "payment_intent_payment_attempt_failed", None, "No.", "card_declined"),
    (
        400, INVALID, "resource_missing", None,
        "This customer has no attached payment source or default payment method.",
        "no_payment_method",
    ),
    (400, INVALID, "amount_too_small", None, "At least 50 cents", "amount_too_small"),
    (400, INVALID, "amount_too_large", None, "Too much", "amount_too_large"),
    (400, INVALID, None, "currency", "Invalid currency: xyz.", "currency_not_supported"),
    (400, INVALID, None, None, "You cannot combine currencies on a …", "currency_conflict"),
    (400, INVALID, "url_invalid", "success_url", "Not a valid URL", "address_refused"),
    (
        400, INVALID, None, None,
        "In order to use Checkout, you must set an account or business name at …",
        "business_name_missing",
    ),
    (400, INVALID, None, None, "It cannot currently make live charges.", "charges_not_enabled"),
    (400, INVALID, "account_closed", None, "The account is closed.", "charges_not_enabled"),
    (400, INVALID, "testmode_charges_only", None, "Test only.", "charges_not_enabled"),
    (400, INVALID, "customer_tax_location_invalid", None, "Where?", "tax_location_invalid"),
    (400, INVALID, "invalid_tax_location", None, "Where?", "tax_location_invalid"),
    (400, INVALID, "invalid_characters", "name", "Invalid characters", "text_refused"),
    (400, INVALID, "billing_invalid_mandate", None, "No mandate.", "payment_action_required"),
    (400, INVALID, "payment_intent_mandate_invalid", None, "No.", "payment_action_required"),
    (400, INVALID, "insufficient_funds", None, "Not enough.", "card_declined"),
    (400, INVALID, "payment_method_provider_timeout", None, "Too late.", "card_declined"),
    (400, INVALID, "payment_method_currency_mismatch", None, "No.", "card_declined"),
    (400, INVALID, "payment_method_unactivated", None, "No.", "charges_not_enabled"),
    (401, INVALID, "secret_key_required", None, "A secret one.", "stripe_not_configured"),
    (400, INVALID, "stripe_tax_inactive", None, "Tax is inactive.", "tax_not_set_up"),
    (400, INVALID, "customer_max_subscriptions", None, "Too many.", "subscription_limit_reached"),
    (404, INVALID, "invoice_upcoming_none", None, "No upcoming invoices", "subscription_ended"),
    (
        400, INVALID, None, None,
        "A canceled subscription can only update its cancellation_details and metadata.",
        "subscription_ended",
    ),
    (
        400, INVALID, None, None,
        "The subscription is managed by the subscription schedule `sub_sched_1`.",
        "subscription_managed",
    ),
    (403, INVALID, "account_invalid", None, "Access may have been revoked.", "stripe_account_gone"),
    (403, INVALID, "more_permissions_required", None, "The key may not.", "stripe_not_configured"),
    (401, INVALID, None, None, "Invalid API Key provided", "stripe_not_configured"),
    (401, INVALID, "api_key_expired", None, "Expired API Key", "stripe_not_configured"),
    (429, INVALID, "rate_limit", None, "Too many requests", "stripe_unavailable"),
    (429, INVALID, "lock_timeout", None, "Cannot be accessed right now", "stripe_unavailable"),
    (400, INVALID, "taxes_calculation_failed", None, "Failed.", "stripe_unavailable"),
    (400, "idempotency_error", None, None, "Keys can only be used with …", "stripe_refused"),
    (400, INVALID, "parameter_unknown", "x", "Received unknown parameter: x", "stripe_refused"),
]  # fmt: skip


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: f"{row[2]} {row[4][:30]} is {row[5]}")
async def test_a_refusal_of_stripe_is_a_problem_of_ours(row: Refusal) -> None:
    """Its code is ours and permanent, and its sentence ends with what to do."""
    status, kind, code, param, words, expected = row
    error: dict[str, Any] = {"type": kind, "code": code, "param": param, "message": words}
    body = json.dumps({"error": {name: value for name, value in error.items() if value}})
    with serving(BrokenStripe(status, body)) as url:
        async with gateway(url) as stripe:
            with pytest.raises(DreamError) as refused:
                await stripe.create_checkout("acct_1", REQUEST, idempotency_key="k")

    assert expected == refused.value.code
    assert refused.value.detail.endswith(".")
    assert not refused.value.detail.endswith(words or "given."), "it goes on with what to do"
