"""Wire objects as complete as Stripe's.

The SDK's classes are generated from Stripe's OpenAPI description and declare every field of a
resource. A nullable field that nobody sets is null on the wire, not absent; taking the list from
the SDK means that no such field can be forgotten.
"""

from functools import lru_cache
from inspect import get_annotations
from typing import Any, get_args

import stripe
import stripe.billing_portal
import stripe.checkout
import stripe.test_helpers

Body = dict[str, Any]

# Fields that Stripe leaves out unless they are expanded, or unless their feature is in use.
_LEFT_OUT: dict[str, set[str]] = {
    "account": {"company", "groups", "individual", "external_accounts"},
    "checkout.session": {
        "branding_settings",
        "excluded_payment_method_types",
        "line_items",
        "name_collection",
        "optional_items",
        "presentment_details",
        "redirect_on_completion",
        "return_url",
        "tax_id_collection",
    },
    "charge": {
        "authorization_code",
        "level3",
        "presentment_details",
        "radar_options",
        "refunds",
        "transfer",
    },
    "coupon": {"applies_to", "currency_options"},
    "customer": {
        "business_name",
        "cash_balance",
        "individual_name",
        "invoice_credit_balance",
        "sources",
        "subscriptions",
        "tax",
        "tax_ids",
    },
    "event": {"account", "context"},
    "invoice": {"confirmation_secret", "payments", "threshold_reason"},
    "payment_intent": {
        "amount_details",
        "excluded_payment_method_types",
        "hooks",
        "payment_details",
        "presentment_details",
        "source",
    },
    "plan": {"tiers"},
    "price": {"currency_options", "tiers"},
    "dispute": {"network_reason_code", "payment_method_details"},
    "refund": {
        "description",
        "destination_details",
        "failure_balance_transaction",
        "failure_reason",
        "instructions_email",
        "next_action",
        "pending_reason",
        "presentment_details",
    },
    "webhook_endpoint": {"secret"},
}
_CLASSES: dict[str, type[stripe.StripeObject]] = {
    "account": stripe.Account,
    "billing_portal.configuration": stripe.billing_portal.Configuration,
    "billing_portal.session": stripe.billing_portal.Session,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "coupon": stripe.Coupon,
    "customer": stripe.Customer,
    "discount": stripe.Discount,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "item": stripe.LineItem,
    "invoice_payment": stripe.InvoicePayment,
    "invoiceitem": stripe.InvoiceItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "plan": stripe.Plan,
    "price": stripe.Price,
    "product": stripe.Product,
    "promotion_code": stripe.PromotionCode,
    "refund": stripe.Refund,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "test_helpers.test_clock": stripe.test_helpers.TestClock,
    "webhook_endpoint": stripe.WebhookEndpoint,
}


def shape(kind: str, **fields: Any) -> Body:
    """Build the wire object *kind*: *fields*, and null for every other nullable field."""
    return {"id": None, "object": kind} | _nulls(kind) | fields


def nulls_of(cls: type[stripe.StripeObject]) -> Body:
    """Null for every nullable field of *cls*, a part of a resource."""
    return {
        name: None
        for name, annotation in _annotations(cls).items()
        if type(None) in get_args(annotation) and name != "deleted"
    }


@lru_cache
def _nulls(kind: str) -> Body:
    left_out = _LEFT_OUT.get(kind, set())
    return {name: None for name in nulls_of(_CLASSES[kind]) if name not in left_out}


def _annotations(cls: type[stripe.StripeObject]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__ != "stripe._stripe_object":
            found |= get_annotations(base)
    return {name: hint for name, hint in found.items() if not name.startswith("_")}
