"""What the table is filtered and sorted by, a page of it, and the metrics."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from dream_api.customers.end_users import Row
from dream_api.customers.metering import Entry
from dream_api.customers.subscriptions import Movement, Revenue
from dream_api.kit.errors import FieldError, ValidationFailed

QUERY_CHARACTERS_MAX = 200
PLAN_CHARACTERS_MAX = 64
DAYS_MAX = 366
NO_STATUS = "none"
STATUS_NAMES = (
    "active",
    "trialing",
    "past_due",
    "unpaid",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "paused",
    NO_STATUS,
)
"""Stripe's statuses, and the word for users who never subscribed."""


class SortBy(StrEnum):
    """What the table may be sorted by; users without a value count as the smallest."""

    CREATED_AT = "createdAt"
    LAST_ACTIVE = "lastActive"
    USAGE_COUNT = "usageCount"
    MRR = "mrr"
    PLAN = "plan"
    SUBSCRIPTION_STATUS = "subscriptionStatus"
    EMAIL = "email"
    NAME = "name"
    USER_ID = "userId"


class Order(StrEnum):
    """Which end comes first."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which users, in which order. ``q`` is a part of userId, email or name, in any case."""

    q: str | None = None
    plan: str | None = None
    status: str | None = None
    sort: SortBy = SortBy.CREATED_AT
    order: Order = Order.DESCENDING

    @classmethod
    def parse(
        cls,
        q: str | None = None,
        plan: str | None = None,
        status: str | None = None,
        sort: str | None = None,
        order: str | None = None,
    ) -> Self:
        """Read what a caller asks for; an empty text is no filter.

        Raises:
            ValidationFailed: names every parameter that is not understood.
        """
        errors = [
            *_length_error("q", q, QUERY_CHARACTERS_MAX),
            *_length_error("plan", plan, PLAN_CHARACTERS_MAX),
            *_choice_error("status", status, STATUS_NAMES),
            *_choice_error("sort", sort, tuple(SortBy)),
            *_choice_error("order", order, tuple(Order)),
        ]
        if errors:
            raise ValidationFailed(errors[0].detail, param=errors[0].param, errors=tuple(errors))
        return cls(
            q=" ".join((q or "").split()) or None,  # A line break would match across columns.
            plan=plan or None,
            status=status or None,
            sort=SortBy(sort or SortBy.CREATED_AT),
            order=Order(order or Order.DESCENDING),
        )

    def scope(self, platform_id: str) -> str:
        """Name the list that these filters make, so that its cursors fit no other."""
        return f"users {platform_id} {json.dumps(asdict(self), sort_keys=True)}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the table; ``total`` counts all that the filters let through."""

    rows: Sequence[Row]
    next_cursor: str | None
    prev_cursor: str | None
    total: int

    def to_wire(self) -> dict[str, Any]:
        """Write the page as JSON."""
        return {
            "users": [row.to_wire() for row in self.rows],
            "nextCursor": self.next_cursor,
            "prevCursor": self.prev_cursor,
            "total": self.total,
        }


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many on one UTC day."""

    day: date
    count: int

    def to_wire(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {"date": self.day.isoformat(), "count": self.count}


@dataclass(frozen=True, slots=True)
class Metrics:
    """A platform at a glance.

    Attributes:
        mrr_cents: currency → minor units; currencies are never summed.
        paying_users: currency → users who bring revenue in it.
        canceling_subscriptions: those of the active ones that end with their period.
        usage_this_period: units counted in the UTC month that runs.
        by_plan: plan → users; users without one are under the empty name.
        revenue: how revenue moved in the days that are counted.
    """

    mrr_cents: Mapping[str, int]
    paying_users: Mapping[str, int]
    active_subscriptions: int
    canceling_subscriptions: int
    end_users: int
    usage_this_period: int
    usage_by_day: Sequence[DayCount]
    new_users_by_day: Sequence[DayCount]
    by_plan: Mapping[str, int]
    revenue: Revenue

    @property
    def arpu_cents(self) -> dict[str, int]:
        """Revenue per paying user a month, by currency, rounded half up (Stripe's ARPU)."""
        return {
            name: (2 * self.mrr_cents[name] + users) // (2 * users)
            for name, users in self.paying_users.items()
        }

    def to_wire(self) -> dict[str, Any]:
        """Write the metrics as JSON."""
        return {
            "mrrCents": dict(self.mrr_cents),
            "activeSubscriptions": self.active_subscriptions,
            "cancelingSubscriptions": self.canceling_subscriptions,
            "endUsers": self.end_users,
            "usageThisPeriod": self.usage_this_period,
            "usageByDay": [day.to_wire() for day in self.usage_by_day],
            "newUsersByDay": [day.to_wire() for day in self.new_users_by_day],
            "byPlan": dict(self.by_plan),
            "arpuCents": self.arpu_cents,
            **self.revenue.to_wire(),
        }


@dataclass(frozen=True, slots=True)
class Overview:
    """A platform over some days, beside the same number of days before them.

    Attributes:
        metrics: how it stands now, with the counts of the days.
        usage_before: units of the days before.
        new_users_before: users who came in the days before.
        mrr_by_day: currency → minor units a month, at the end of each of the days.
        mrr_before: currency → minor units a month when the days began.
        revenue_before: how revenue moved in the days before.
        latest_call_at: when the platform last counted a call; None before the first.
    """

    metrics: Metrics
    usage_before: int
    new_users_before: int
    mrr_by_day: Mapping[str, Sequence[DayCount]]
    mrr_before: Mapping[str, int]
    revenue_before: Revenue
    latest_call_at: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """What happened to one user, each list newest first."""

    movements: Sequence[Movement]
    entries: Sequence[Entry]


def last_days(now: datetime, days: int) -> list[date]:
    """List the last UTC days, today the last of them.

    Raises:
        ValidationFailed: not between 1 and DAYS_MAX.
    """
    if not 1 <= days <= DAYS_MAX:
        raise ValidationFailed.of("days", f"Must be between 1 and {DAYS_MAX}.")
    return [now.date() - timedelta(days=back) for back in reversed(range(days))]


def fill_days(days: Sequence[date], counts: Mapping[date, int]) -> list[DayCount]:
    """Give one count for each day; a day of which nothing is known counts nothing."""
    return [DayCount(day, counts.get(day, 0)) for day in days]


def _length_error(param: str, value: str | None, characters_max: int) -> list[FieldError]:
    if value is None or len(value) <= characters_max:
        return []
    return [FieldError(param, f"Must be at most {characters_max} characters.")]


def _choice_error(param: str, value: str | None, choices: Sequence[str]) -> list[FieldError]:
    if not value or value in choices:
        return []
    return [FieldError(param, f"Must be one of: {', '.join(choices)}.")]


def fill_history(
    days: Sequence[date], history: Mapping[str, Mapping[date | None, int]]
) -> tuple[dict[str, list[DayCount]], dict[str, int]]:
    """Add movements up: what stood at the end of each day, and what stood before the first.

    Args:
        days: the days, without gaps.
        history: currency → day → what moved; what moved before the first day is under None.
    """
    by_day: dict[str, list[DayCount]] = {}
    before = {currency: moved.get(None, 0) for currency, moved in sorted(history.items())}
    for currency, total in before.items():
        by_day[currency] = []
        for day in days:
            total += history[currency].get(day, 0)  # noqa: PLW2901 - the sum runs from day to day.
            by_day[currency].append(DayCount(day, total))
    return by_day, before
