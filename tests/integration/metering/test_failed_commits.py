"""A transaction that fails is everyone's failure, and leaves no trace on disk or in memory."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from dream_api.customers.metering import Decision, TrackEvent
from dream_api.stores import Connection
from dream_api.stores.sqlite import SqliteStores
from tests.integration.metering.conftest import World

CALLERS = 8


@pytest.fixture
def engine(stores: SqliteStores) -> SqliteStores:
    """Stay with SQLite, whose batches also carry the control plane's verbs."""
    return stores


def _prepare(data_dir: Path, *statements: str) -> None:
    with closing(sqlite3.connect(data_dir / "customers.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def _spoil_the_commit(connection: Connection) -> None:
    """Write what SQLite refuses only at COMMIT: a child whose parent never comes."""
    connection.execute(text("INSERT INTO spoilers (parent) VALUES (1)"))


async def _count(world: World, *, beside: bool) -> list[Decision | BaseException]:
    """Count for some users at once, beside a verb that spoils the commit or one that does not."""
    calls = [
        world.metering.track(
            world.platform_id, TrackEvent(f"u_{number}", idempotency_key=f"k_{number}")
        )
        for number in range(CALLERS)
    ]
    if beside:
        calls.append(world.write(_spoil_the_commit))
    return await asyncio.gather(*calls, return_exceptions=True)


@pytest.fixture
async def spoiled(world: World, data_dir: Path) -> World:
    """Give a platform in a file whose next commit a verb can spoil."""
    _prepare(
        data_dir,
        "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
        "CREATE TABLE spoilers (parent REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    return world


async def test_when_commit_fails_everyone_of_the_batch_gets_the_error(spoiled: World) -> None:
    """Nobody is told of a count that is not on disk."""
    answers = await _count(spoiled, beside=True)

    assert [True] * (CALLERS + 1) == [isinstance(answer, Exception) for answer in answers]
    assert {0} == set(spoiled.counts().values())


async def test_nothing_in_memory_stays_raised_by_a_commit_that_failed(spoiled: World) -> None:
    """The same keys count once afterwards, from the usage that is on disk."""
    await _count(spoiled, beside=True)
    again = await _count(spoiled, beside=False)

    decisions = [answer for answer in again if isinstance(answer, Decision)]
    assert [(1, False)] * CALLERS == [(one.usage, one.replayed) for one in decisions]
    assert CALLERS == spoiled.counts()["metering_ledger"]
    assert [] == await spoiled.differences()


@pytest.mark.parametrize("beside_a_verb", [False, True])
async def test_a_batch_that_fails_halfway_counts_nothing(
    world: World, data_dir: Path, *, beside_a_verb: bool
) -> None:
    """Counters are written before the ledger: when its turn fails, they are as they were.

    A verb that rides in the same transaction stands all the same.
    """
    _prepare(
        data_dir,
        "CREATE TABLE notes (note TEXT)",
        "CREATE TRIGGER broken BEFORE INSERT ON metering_ledger WHEN NEW.user_id = 'u_7'"
        " BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END",
    )
    calls = [
        world.metering.track(world.platform_id, TrackEvent(f"u_{number}"))
        for number in range(CALLERS)
    ]
    if beside_a_verb:
        note = text("INSERT INTO notes (note) VALUES ('kept')")
        calls.append(world.write(lambda connection: connection.execute(note)))
    answers = await asyncio.gather(*calls, return_exceptions=True)

    assert [True] * CALLERS == [isinstance(one, Exception) for one in answers[:CALLERS]]
    assert {0} == set(world.counts().values())
    assert [(int(beside_a_verb),)] == world.rows("SELECT count(*) FROM notes")
