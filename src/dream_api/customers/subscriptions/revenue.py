"""How monthly revenue moves: what one look at Stripe changed, and what many came to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from dream_api.customers.subscriptions.model import Subscription


class MovementKind(StrEnum):
    """What a change of a user's monthly revenue is to the business."""

    NEW = "new"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"


@dataclass(frozen=True, slots=True)
class Movement:
    """One user's revenue in one currency went up (positive) or down, in minor units a month."""

    movement_id: str
    user_id: str
    subscription_id: str
    kind: str
    amount_cents: int
    currency: str
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge of which money went back, or which is disputed, in minor units."""

    charge_id: str
    user_id: str
    amount_cents: int
    refunded_cents: int
    currency: str
    dispute_status: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Revenue:
    """What happened to a platform's revenue between two moments.

    Attributes:
        movements: currency → kind → minor units a month; what came less what went is the change.
        paying_at_start: users who brought revenue when the time began.
        churned: those of them who brought none when it ended.
        trials_ended: trials whose last moment lies in the time.
        trials_converted: those of them that became revenue.
        refunded_cents: currency → given back of charges made in the time.
        open_disputes: charges that somebody disputes now, whenever they were made.
    """

    movements: Mapping[str, Mapping[str, int]]
    paying_at_start: int
    churned: int
    trials_ended: int
    trials_converted: int
    refunded_cents: Mapping[str, int]
    open_disputes: int

    def to_wire(self) -> dict[str, Any]:
        """Write it as JSON; of each currency every kind of movement is named."""
        return {
            "mrrMovementsCents": {
                currency: {kind.value: moved.get(kind.value, 0) for kind in MovementKind}
                for currency, moved in self.movements.items()
            },
            "payingUsersAtStart": self.paying_at_start,
            "churnedUsers": self.churned,
            "churnRate": self.churn_rate,
            "trialsEnded": self.trials_ended,
            "trialsConverted": self.trials_converted,
            "trialConversionRate": self.trial_conversion_rate,
            "refundedCents": dict(self.refunded_cents),
            "openDisputes": self.open_disputes,
        }

    @property
    def churn_rate(self) -> float | None:
        """The share of paying users who were lost; None when there was nobody to lose."""
        return self.churned / self.paying_at_start if self.paying_at_start else None

    @property
    def trial_conversion_rate(self) -> float | None:
        """The share of trials that became revenue; None when none ended."""
        return self.trials_converted / self.trials_ended if self.trials_ended else None


OPEN_DISPUTES = frozenset(
    {"needs_response", "under_review", "warning_needs_response", "warning_under_review"}
)
"""Statuses of a dispute that nobody has decided yet (docs.stripe.com/api/disputes/object)."""


def revenue_of(subscriptions: Iterable[Subscription]) -> dict[str, int]:
    """Sum what a user's subscriptions bring a month, by currency; currencies without are left out.

    Every one counts, also in a currency that the user's row does not show.
    """
    totals: dict[str, int] = {}
    for one in subscriptions:
        if one.mrr_cents:
            totals[one.currency] = totals.get(one.currency, 0) + one.mrr_cents
    return totals


def steps_between(
    before: Mapping[str, int], after: Mapping[str, int]
) -> list[tuple[MovementKind, int, str]]:
    """Name each currency's step from one revenue to another: (kind, minor units, currency)."""
    currencies = sorted(before.keys() | after.keys())
    steps = [(name, before.get(name, 0), after.get(name, 0)) for name in currencies]
    return [
        (_kind_of(was, is_now), is_now - was, name) for name, was, is_now in steps if was != is_now
    ]


def _kind_of(was: int, is_now: int) -> MovementKind:
    if not was:
        return MovementKind.NEW
    if not is_now:
        return MovementKind.CHURN
    return MovementKind.EXPANSION if is_now > was else MovementKind.CONTRACTION
