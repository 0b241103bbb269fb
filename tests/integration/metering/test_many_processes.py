"""Several processes count on one PostgreSQL database, exactly as if they were one.

Each has connections, caches and batches of its own, so it is as far from the others here as on
another machine.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import asyncpg
import pytest

from dream_api.customers.metering import (
    IdempotencyConflict,
    Metering,
    TrackEvent,
    set_blocked,
    set_entitlement,
)
from dream_api.customers.metering.batch import Call, GroupCommit
from dream_api.customers.metering.preparing import prepare
from dream_api.customers.platforms import PlatformCache
from dream_api.kit.periods import to_milliseconds
from dream_api.stores import DriverConnection, RacingConnection, Role, World
from dream_api.stores.postgres import PostgresStores
from dream_api.stores.postgres.connections import connect
from tests.integration.metering.conftest import PRO
from tests.integration.metering.conftest import World as Platform
from tests.postgres_fixtures import Database

PROCESSES = 3


@pytest.fixture
def engine(database: Database) -> Database:
    """Choose PostgreSQL: files have one serving process."""
    return database


@pytest.fixture
async def processes(world: Platform, database: Database) -> AsyncIterator[list[Metering]]:
    """Give the metering of several processes."""
    opened = [PostgresStores(database.addresses, world.clock) for _ in range(PROCESSES)]
    meterings = [Metering(stores.bindings.api_multi, world.clock) for stores in opened]
    yield meterings
    for metering, stores in zip(meterings, opened, strict=True):
        await metering.close()
        await stores.close()


async def test_the_limit_is_shared_to_the_last_unit(
    world: Platform, processes: list[Metering]
) -> None:
    """Under any concurrency never more than the limit, and never less while somebody asks."""
    await world.metering.track(world.platform_id, TrackEvent("u_1"))

    async def client(process: Metering) -> list[int]:
        decisions = [await process.track(world.platform_id, TrackEvent("u_1")) for _ in range(12)]
        return [decision.usage for decision in decisions if decision.allowed]

    counted = await asyncio.gather(*(client(process) for process in processes * 4))

    assert list(range(2, 101)) == sorted(usage for usages in counted for usage in usages)
    assert [] == await world.differences()


async def test_new_users_are_made_once(world: Platform, processes: list[Metering]) -> None:
    """Who is unknown to all processes at once becomes one user with every count."""
    await asyncio.gather(
        *(
            process.track(world.platform_id, TrackEvent(f"u_{number}"))
            for number in range(40)
            for process in processes
        )
    )

    assert [(40, PROCESSES, PROCESSES)] == world.rows(
        "SELECT count(*), min(usage_count), max(usage_count) FROM users"
    )
    assert [] == await world.differences()


async def test_a_key_counts_once_wherever_it_arrives(
    world: Platform, processes: list[Metering]
) -> None:
    """A client that repeats itself to another process gets the first answer."""
    decisions = await asyncio.gather(
        *(
            process.track(world.platform_id, TrackEvent(f"u_{number}", 2, f"k_{number}"))
            for number in range(30)
            for process in processes
        )
    )

    assert 30 == sum(not decision.replayed for decision in decisions)
    assert {2} == {decision.usage for decision in decisions}
    assert [] == await world.differences()


async def test_a_key_is_one_events_even_when_users_differ(
    world: Platform, processes: list[Metering]
) -> None:
    """No lock on a user orders these, so the key itself does."""
    outcomes = await asyncio.gather(
        *(
            process.track(world.platform_id, TrackEvent(f"u_{number}", 1, "k"))
            for number, process in enumerate(processes)
        ),
        return_exceptions=True,
    )

    assert PROCESSES - 1 == sum(isinstance(o, IdempotencyConflict) for o in outcomes)
    assert [(1,)] == world.rows("SELECT count(*) FROM metering_ledger")


async def test_a_batch_writes_nothing_over_what_another_process_counted(
    world: Platform, processes: list[Metering]
) -> None:
    """It is undone whole, and decided again on what is there now, with the rows held."""
    await world.metering.track(world.platform_id, TrackEvent("u_1"))
    commit = GroupCommit(PlatformCache())
    held: list[bool] = []

    async def overtaken(connection: DriverConnection, calls: Sequence[Call]) -> Sequence[Any]:
        racing = cast("RacingConnection", connection)
        held.append(racing.locks)
        if not racing.locks:
            return await commit(Overtaken(racing, world, processes[0]), calls)
        return await commit(connection, calls)

    now_ms = to_milliseconds(world.clock.now())
    event = prepare(world.platform_id, TrackEvent("u_1", 5, "k_1"), None, now_ms)
    call = Call(world.platform_id, None, (event,), now_ms, False)
    decision = await world.bindings.api_multi.meter.write_batched(overtaken, call)

    assert [False, True] == held
    assert 7 == decision.usage
    assert [(3, 7)] == world.rows("SELECT count(*), sum(amount) FROM metering_ledger")
    assert [] == await world.differences()


class Overtaken:
    """A connection on whose batch another process counts between its reading and its writing."""

    def __init__(self, connection: RacingConnection, world: Platform, other: Metering) -> None:
        self._connection = connection
        self._world = world
        self._other = other
        self.dialect, self.locks = connection.dialect, connection.locks
        self.fetch, self.execute_many = connection.fetch, connection.execute_many

    async def settle(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Write too late."""
        await self._other.track(self._world.platform_id, TrackEvent("u_1"))
        await self._connection.settle(sql, parameters)


async def test_a_change_of_tiers_holds_everywhere_at_once(
    world: Platform, processes: list[Metering]
) -> None:
    """Caches of other processes are never older than the transaction that asks."""
    for process in processes:
        await process.track(world.platform_id, TrackEvent("u_1", 10))
    await world.publish(PRO)

    decisions = [await process.track(world.platform_id, TrackEvent("u_1")) for process in processes]

    assert {"no_plan"} == {decision.reason for decision in decisions}


async def test_changes_of_a_busy_user_get_through(
    world: Platform, processes: list[Metering]
) -> None:
    """Counting never pauses, and still a plan, a block and a correction take their turn."""
    await world.metering.track(world.platform_id, TrackEvent("u_1"))
    is_over = False

    async def hammer(process: Metering) -> None:
        while not is_over:
            await process.track(world.platform_id, TrackEvent("u_1"))

    hammers = [asyncio.create_task(hammer(process)) for process in processes * 4]
    try:
        for blocked in (True, False):
            await world.metering.adjust(world.platform_id, "u_1", amount=1, reason="test")
            await world.write(
                lambda c: set_entitlement(
                    c, world.platform_id, "u_1", plan="unlimited", had_subscription=True
                )
            )
            await world.write(
                lambda c, blocked=blocked: set_blocked(  # type: ignore[misc]
                    c, world.platform_id, "u_1", blocked=blocked
                )
            )
    finally:
        is_over = True
        await asyncio.gather(*hammers)

    assert [] == await world.differences()


async def test_a_roll_up_waits_for_numbers_that_are_not_committed(
    world: Platform, database: Database
) -> None:
    """A row's number is given before its commit; a later one must not carry the mark past it."""
    await world.metering.track(world.platform_id, TrackEvent("u_1"))
    slow = await connect(database.addresses[Role.METER], World.CUSTOMERS)
    await _count_slowly(slow, world.platform_id)
    await world.metering.track(world.platform_id, TrackEvent("u_2"))

    rolling = asyncio.create_task(world.loop.roll_up())
    await asyncio.wait([rolling], timeout=0.2)
    was_waiting = not rolling.done()
    await slow.execute("COMMIT")
    await slow.close()

    assert (True, 3) == (was_waiting, await rolling)
    assert [(3,)] == world.rows("SELECT sum(units) FROM metering_rollups")


async def _count_slowly(connection: asyncpg.Connection, platform_id: str) -> None:
    """Begin what a process does that counts for u_1, and leave it open."""
    await connection.execute("BEGIN")
    await connection.execute(
        "INSERT INTO metering_ledger (platform_id, user_id, amount, period_start, event_at,"
        " recorded_at, kind) SELECT $1, 'u_1', 1, period_start, last_active, last_active, 'track'"
        " FROM customer_usage_kv WHERE user_id = 'u_1'",
        platform_id,
    )
