"""What we say to Stripe and what we read of its answers. Subscriptions stay plain dictionaries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
class PreviewedChange:
    """What moving to another price would cost today, in minor units."""

    amount_due_cents: int
    currency: str


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


def read_connected_account(account: Mapping[str, Any]) -> ConnectedAccount:
    """Read an ``account`` object."""
    profile = account.get("business_profile") or {}
    dashboard = (account.get("settings") or {}).get("dashboard") or {}
    return ConnectedAccount(
        id=account["id"],
        business_name=profile.get("name") or dashboard.get("display_name"),
        email=account.get("email"),
        country=account.get("country"),
        charges_enabled=bool(account.get("charges_enabled")),
    )


def read_checkout(session: Mapping[str, Any]) -> StripeCheckout:
    """Read a ``checkout.session`` object, as an answer or out of an event."""
    return StripeCheckout(
        id=session["id"],
        url=session.get("url"),
        status=session.get("status") or "open",
        payment_status=session["payment_status"],
        customer=id_of(session.get("customer")),
        subscription=id_of(session.get("subscription")),
        client_reference_id=session.get("client_reference_id"),
        metadata=dict(session.get("metadata") or {}),
        expires_at=moment_of(session["expires_at"]),
    )


def read_webhook_endpoint(endpoint: Mapping[str, Any]) -> WebhookEndpoint:
    """Read a ``webhook_endpoint``. Stripe does not say whom one hears, so we write it on ours."""
    return WebhookEndpoint(
        id=endpoint["id"],
        url=endpoint["url"],
        enabled_events=tuple(endpoint["enabled_events"]),
        is_enabled=endpoint["status"] == "enabled",
        is_connect=(endpoint.get("metadata") or {}).get(HEARS) == CONNECTED_ACCOUNTS,
        api_version=endpoint.get("api_version"),
        secret=endpoint.get("secret"),
    )


def id_of(reference: str | Mapping[str, Any] | None) -> str | None:
    """Give the id of a reference, which Stripe sends bare or expanded."""
    if reference is None or isinstance(reference, str):
        return reference
    return str(reference["id"])


def moment_of(seconds: int) -> datetime:
    """Turn Stripe's Unix seconds into an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def plain_object(value: Mapping[str, Any]) -> dict[str, Any]:
    """Turn an object of the SDK into plain dictionaries and lists, all the way down."""
    return {key: _plain(item) for key, item in dict(value).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return plain_object(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
