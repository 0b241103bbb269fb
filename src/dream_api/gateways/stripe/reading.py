"""How Stripe's objects are read into values of ours."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dream_api.gateways.stripe.model import (
    CONNECTED_ACCOUNTS,
    HEARS,
    ChargeStanding,
    ConnectedAccount,
    PreviewedInvoice,
    StripeCheckout,
    WebhookEndpoint,
)


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


def read_preview(invoice: Mapping[str, Any]) -> PreviewedInvoice:
    """Read a preview of regular invoices; an invoice bills ahead, from the day it comes."""
    starts = [line["period"]["start"] for line in invoice["lines"]["data"]]
    return PreviewedInvoice(
        amount_cents=invoice["total"],
        currency=invoice["currency"],
        at=moment_of(min(starts, default=invoice["period_end"])),
    )


def read_charge(charge: Mapping[str, Any], disputes: Sequence[Mapping[str, Any]]) -> ChargeStanding:
    """Read a ``charge`` with its disputes, the newest first."""
    return ChargeStanding(
        id=charge["id"],
        customer=id_of(charge.get("customer")),
        amount_cents=charge["amount"],
        refunded_cents=charge["amount_refunded"],
        currency=charge["currency"],
        dispute_status=disputes[0]["status"] if disputes else None,
        created_at=moment_of(charge["created"]),
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
