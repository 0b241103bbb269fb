"""Stripe, behind values of our own: the only package that imports the SDK.

Owns: calls to Stripe, their deadlines and retries, what its errors mean to us, and the
verification of its webhooks. Does not own: what is sold, to whom, and any state.
"""

from dream_api.gateways.stripe.errors import (
    AccountGone,
    AmountTooSmall,
    BusinessNameMissing,
    CardDeclined,
    ChargesNotEnabled,
    CurrencyConflict,
    InvalidSignature,
    OauthRefused,
    PaymentNeedsAction,
    PriceNotOnSale,
    StripeNotConfigured,
    StripeNotFound,
    StripeRefused,
    StripeUnavailable,
    TaxNotSetUp,
)
from dream_api.gateways.stripe.events import SIGNATURE_TOLERANCE_SECONDS, parse_event, verify_event
from dream_api.gateways.stripe.gateway import Stripe
from dream_api.gateways.stripe.model import (
    API_VERSION,
    ChargeStanding,
    CheckoutRequest,
    ConnectedAccount,
    ItemMove,
    NewPrice,
    NewProduct,
    OauthConnection,
    PreviewedChange,
    PreviewedInvoice,
    PreviewPrice,
    PriceTerms,
    StripeCheckout,
    StripeEvent,
    SubscriptionChange,
    WebhookEndpoint,
)
from dream_api.gateways.stripe.modes import StripeModes
from dream_api.gateways.stripe.onboarding import Onboarding
from dream_api.gateways.stripe.own_account import OwnAccount

__all__ = [
    "API_VERSION",
    "SIGNATURE_TOLERANCE_SECONDS",
    "AccountGone",
    "AmountTooSmall",
    "BusinessNameMissing",
    "CardDeclined",
    "ChargeStanding",
    "ChargesNotEnabled",
    "CheckoutRequest",
    "ConnectedAccount",
    "CurrencyConflict",
    "InvalidSignature",
    "ItemMove",
    "NewPrice",
    "NewProduct",
    "OauthConnection",
    "OauthRefused",
    "Onboarding",
    "OwnAccount",
    "PaymentNeedsAction",
    "PreviewPrice",
    "PreviewedChange",
    "PreviewedInvoice",
    "PriceNotOnSale",
    "PriceTerms",
    "Stripe",
    "StripeCheckout",
    "StripeEvent",
    "StripeModes",
    "StripeNotConfigured",
    "StripeNotFound",
    "StripeRefused",
    "StripeUnavailable",
    "SubscriptionChange",
    "TaxNotSetUp",
    "WebhookEndpoint",
    "parse_event",
    "verify_event",
]
