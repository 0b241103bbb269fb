"""Rollups are exact at any moment, and the audit finds what does not fit."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from dream_api.customers.metering import TrackEvent, read_days, read_user_days
from dream_api.stores import Connection
from tests.integration.metering.conftest import NOON, World

DAY = timedelta(days=1)
SINCE, UNTIL = NOON - 5 * DAY, NOON + 5 * DAY


async def days(world: World) -> dict[date, int]:
    """Read the platform's units by day."""
    return await world.bindings.front_auth_api.customers.of(world.platform_id).read(
        lambda connection: read_days(connection, world.platform_id, SINCE, UNTIL)
    )


async def days_of(world: World, user_id: str) -> dict[date, int]:
    """Read one user's units by day, as the dashboard may."""

    def verb(connection: Connection) -> dict[date, int]:
        return read_user_days(connection, world.platform_id, user_id, since=SINCE, until=UNTIL)

    return await world.bindings.front_auth_api.customers.of(world.platform_id).read(verb)


async def test_charts_are_exact_before_during_and_after_a_roll_up(world: World) -> None:
    """What is rolled up and the tail that is not add up to what was counted, always."""
    yesterday = NOON - DAY
    expected = {NOON.date(): 7, yesterday.date(): 5}
    await world.metering.track(world.platform_id, TrackEvent("u_1", 3))
    await world.metering.track(world.platform_id, TrackEvent("u_2", 4))
    await world.metering.track(world.platform_id, TrackEvent("u_1", 5, timestamp=yesterday))

    seen = [await days(world)]
    while await world.loop.roll_up(limit=1):
        seen.append(await days(world))

    assert [expected] * 4 == seen
    assert {NOON.date(): 3, yesterday.date(): 5} == await days_of(world, "u_1")
    assert [] == await world.differences()


async def test_rolling_up_again_adds_nothing(world: World) -> None:
    """Watermark and sums move together, so a repeat finds nothing to do."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 3))

    worked = [await world.loop.roll_up() for _ in range(3)]

    assert [1, 0, 0] == worked
    assert {NOON.date(): 3} == await days(world)


async def test_late_events_join_an_hour_that_was_rolled_up_before(world: World) -> None:
    """An hour may grow after it was summed."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 3))
    await world.loop.roll_up()
    world.clock.moment += timedelta(hours=2)
    await world.metering.track(world.platform_id, TrackEvent("u_1", 4, timestamp=NOON))
    await world.loop.roll_up()

    assert [(7, 2)] == world.rows("SELECT units, events FROM metering_rollups")


async def test_corrections_count_on_the_day_they_are_made(world: World) -> None:
    """A chart's sum over the month is the month's usage."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 10))
    world.clock.moment += DAY
    await world.metering.adjust(world.platform_id, "u_1", amount=-4, reason="refund")

    assert {NOON.date(): 10, (NOON + DAY).date(): -4} == await days(world)


async def test_charts_of_platforms_are_apart(world: World) -> None:
    """Another platform's units appear nowhere."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 3))
    stranger = "pk_test_drm_stranger"

    found = await world.bindings.front_auth_api.customers.of(world.platform_id).read(
        lambda connection: read_days(connection, stranger, SINCE, UNTIL)
    )

    assert {} == found


@pytest.mark.parametrize(
    ("damage", "counter"),
    [
        ("UPDATE customer_usage_kv SET usage_count = usage_count + 1", "usage"),
        ("UPDATE customer_usage_kv SET previous_count = 1", "previous month"),
        ("UPDATE users SET usage_count = 0", "users.usage_count"),
        ("UPDATE users SET period_start = 0, usage_count = 0", "users.period_start"),
        ("DELETE FROM users", "users.period_start"),
        ("DELETE FROM customer_usage_kv", "usage row"),
        ("UPDATE metering_rollups SET units = units + 1", "rollup"),
        ("DELETE FROM metering_rollups", "missing rollup"),
        ("UPDATE metering_user_days SET units = 0", "day"),
        ("DELETE FROM metering_user_days", "missing day"),
    ],
)
async def test_the_audit_finds_every_kind_of_damage(
    world: World, damage: str, counter: str
) -> None:
    """A counter that was changed behind the ledger's back is reported by name."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 3))
    await world.loop.roll_up()
    assert [] == await world.differences()

    await world.write(lambda connection: connection.exec_driver_sql(damage))

    assert counter in {found.split(" of ")[0] for found in await world.differences()}


async def test_the_ledger_cannot_be_changed_or_cut(world: World) -> None:
    """What was counted stays as it was counted, also for our own code."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 3))

    with pytest.raises(Exception, match="append-only"):
        await world.write(lambda c: c.exec_driver_sql("UPDATE metering_ledger SET amount = 1"))
    with pytest.raises(Exception, match="append-only"):
        await world.write(lambda c: c.exec_driver_sql("DELETE FROM metering_ledger"))

    assert [(3,)] == world.rows("SELECT amount FROM metering_ledger")


async def test_the_audit_reads_one_moment_while_calls_go_on(world: World) -> None:
    """A live server is no reason for a difference."""
    tracks = [
        world.metering.track(world.platform_id, TrackEvent(f"u_{number % 7}"))
        for number in range(200)
    ]
    audits = [world.differences() for _ in range(5)]

    results = await asyncio.gather(*tracks, *audits)

    assert [[]] * 5 == list(results[200:])


async def test_moments_of_the_last_month_are_counted_there(world: World) -> None:
    """The audit knows the previous month too, over the end of a year."""
    world.clock.moment = datetime(2026, 12, 31, 23, 50, tzinfo=UTC)
    await world.metering.track(world.platform_id, TrackEvent("u_1", 3))
    world.clock.moment = datetime(2027, 1, 1, 0, 10, tzinfo=UTC)
    late = datetime(2026, 12, 31, 23, 55, tzinfo=UTC)
    await world.metering.track(world.platform_id, TrackEvent("u_1", 4, timestamp=late))

    assert [(0, 7)] == world.rows("SELECT usage_count, previous_count FROM customer_usage_kv")
    assert [] == await world.differences()
