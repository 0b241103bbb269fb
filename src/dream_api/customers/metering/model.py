"""The decision: pure rules of who may use how much, on values.

Times are Unix milliseconds here, since the hot path compares them; a ``Decision`` carries
moments. A ``Usage`` is a working copy: the rules change it in place, the caller stores it.
"""

from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from dream_api.customers.platforms import Tier, TierConfig
from dream_api.kit.periods import from_milliseconds, month_of, to_milliseconds

AMOUNT_MAX = 1_000_000
"""Units that one event may count."""
USAGE_MAX = 2**53 - 1
"""Units that a month can hold even on an unlimited tier: the largest integer JavaScript keeps."""
LATE_MS_MAX = 24 * 60 * 60 * 1000
"""How far back a ``timestamp`` may lie when it arrives."""
MINUTE_MS = 60_000
LAST_ACTIVE_STEP_MS = 10_000
"""How far ``lastActive`` may lag behind: the index over it is not rewritten by each call of a busy
user, which would cost a third of everything that a count writes."""
DAY_MS = 24 * 60 * 60 * 1000
_MONTHS_CACHED = 64
_MINUTES_CACHED = 16


class Denial(StrEnum):
    """Why nothing was counted, in the order tested; the last appears in batches only."""

    USER_BLOCKED = "user_blocked"
    SUBSCRIPTION_INACTIVE = "subscription_inactive"
    NO_PLAN = "no_plan"
    USAGE_LIMIT_REACHED = "usage_limit_reached"
    RATE_LIMITED = "rate_limited"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"


class RateLimit(msgspec.Struct, frozen=True, rename="camel"):
    """Where an end user stands in the fixed UTC minute; counts are admitted ``track`` calls."""

    limit: int
    remaining: int
    reset_at: datetime


class Decision(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to "may this end user use so much?". A denial is an answer, not an error.

    ``limit`` and ``remaining`` are None when unlimited. Without a plan the limit is 0.
    """

    allowed: bool
    reason: Denial | None
    user_id: str
    plan: str | None
    usage: int
    limit: int | None
    remaining: int | None
    period_start: datetime
    period_end: datetime
    rate_limit: RateLimit | None
    replayed: bool = False


class TrackEvent(msgspec.Struct, frozen=True):
    """One use to count, checked by the door. ``timestamp`` None means now."""

    user_id: str
    amount: int = 1
    idempotency_key: str | None = None
    timestamp: datetime | None = None
    properties: dict[str, Any] | None = None


class Usage(msgspec.Struct):
    """A working copy of one end user's usage row.

    ``plan`` None falls back to the platform's free tier at each decision; ``shown_plan`` is
    what that came to, for readers of the namespace. ``previous_count`` is the month before
    ``period_start_ms``: events up to 24 hours late are still counted and limited there.
    """

    user_id: str
    plan: str | None = None
    shown_plan: str | None = None
    had_subscription: int = 0
    is_blocked: int = 0
    period_start_ms: int = 0
    usage_count: int = 0
    previous_count: int = 0
    minute_start_ms: int = 0
    minute_count: int = 0
    last_active_ms: int | None = None


class Month(msgspec.Struct, frozen=True):
    """A calendar month in UTC, the period of every tier; the end is exclusive."""

    start_ms: int
    end_ms: int
    start: datetime
    end: datetime


def month_at(moment_ms: int) -> Month:
    """Give the month that holds a moment."""
    return _month_of_day(moment_ms // DAY_MS)


@lru_cache(maxsize=_MONTHS_CACHED)
def _month_of_day(day: int) -> Month:
    start, end = month_of(from_milliseconds(day * DAY_MS))
    return Month(to_milliseconds(start), to_milliseconds(end), start, end)


@lru_cache(maxsize=_MINUTES_CACHED)
def _end_of_minute(minute_start_ms: int) -> datetime:
    return datetime.fromtimestamp((minute_start_ms + MINUTE_MS) // 1000, UTC)


def check(usage: Usage, tiers: TierConfig, *, amount: int, now_ms: int) -> Decision:
    """Tell what ``track`` would answer now. Counts nothing."""
    month = open_month(usage, now_ms, now_ms)
    tier = tier_of(usage, tiers)
    minute_ms = open_minute(usage, now_ms)
    used = usage.usage_count
    denial = _denial(usage, tier, used + amount, is_rate_limited=True)
    return _decision(usage, tier, denial, month=month, used=used, minute_ms=minute_ms)


def track(
    usage: Usage, tiers: TierConfig, *, amount: int, event_ms: int, now_ms: int, is_call: bool
) -> Decision:
    """Count *amount* into the month of the event if it fits, else count nothing.

    Args:
        usage: changed only if the answer is allowed (apart from opening month and minute).
        tiers: the platform's.
        amount: units, 1 or more.
        event_ms: when it happened; decides the month.
        now_ms: when it arrived; decides the minute.
        is_call: whether it is a call of its own that the minute limits and counts; an event of
            a batch is not.
    """
    month = open_month(usage, now_ms, event_ms)
    tier = tier_of(usage, tiers)
    minute_ms = open_minute(usage, now_ms)
    is_late = month.start_ms < usage.period_start_ms
    used = usage.previous_count if is_late else usage.usage_count
    denial = _denial(usage, tier, used + amount, is_rate_limited=is_call)
    if denial is None:
        used += amount
        if is_late:
            usage.previous_count = used
        else:
            usage.usage_count = used
        if is_call:
            usage.minute_count += 1
        last_ms = usage.last_active_ms
        if last_ms is None or last_ms + LAST_ACTIVE_STEP_MS <= event_ms:
            usage.last_active_ms = event_ms
    if tier is not None:
        usage.shown_plan = tier.name
    return _decision(usage, tier, denial, month=month, used=used, minute_ms=minute_ms)


def tier_of(usage: Usage, tiers: TierConfig) -> Tier | None:
    """Give the tier that decides: the entitled one, else the free one, else none."""
    entitled = tiers.find(usage.plan) if usage.plan is not None else None
    return entitled or tiers.free()


def open_month(usage: Usage, now_ms: int, event_ms: int) -> Month:
    """Bring the row forward to the month of *now_ms*, and give the month that the event counts in.

    That is the month of *event_ms*, but never one that the row has no count of any more: a
    clock that was set back cannot reopen older months.
    """
    current = month_at(now_ms)
    if usage.period_start_ms < current.start_ms:
        is_next = month_at(usage.period_start_ms).end_ms == current.start_ms
        usage.previous_count = usage.usage_count if is_next else 0
        usage.usage_count = 0
        usage.period_start_ms = current.start_ms
    if event_ms >= usage.period_start_ms:
        return current
    return month_at(usage.period_start_ms - 1)


def open_minute(usage: Usage, now_ms: int) -> int:
    """Bring the row forward to the minute of *now_ms*; give that minute's start."""
    minute_ms = now_ms - now_ms % MINUTE_MS
    if usage.minute_start_ms == minute_ms + MINUTE_MS:
        return usage.minute_start_ms  # Another machine's clock is a little ahead.
    if usage.minute_start_ms != minute_ms:
        usage.minute_start_ms = minute_ms
        usage.minute_count = 0
    return minute_ms


def conflict(usage: Usage, tiers: TierConfig, *, now_ms: int) -> Decision:
    """Answer an event of a batch whose key was used for other content."""
    decision = check(usage, tiers, amount=1, now_ms=now_ms)
    return msgspec.structs.replace(decision, allowed=False, reason=Denial.IDEMPOTENCY_CONFLICT)


def retry_after_seconds(decision: Decision, *, amount: int, now: datetime) -> int | None:
    """Tell after how many seconds time alone heals a denial; None when it never does."""
    match decision.reason:
        case Denial.RATE_LIMITED if decision.rate_limit is not None:
            heals_at = decision.rate_limit.reset_at
        case Denial.USAGE_LIMIT_REACHED if (
            decision.limit is not None and amount <= decision.limit and now < decision.period_end
        ):
            heals_at = decision.period_end
        case _:
            return None
    return max(1, -int((now - heals_at).total_seconds() // 1))


def _denial(usage: Usage, tier: Tier | None, total: int, *, is_rate_limited: bool) -> Denial | None:
    if usage.is_blocked:
        return Denial.USER_BLOCKED
    if tier is None:
        return Denial.SUBSCRIPTION_INACTIVE if usage.had_subscription else Denial.NO_PLAN
    if total > (USAGE_MAX if tier.limit is None else tier.limit):
        return Denial.USAGE_LIMIT_REACHED
    calls_max = tier.rate_limit_per_minute
    if is_rate_limited and calls_max is not None and usage.minute_count >= calls_max:
        return Denial.RATE_LIMITED
    return None


def _decision(
    usage: Usage,
    tier: Tier | None,
    denial: Denial | None,
    *,
    month: Month,
    used: int,
    minute_ms: int,
) -> Decision:
    limit = 0 if tier is None else tier.limit
    rate_limit = None
    if tier is not None and tier.rate_limit_per_minute is not None:
        calls_max = tier.rate_limit_per_minute
        left = max(calls_max - usage.minute_count, 0)
        rate_limit = RateLimit(calls_max, left, _end_of_minute(minute_ms))
    return Decision(
        denial is None,
        denial,
        usage.user_id,
        None if tier is None else tier.name,
        used,
        limit,
        None if limit is None else max(limit - used, 0),
        month.start,
        month.end,
        rate_limit,
    )
