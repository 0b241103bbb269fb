"""The meter of developers' own changing calls."""

import asyncio
from datetime import timedelta

import pytest

from dream_api.developers.management_usage import (
    CALLS_PER_MINUTE,
    Limits,
    ManagementLimitReached,
    ManagementUsage,
)
from dream_api.gateways.clock import MovableClock
from dream_api.kit.periods import month_of
from dream_api.stores import Bindings

FREE_CALLS = 5
PAID_CALLS = 500
DEVELOPER = "dev_1"


@pytest.fixture
def usage(bindings: Bindings, clock: MovableClock) -> ManagementUsage:
    """Open the meter."""
    return ManagementUsage(bindings.front_auth_api, clock, Limits(FREE_CALLS, PAID_CALLS))


async def call(usage: ManagementUsage, *, is_paid: bool = False) -> None:
    """Make one call that changes something."""
    async with usage.metered(DEVELOPER, is_paid=is_paid):
        pass


async def counted(usage: ManagementUsage) -> int:
    """Read this month's count."""
    return (await usage.get(DEVELOPER)).usage_count


async def test_racing_calls_never_share_the_last_one(usage: ManagementUsage) -> None:
    """Of twenty calls at once on a limit of five, exactly five are made."""
    results = await asyncio.gather(*(call(usage) for _ in range(20)), return_exceptions=True)

    assert FREE_CALLS == sum(result is None for result in results)
    assert FREE_CALLS == await counted(usage)


async def test_a_call_that_fails_is_not_counted(usage: ManagementUsage) -> None:
    """Only what changed something counts."""
    with pytest.raises(KeyError):
        async with usage.metered(DEVELOPER, is_paid=False):
            raise KeyError

    assert 0 == await counted(usage)


async def test_a_refusal_says_how_long_to_wait(usage: ManagementUsage, clock: MovableClock) -> None:
    """Past the month's limit the wait is the rest of the month."""
    for _ in range(FREE_CALLS):
        await call(usage)

    with pytest.raises(ManagementLimitReached) as refused:
        await call(usage)

    rest = month_of(clock.now())[1] - clock.now()
    waiting = timedelta(seconds=refused.value.retry_after_seconds or 0)
    assert abs(rest - waiting) < timedelta(seconds=5)


async def test_the_next_month_begins_at_nothing(
    usage: ManagementUsage, clock: MovableClock
) -> None:
    """The period is the calendar month in UTC."""
    for _ in range(FREE_CALLS):
        await call(usage)
    rest = month_of(clock.now())[1] - clock.now()

    clock.advance(int(rest.total_seconds()) + 1)
    await call(usage)

    assert 1 == await counted(usage)


async def test_paying_lifts_the_limit_at_once(usage: ManagementUsage) -> None:
    """What was used stays used, and the paid limit applies."""
    for _ in range(FREE_CALLS):
        await call(usage)

    await call(usage, is_paid=True)

    assert FREE_CALLS + 1 == await counted(usage)


async def test_a_minute_has_a_limit_of_its_own(usage: ManagementUsage, clock: MovableClock) -> None:
    """A loop gone wild is stopped, and the next minute is open again."""
    clock.advance(61 - clock.now().second)
    for _ in range(CALLS_PER_MINUTE):
        await call(usage, is_paid=True)

    with pytest.raises(ManagementLimitReached) as refused:
        await call(usage, is_paid=True)
    clock.advance(refused.value.retry_after_seconds or 0)
    await call(usage, is_paid=True)

    assert CALLS_PER_MINUTE + 1 == await counted(usage)
