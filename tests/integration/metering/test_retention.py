"""What is old goes by the month and by the week, and nothing that is kept changes."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from dream_api.customers.metering import Metering, TrackEvent, read_days
from dream_api.customers.platforms import Tier
from dream_api.stores import BindingRefused
from tests.integration.metering.conftest import World
from tests.postgres_fixtures import Database

MONTHS = [datetime(2026, month, 15, 12, 0, tzinfo=UTC) for month in (8, 9, 10, 11)]
LEDGER = "SELECT period_start, sum(amount) FROM metering_ledger GROUP BY 1 ORDER BY 1"
PARTITIONS = (
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{}'::regclass ORDER BY 1"
)


async def live_through(world: World) -> None:
    """Use the platform in each of the months; who comes in the first comes never again."""
    for index, moment in enumerate(MONTHS):
        world.clock.moment = moment
        await world.metering.track(world.platform_id, TrackEvent(f"only_{index}", 5))
        await world.metering.track(world.platform_id, TrackEvent("u_1", index + 1, f"k_{index}"))


async def roll_up(world: World) -> None:
    """Let the worker come by."""
    await world.loop.make_partitions()
    while await world.loop.roll_up():
        pass


async def prune(world: World, months: int | None) -> None:
    """Let the worker prune until it is done."""
    while await world.loop.prune_ledger(months, limit=2):
        pass


async def days(world: World) -> dict[date, int]:
    """Read what the chart of the whole time shows."""
    since, until = MONTHS[0] - timedelta(days=20), MONTHS[-1] + timedelta(days=20)
    found = await world.bindings.front_auth_api.customers.of(world.platform_id).read(
        lambda connection: read_days(connection, world.platform_id, since, until)
    )
    return dict(found)


async def test_old_months_go_and_nothing_else_changes(world: World) -> None:
    """Counters, charts and the audit are the same; the rows of the kept months are all there."""
    await live_through(world)
    await roll_up(world)
    before, chart = world.rows(LEDGER), await days(world)

    await prune(world, 1)

    assert before[2:] == world.rows(LEDGER)
    assert chart == await days(world)
    assert [] == await world.differences()
    assert 4 == (await world.metering.usage(world.platform_id, "u_1")).usage


async def test_the_audit_still_sees_what_is_kept(world: World) -> None:
    """Pruning is no excuse: a counter of a kept month that is wrong is found."""
    await live_through(world)
    await roll_up(world)
    await prune(world, 1)

    await world.write(lambda c: c.exec_driver_sql("UPDATE users SET usage_count = 77"))
    await world.write(lambda c: c.exec_driver_sql("UPDATE metering_rollups SET units = units + 1"))
    found = await world.differences()

    assert any("users.usage_count of u_1" in line for line in found)
    assert 2 == sum(line.startswith("rollup") for line in found)
    assert not any("only_0" in line for line in found)


async def test_a_month_that_is_not_rolled_up_stays(world: World) -> None:
    """The charts live on the rollups, so the ledger waits for them."""
    await live_through(world)
    before = world.rows(LEDGER)

    await prune(world, 1)

    assert before == world.rows(LEDGER)


async def test_without_a_setting_everything_is_kept(world: World) -> None:
    """Retention is the operator's decision."""
    await live_through(world)
    await roll_up(world)
    before = world.rows(LEDGER)

    await prune(world, None)

    assert before == world.rows(LEDGER)


async def test_pruning_goes_on_month_after_month(world: World) -> None:
    """Each month one more goes, late events at the boundary included."""
    await live_through(world)
    world.clock.moment = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)
    late = TrackEvent("u_1", 1, None, world.clock.moment - timedelta(hours=8))
    await world.metering.track(world.platform_id, late)
    await world.metering.track(world.platform_id, TrackEvent("u_1", 9))
    await roll_up(world)
    await prune(world, 2)
    for month in (2, 3):
        world.clock.moment = datetime(2027, month, 3, tzinfo=UTC)
        await prune(world, 1)

    assert [] == world.rows(LEDGER)
    assert [] == await world.differences()


async def test_kept_rows_cannot_be_deleted_after_pruning(world: World) -> None:
    """The ledger is append-only where it is complete."""
    await live_through(world)
    await roll_up(world)
    await prune(world, 1)

    with pytest.raises(Exception, match="append-only"):
        await world.write(lambda c: c.exec_driver_sql("DELETE FROM metering_ledger"))


class TestPartitions:
    """PostgreSQL keeps months and weeks apart."""

    @pytest.fixture
    def engine(self, database: Database) -> Database:
        """Choose PostgreSQL."""
        return database

    async def test_months_and_weeks_to_come_are_there(self, world: World) -> None:
        """They are made ahead, so that no call ever waits for one, or falls beside it."""
        world.clock.moment = datetime(2027, 5, 31, 23, 59, tzinfo=UTC)
        await world.loop.make_partitions()
        ledger = {name for (name,) in world.rows(PARTITIONS.format("metering_ledger"))}
        weeks = {name for (name,) in world.rows(PARTITIONS.format("metering_idempotency"))}
        this_week = int(world.clock.moment.timestamp()) // (7 * 24 * 3600)

        assert {f"metering_ledger_2027_{month:02}" for month in (4, 5, 6, 7, 8)} <= ledger
        assert {f"metering_idempotency_{this_week + n:06}" for n in range(-1, 4)} <= weeks

    async def test_what_came_before_its_partition_is_put_into_it(self, world: World) -> None:
        """Counting never waits for the worker; what fell beside is told, and moved whole."""
        world.clock.moment = datetime(2031, 7, 31, 23, 0, tzinfo=UTC)
        for number in range(3):
            await world.metering.track(world.platform_id, TrackEvent("u_1", 1, f"k_{number}"))
        world.clock.moment += timedelta(hours=2)
        await world.metering.track(world.platform_id, TrackEvent("u_1", 1, "k_3"))
        beside = world.rows("SELECT id FROM metering_ledger_other ORDER BY id")

        moved = await world.loop.make_partitions()

        assert (4, 4 + 4) == (len(beside), moved)
        assert [] == world.rows("SELECT id FROM metering_ledger_other")
        assert [(3,)] == world.rows("SELECT count(*) FROM metering_ledger_2031_07")
        assert beside == world.rows("SELECT id FROM metering_ledger ORDER BY id")
        again = await world.metering.track(world.platform_id, TrackEvent("u_1", 1, "k_3"))
        assert again.replayed
        assert 0 == await world.loop.make_partitions()
        assert [] == await world.differences()

    async def test_moving_loses_nothing_under_load(self, world: World) -> None:
        """Whoever counts meanwhile waits for a moment, and is counted once."""
        world.clock.moment = datetime(2033, 3, 15, tzinfo=UTC)
        await world.publish(Tier("free", "Free", 0))
        is_over = False
        counted = 0

        async def hammer(metering: Metering) -> None:
            nonlocal counted
            while not is_over:
                decision = await metering.track(world.platform_id, TrackEvent("u_1", 1))
                counted += decision.allowed

        hammers = [asyncio.create_task(hammer(world.metering)) for _ in range(16)]
        for step in range(6):
            await asyncio.sleep(0.1)
            await world.loop.make_partitions()
            world.clock.moment += timedelta(days=31 * (step + 5))
        await asyncio.sleep(0.1)
        is_over = True
        await asyncio.gather(*hammers)
        await world.loop.make_partitions()

        assert [(counted,)] == world.rows("SELECT sum(amount) FROM metering_ledger")
        assert [] == world.rows("SELECT id FROM metering_ledger_other")
        assert [] == await world.differences()

    async def test_a_week_of_keys_goes_as_a_whole(self, world: World) -> None:
        """A key is good for seven days at least; then its partition is dropped."""
        await world.loop.make_partitions()
        await world.metering.track(world.platform_id, TrackEvent("u_1", 1, "k"))
        await world.loop.index_keys()
        world.clock.moment += timedelta(days=7)
        await world.loop.forget_old_keys()
        kept = world.rows("SELECT count(*) FROM metering_idempotency")
        world.clock.moment += timedelta(days=7)
        await world.loop.forget_old_keys()

        assert ([(1,)], [(0,)]) == (kept, world.rows("SELECT count(*) FROM metering_idempotency"))

    @pytest.mark.parametrize("verb", ["make", "drop"])
    @pytest.mark.parametrize("table", ["metering_ledger", "metering_idempotency"])
    async def test_no_door_may_cut_or_drop(self, world: World, table: str, verb: str) -> None:
        """The loop alone may call what runs with the owner's rights."""
        with pytest.raises(BindingRefused, match="permission denied for function"):
            await world.write(lambda c: c.exec_driver_sql(f"SELECT {table}_{verb}(0)"))
