"""What a platform subscription is, read off what Stripe says. Pure rules, no clock, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

METADATA_DEVELOPER = "dreamapi_developer_id"

_PAID_STATUSES = frozenset({"active", "trialing", "past_due"})
_MENDABLE_STATUSES = frozenset({"unpaid", "paused"})
"""Not paid, but alive at Stripe: mended in the portal, never by a second subscription."""


class Plan(StrEnum):
    """What a developer has: ``free`` (test mode only) or ``paid``."""

    FREE = "free"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where to send the developer to pay."""

    url: str
    session_id: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a developer stands with us.

    Attributes:
        status: Stripe's word for the subscription; None before the first one.
        active_until: when paying ended, from which the customers' world counts its days of grace;
            None while it goes on, or never began.
    """

    plan: Plan = Plan.FREE
    status: str | None = None
    current_period_end: datetime | None = None
    cancel_at_period_end: bool = False
    active_until: datetime | None = None

    @property
    def is_paid(self) -> bool:
        """Whether live mode is open."""
        return self.plan is Plan.PAID


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One subscription as Stripe showed it at one moment."""

    subscription_id: str
    status: str
    current_period_end: datetime | None
    cancel_at_period_end: bool
    ended_at: datetime | None

    @property
    def is_paid(self) -> bool:
        """Whether it opens live mode; a payment that is being retried still does."""
        return self.status in _PAID_STATUSES

    @property
    def is_alive(self) -> bool:
        """Whether a second subscription beside it would charge twice."""
        return self.is_paid or self.status in _MENDABLE_STATUSES


@dataclass(frozen=True, slots=True)
class Record:
    """What we keep of one developer's subscription."""

    developer_id: str
    stripe_customer_id: str | None
    stripe_subscription_id: str | None
    status: str | None
    current_period_end: datetime | None
    cancel_at_period_end: bool
    ended_at: datetime | None
    checkout_attempt: int
    seen_at: datetime

    def standing(self) -> Standing:
        """Judge the record."""
        is_paid = self.status in _PAID_STATUSES
        return Standing(
            plan=Plan.PAID if is_paid else Plan.FREE,
            status=self.status,
            current_period_end=self.current_period_end,
            cancel_at_period_end=self.cancel_at_period_end,
            active_until=None if is_paid else self.ended_at,
        )

    @property
    def is_alive(self) -> bool:
        """Whether a subscription runs at Stripe."""
        return self.status in _PAID_STATUSES | _MENDABLE_STATUSES


def read_subscription(subscription: Mapping[str, Any]) -> Snapshot:
    """Read a ``subscription`` object.

    Billing periods stand on its items since 2025-03-31.basil; ``cancel_at`` announces an end just
    as ``cancel_at_period_end`` does.
    """
    items = (subscription.get("items") or {}).get("data") or ()
    ends = [item["current_period_end"] for item in items if item.get("current_period_end")]
    return Snapshot(
        subscription_id=subscription["id"],
        status=subscription["status"],
        current_period_end=_moment(max(ends, default=None)),
        cancel_at_period_end=bool(
            subscription.get("cancel_at_period_end") or subscription.get("cancel_at")
        ),
        ended_at=_moment(subscription.get("ended_at")),
    )


def pick(subscriptions: Sequence[Mapping[str, Any]]) -> Snapshot | None:
    """Choose the subscription that counts: a paid one before a living one before the newest."""
    ranked = sorted(subscriptions, key=lambda one: int(one.get("created") or 0), reverse=True)
    snapshots = [read_subscription(one) for one in ranked]
    return max(snapshots, key=lambda one: (one.is_paid, one.is_alive), default=None)


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
