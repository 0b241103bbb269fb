"""Stripe, behind values of our own: the only package that imports the SDK.

Owns: calls to Stripe, their deadlines and retries, what its errors mean to us, and the
verification of its webhooks. Does not own: what is sold, to whom, and any state.
"""

from dream_api.gateways.stripe.errors import (
    AccountGone,
    InvalidSignature,
    OauthRefused,
    StripeNotConfigured,
    StripeNotFound,
    StripeRefused,
    StripeUnavailable,
)
from dream_api.gateways.stripe.events import SIGNATURE_TOLERANCE_SECONDS, parse_event, verify_event
from dream_api.gateways.stripe.gateway import Stripe
from dream_api.gateways.stripe.model import (
    API_VERSION,
    CheckoutRequest,
    ConnectedAccount,
    NewPrice,
    NewProduct,
    OauthConnection,
    PreviewedChange,
    StripeCheckout,
    StripeEvent,
    SubscriptionChange,
    WebhookEndpoint,
)
from dream_api.gateways.stripe.modes import StripeModes

__all__ = [
    "API_VERSION",
    "SIGNATURE_TOLERANCE_SECONDS",
    "AccountGone",
    "CheckoutRequest",
    "ConnectedAccount",
    "InvalidSignature",
    "NewPrice",
    "NewProduct",
    "OauthConnection",
    "OauthRefused",
    "PreviewedChange",
    "Stripe",
    "StripeCheckout",
    "StripeEvent",
    "StripeModes",
    "StripeNotConfigured",
    "StripeNotFound",
    "StripeRefused",
    "StripeUnavailable",
    "SubscriptionChange",
    "WebhookEndpoint",
    "parse_event",
    "verify_event",
]
