"""Which month an event counts in, and which timestamps are taken."""

from datetime import UTC, datetime, timedelta

import pytest

from dream_api.customers.metering import (
    Denial,
    TrackEvent,
)
from dream_api.kit.errors import ValidationFailed
from tests.integration.metering.conftest import NOON, World


async def test_a_late_event_counts_in_the_month_of_its_time(world: World) -> None:
    """An hour into December, November is still counted, limited and reported as November."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 90))
    world.clock.moment = datetime(2026, 12, 1, 1, tzinfo=UTC)
    late = datetime(2026, 11, 30, 23, tzinfo=UTC)

    fits = await world.metering.track(world.platform_id, TrackEvent("u_1", 10, timestamp=late))
    too_much = await world.metering.track(world.platform_id, TrackEvent("u_1", 1, timestamp=late))
    now = await world.metering.track(world.platform_id, TrackEvent("u_1", 1))

    assert (True, 100, datetime(2026, 11, 1, tzinfo=UTC)) == (
        fits.allowed, fits.usage, fits.period_start
    )  # fmt: skip
    assert Denial.USAGE_LIMIT_REACHED is too_much.reason
    assert (True, 1, datetime(2026, 12, 1, tzinfo=UTC)) == (
        now.allowed, now.usage, now.period_start
    )  # fmt: skip
    assert [] == await world.differences()


async def test_after_two_months_of_silence_nothing_is_carried_over(world: World) -> None:
    """The month before last is nobody's previous month."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 100))
    world.clock.moment = datetime(2027, 1, 1, 1, tzinfo=UTC)
    late = datetime(2026, 12, 31, 23, tzinfo=UTC)

    decision = await world.metering.track(world.platform_id, TrackEvent("u_1", 1, timestamp=late))

    assert (True, 1) == (decision.allowed, decision.usage)
    assert [] == await world.differences()


@pytest.mark.parametrize(
    ("offset", "is_accepted"),
    [
        (timedelta(seconds=1), False),
        (timedelta(0), True),
        (timedelta(hours=-24), True),
        (timedelta(hours=-24, seconds=-1), False),
    ],
)
async def test_a_timestamp_lies_within_the_last_day(
    world: World, offset: timedelta, *, is_accepted: bool
) -> None:
    """The future and the day before yesterday are refused, naming the parameter."""
    event = TrackEvent("u_1", timestamp=NOON + offset)

    if is_accepted:
        assert (await world.metering.track(world.platform_id, event)).allowed
    else:
        with pytest.raises(ValidationFailed) as refused:
            await world.metering.track(world.platform_id, event)
        assert "timestamp" == refused.value.param
        assert {0} == set(world.counts().values())


async def test_a_repeat_that_comes_too_late_is_still_a_replay(world: World) -> None:
    """A client that retries for two days gets the first answer, not a refusal."""
    event = TrackEvent("u_1", 1, "k", timestamp=NOON - timedelta(hours=1))
    await world.metering.track(world.platform_id, event)
    world.clock.moment += timedelta(days=2)

    again = await world.metering.track(world.platform_id, event)

    assert again.replayed


async def test_one_refused_timestamp_refuses_the_whole_batch(world: World) -> None:
    """Nothing of a malformed request is counted."""
    events = [TrackEvent("u_1"), TrackEvent("u_1", timestamp=NOON + timedelta(days=1))]

    with pytest.raises(ValidationFailed) as refused:
        await world.metering.track_batch(world.platform_id, events)

    assert "events[1].timestamp" == refused.value.param
    assert {0} == set(world.counts().values())
