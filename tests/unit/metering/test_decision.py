"""The decision's rules, on values alone."""

from datetime import UTC, datetime, timedelta

import pytest

from dream_api.customers.metering import Denial, retry_after_seconds
from dream_api.customers.metering.model import (
    DAY_MS,
    MINUTE_MS,
    USAGE_MAX,
    Decision,
    Usage,
    check,
    month_at,
    open_minute,
    open_month,
    track,
)
from dream_api.customers.platforms import Tier, TierConfig
from dream_api.kit.periods import to_milliseconds

NOON = datetime(2026, 11, 15, 12, 0, 30, tzinfo=UTC)
NOON_MS = to_milliseconds(NOON)
FREE = Tier("free", "Free", 0, limit=10, rate_limit_per_minute=2)
PRO = Tier("pro", "Pro", 2900, limit=None)
TIERS = TierConfig((FREE, PRO))


def counted(usage: Usage, tiers: TierConfig = TIERS, *, amount: int = 1) -> Decision:
    """Track one call at noon."""
    return track(usage, tiers, amount=amount, event_ms=NOON_MS, now_ms=NOON_MS, is_call=True)


def test_reasons_are_tested_in_the_documented_order() -> None:
    """Whoever fails several tests hears of the first; each mended shows the next."""
    full_minute = NOON_MS - NOON_MS % MINUTE_MS
    usage = Usage(
        "u_1",
        had_subscription=1,
        is_blocked=1,
        period_start_ms=month_at(NOON_MS).start_ms,
        usage_count=10,
        minute_start_ms=full_minute,
        minute_count=2,
    )
    nothing = TierConfig((PRO,))

    reasons = [counted(usage, nothing).reason]
    usage.is_blocked = 0
    reasons.append(counted(usage, nothing).reason)
    usage.had_subscription = 0
    reasons.append(counted(usage, nothing).reason)
    reasons.append(counted(usage).reason)
    usage.usage_count = 9
    reasons.append(counted(usage).reason)
    usage.minute_count = 1
    reasons.append(counted(usage).reason)

    assert [
        Denial.USER_BLOCKED,
        Denial.SUBSCRIPTION_INACTIVE,
        Denial.NO_PLAN,
        Denial.USAGE_LIMIT_REACHED,
        Denial.RATE_LIMITED,
        None,
    ] == reasons


def test_check_changes_no_count() -> None:
    """Asking twice gives the same answer twice."""
    usage = Usage("u_1")

    answers = [check(usage, TIERS, amount=10, now_ms=NOON_MS) for _ in range(2)]

    assert answers[0] == answers[1]
    assert (0, 0, None) == (usage.usage_count, usage.minute_count, usage.last_active_ms)


def test_check_says_what_track_would_answer() -> None:
    """For every amount around the limit, asking and counting agree."""
    for amount in (1, 9, 10, 11, 1_000_000):
        asked = check(Usage("u_1"), TIERS, amount=amount, now_ms=NOON_MS)
        answered = counted(Usage("u_1"), amount=amount)

        assert (asked.allowed, asked.reason) == (answered.allowed, answered.reason)


def test_unlimited_shows_no_limit_and_still_ends_somewhere() -> None:
    """A month holds what JavaScript can count; beyond that nothing wraps."""
    usage = Usage("u_1", plan="pro", period_start_ms=month_at(NOON_MS).start_ms)
    usage.usage_count = USAGE_MAX - 1

    last = counted(usage)
    beyond = counted(usage)

    assert (True, None, None) == (last.allowed, last.limit, last.remaining)
    assert (Denial.USAGE_LIMIT_REACHED, USAGE_MAX) == (beyond.reason, beyond.usage)


def test_remaining_is_never_below_zero() -> None:
    """After a downgrade usage may exceed the limit; what is left is nothing."""
    usage = Usage("u_1", period_start_ms=month_at(NOON_MS).start_ms, usage_count=25)

    assert 0 == check(usage, TIERS, amount=1, now_ms=NOON_MS).remaining


def test_an_archived_tier_keeps_who_is_on_it_and_catches_nobody_new() -> None:
    """Archiving hides a tier from newcomers, the free tier too."""
    archived = Tier("free", "Free", 0, limit=10, archived=True)
    old = Tier("old", "Old", 500, limit=5, archived=True)
    tiers = TierConfig((archived, old))

    kept = counted(Usage("u_1", plan="old"), tiers)
    newcomer = counted(Usage("u_2"), tiers)

    assert ("old", Denial.NO_PLAN) == (kept.plan, newcomer.reason)


def test_a_plan_that_no_tier_has_falls_back_to_the_free_one() -> None:
    """A name that nobody knows gives nothing more than nobody has."""
    assert "free" == counted(Usage("u_1", plan="gone")).plan


@pytest.mark.parametrize(
    ("stored", "now", "expected"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 30, 23, 59, tzinfo=UTC), (7, 3)),
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), (0, 7)),
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), (0, 7)),
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), (0, 0)),
        (datetime(2028, 2, 1, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC), (7, 3)),
    ],
)
def test_a_month_ends_at_midnight_utc(
    stored: datetime, now: datetime, expected: tuple[int, int]
) -> None:
    """The running count starts anew and the last one is kept for late events."""
    usage = Usage("u_1", period_start_ms=to_milliseconds(stored), usage_count=7, previous_count=3)

    open_month(usage, to_milliseconds(now), to_milliseconds(now))

    assert expected == (usage.usage_count, usage.previous_count)


def test_a_clock_that_was_set_back_reopens_nothing() -> None:
    """An event of a month that the row has left counts in the last one it remembers."""
    december = datetime(2026, 12, 1, tzinfo=UTC)
    usage = Usage("u_1", period_start_ms=to_milliseconds(december), usage_count=1)

    decision = counted(usage)

    assert (datetime(2026, 11, 1, tzinfo=UTC), 1) == (decision.period_start, decision.usage)
    assert (1, 1) == (usage.usage_count, usage.previous_count)


def test_a_minute_of_a_clock_a_little_ahead_goes_on() -> None:
    """Two machines at the turn of a minute share one count."""
    minute_ms = NOON_MS - NOON_MS % MINUTE_MS
    ahead = Usage("u_1", minute_start_ms=minute_ms + MINUTE_MS, minute_count=2)
    far = Usage("u_1", minute_start_ms=minute_ms + DAY_MS, minute_count=2)

    assert minute_ms + MINUTE_MS == open_minute(ahead, NOON_MS)
    assert (2, minute_ms) == (ahead.minute_count, open_minute(far, NOON_MS))
    assert 0 == far.minute_count


def test_only_what_time_heals_says_when() -> None:
    """A minute passes, a month passes; a limit below the amount never does."""
    usage = Usage("u_1", period_start_ms=month_at(NOON_MS).start_ms, usage_count=10)
    month_end = datetime(2026, 12, 1, tzinfo=UTC)

    full = counted(usage)
    limited = Usage("u_2")
    rate_limited = [counted(limited) for _ in range(3)][-1]
    blocked = counted(Usage("u_3", is_blocked=1))

    assert int((month_end - NOON).total_seconds()) == retry_after_seconds(full, amount=1, now=NOON)
    assert None is retry_after_seconds(full, amount=11, now=NOON)
    assert 30 == retry_after_seconds(rate_limited, amount=1, now=NOON)
    assert 1 == retry_after_seconds(rate_limited, amount=1, now=NOON + timedelta(seconds=29.5))
    assert None is retry_after_seconds(blocked, amount=1, now=NOON)
