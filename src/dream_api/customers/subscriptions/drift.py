"""What differs between what we kept of a subscription and what Stripe says, and its money."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dream_api.customers.subscriptions.model import Subscription
from dream_api.customers.subscriptions.revenue import Charge
from dream_api.kit.money import format_money

_COMPARED = (
    "status",
    "tier",
    "price_id",
    "mrr_cents",
    "currency",
    "current_period_end",
    "cancel_at_period_end",
    "held_tier",
    "flag",
)


@dataclass(frozen=True, slots=True)
class Drift:
    """One subscription that was not as Stripe says; it is now.

    Attributes:
        changes: field → (what we kept, what Stripe says); empty where we kept nothing at all.
        mrr_cents: how much more (or less) it brings a month than we believed, in ``currency``.
    """

    platform_id: str
    user_id: str
    subscription_id: str
    is_unheard_of: bool
    changes: Mapping[str, tuple[Any, Any]]
    mrr_cents: int
    currency: str

    def to_log(self) -> dict[str, Any]:
        """Give the values of a log line; whose it is stays out of it."""
        return {
            "platform_id": self.platform_id,
            "subscription_id": self.subscription_id,
            "is_unheard_of": self.is_unheard_of,
            "changed": sorted(self.changes),
            "mrr_cents": self.mrr_cents,
            "currency": self.currency,
        }

    def describe(self) -> str:
        """Write it as one line for the operator."""
        what = ", ".join(f"{name} {was} → {now}" for name, (was, now) in self.changes.items())
        sign = "-" if self.mrr_cents < 0 else "+"
        money = f"{sign}{format_money(abs(self.mrr_cents), self.currency)} a month"
        described = "never heard of" if self.is_unheard_of else what
        return f"{self.platform_id} {self.user_id} {self.subscription_id}: {described} ({money})"


@dataclass(frozen=True, slots=True)
class ChargeDrift:
    """One charge of which more (or less) went back than we knew, or with another dispute.

    Attributes:
        changes: field → (what we kept, what Stripe says).
        refunded_cents: how much more was given back than we knew, once, in ``currency``.
    """

    platform_id: str
    user_id: str
    charge_id: str
    changes: Mapping[str, tuple[Any, Any]]
    refunded_cents: int
    currency: str

    @property
    def mrr_cents(self) -> int:
        """What it changes of the monthly revenue: nothing; the subscription says that."""
        return 0

    def to_log(self) -> dict[str, Any]:
        """Give the values of a log line; whose it is stays out of it."""
        return {
            "platform_id": self.platform_id,
            "charge_id": self.charge_id,
            "changed": sorted(self.changes),
            "refunded_cents": self.refunded_cents,
            "currency": self.currency,
        }

    def describe(self) -> str:
        """Write it as one line for the operator."""
        what = ", ".join(f"{name} {was} → {now}" for name, (was, now) in self.changes.items())
        money = f"{format_money(self.refunded_cents, self.currency)} more went back"
        return f"{self.platform_id} {self.user_id} {self.charge_id}: {what} ({money})"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a comparison with Stripe came to."""

    asked: int
    drifts: tuple[Drift | ChargeDrift, ...]


def charge_drift_between(
    platform_id: str, before: Charge | None, after: Charge
) -> ChargeDrift | None:
    """Compare what we kept of a charge with what Stripe says; None where they agree."""
    known = before or replace(after, refunded_cents=0, dispute_status=None)
    changes = {
        name: (getattr(known, name), getattr(after, name))
        for name in ("refunded_cents", "dispute_status")
        if getattr(known, name) != getattr(after, name)
    }
    if not changes:
        return None
    return ChargeDrift(
        platform_id=platform_id,
        user_id=after.user_id,
        charge_id=after.charge_id,
        changes=changes,
        refunded_cents=after.refunded_cents - known.refunded_cents,
        currency=after.currency,
    )


def drift_between(before: Subscription | None, after: Subscription) -> Drift | None:
    """Compare what we kept with what Stripe says; None where they agree."""
    changes = {
        name: (getattr(before, name), getattr(after, name))
        for name in _COMPARED
        if before is not None and getattr(before, name) != getattr(after, name)
    }
    if before is not None and not changes:
        return None
    return Drift(
        platform_id=after.platform_id,
        user_id=after.user_id,
        subscription_id=after.subscription_id,
        is_unheard_of=before is None,
        changes=changes,
        mrr_cents=after.mrr_cents - (before.mrr_cents if before else 0),
        currency=after.currency,
    )
