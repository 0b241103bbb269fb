"""What we say to Stripe and what we read of its answers. Subscriptions stay plain dictionaries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

API_VERSION: Literal["2025-11-17.clover"] = "2025-11-17.clover"
"""Pinned for calls and webhook endpoints alike; the SDK's types are generated from it."""

HEARS = "dreamapi_hears"
CONNECTED_ACCOUNTS = "connected_accounts"
OWN_ACCOUNT = "own_account"

Proration = Literal["always_invoice", "create_prorations", "none"]
PaymentBehavior = Literal[
    "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"
]


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """One verified event.

    Attributes:
        account: the connected account it happened on; None for events of our own account.
        livemode: what Stripe says of the account's mode.
        data: the object that changed (``data.object`` on the wire).
        raw: the body as it was signed.
    """

    id: str
    type: str
    account: str | None
    livemode: bool
    created: datetime
    data: dict[str, Any]
    raw: bytes


@dataclass(frozen=True, slots=True)
class OauthConnection:
    """An account that a developer has connected; no credential of theirs is read or kept."""

    account_id: str
    scope: str
    livemode: bool


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    """What we show of an account; ``business_name`` is required before Checkout works."""

    id: str
    business_name: str | None
    email: str | None
    country: str | None
    charges_enabled: bool


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product to create."""

    name: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A recurring price to create; ``amount_cents`` is in minor units of the currency."""

    product_id: str
    amount_cents: int
    currency: str
    interval: Literal["month", "year"]
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """A subscription to sell through Stripe Checkout.

    Attributes:
        success_url: may hold ``{CHECKOUT_SESSION_ID}``, which Stripe fills in.
        customer: the customer's id at Stripe; else ``customer_email`` may prefill the form.
        metadata: written on the session and on the subscription, which does not inherit it.
        expires_at: between 30 minutes and 24 hours from now; None for Stripe's 24 hours.
        allows_promotion_codes: shows a field for the account's promotion codes.
        calculates_tax: lets Stripe Tax add what is due, which the account must be set up for.
    """

    price_id: str
    success_url: str
    cancel_url: str
    client_reference_id: str
    customer: str | None = None
    customer_email: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    trial_days: int = 0
    expires_at: datetime | None = None
    allows_promotion_codes: bool = False
    calculates_tax: bool = False


@dataclass(frozen=True, slots=True)
class StripeCheckout:
    """A Checkout session.

    Attributes:
        url: where to send the person; None once the session is no longer open.
        status: ``open``, ``complete`` or ``expired``.
        payment_status: ``paid``, ``unpaid`` or ``no_payment_required``.
    """

    id: str
    url: str | None
    status: str
    payment_status: str
    customer: str | None
    subscription: str | None
    client_reference_id: str | None
    metadata: dict[str, str]
    expires_at: datetime

    @property
    def is_settled(self) -> bool:
        """Tell whether the person has finished and owes nothing."""
        return self.status == "complete" and self.payment_status != "unpaid"


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """What to change about a subscription; fields left at None stay as they are.

    Attributes:
        item_id: the item that moves to ``price_id``; both or neither.
        cancel_at_period_end: True ends it with the paid period, False takes that back.
    """

    item_id: str | None = None
    price_id: str | None = None
    proration_behavior: Proration | None = None
    payment_behavior: PaymentBehavior | None = None
    billing_cycle_anchor: Literal["now", "unchanged"] | None = None
    cancel_at_period_end: bool | None = None
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """What a price says, for asking about one that is archived and so cannot be named."""

    product_id: str
    amount_cents: int
    currency: str
    interval: str
    interval_count: int


PreviewPrice = str | PriceTerms


@dataclass(frozen=True, slots=True)
class ItemMove:
    """A change of a subscription that is only asked about: one item to another price.

    Attributes:
        price: the id of a price on sale, or the terms of one that is archived; None to stay.
        takes_end_back: whether an end that is planned would be taken back with it.
    """

    subscription_id: str
    item_id: str
    price: PreviewPrice | None
    takes_end_back: bool = False


@dataclass(frozen=True, slots=True)
class ChargeStanding:
    """What became of one charge, in minor units.

    Attributes:
        dispute_status: Stripe's word for its newest dispute; None when nobody disputes it.
    """

    id: str
    customer: str | None
    amount_cents: int
    refunded_cents: int
    currency: str
    dispute_status: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PreviewedChange:
    """What moving to another price would cost today, in minor units."""

    amount_due_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class PreviewedInvoice:
    """A regular invoice to come: its total in minor units, and the start of what it bills."""

    amount_cents: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """An endpoint on our own account; ``secret`` is there only in the answer that created it."""

    id: str
    url: str
    enabled_events: tuple[str, ...]
    is_enabled: bool
    is_connect: bool
    api_version: str | None
    secret: str | None
