"""A store that cannot be used: nothing is admitted, everybody is told, and it heals by itself."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from dream_api.stores import World
from dream_api.stores.postgres.connections import connect
from tests.integration.faults.site import Site
from tests.postgres_fixtures import Database
from tests.postgres_server import PostgresServer

CALLS = 40
CLIENTS = 24
CALLS_BETWEEN = 60
STOPS = (PostgresServer.stop, PostgresServer.kill, PostgresServer.stop)
LOST_MAX = CLIENTS * len(STOPS)
"""Calls in flight, whose commit may have been cut off: their outcome is for the caller to ask."""

Fault = Callable[[Site], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def file_locked(site: Site) -> AsyncIterator[None]:
    """Have another process hold the file."""
    intruder = sqlite3.connect(site.data_dir / "customers.db", isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    yield
    intruder.execute("ROLLBACK")
    intruder.close()


@asynccontextmanager
async def file_read_only(site: Site) -> AsyncIterator[None]:
    """Have SQLite refuse every write, as on a disk that is mounted read-only.

    To mount one takes more than a test may do, and root overlooks the mode of a file.
    """
    writer = site.writers["customers.db"]
    writer.is_read_only = True
    yield
    writer.is_read_only = False


@asynccontextmanager
async def tables_locked(site: Site) -> AsyncIterator[None]:
    """Have an operator hold the tables, as for a repair."""
    holder = await connect(
        database_of(site).owner_url, World.CUSTOMERS, idle_in_transaction_session_timeout="0"
    )
    async with holder.transaction():
        await holder.execute("LOCK TABLE customer_usage_kv, customer_tokens_kv")
        yield
    await holder.close()


@asynccontextmanager
async def full(site: Site) -> AsyncIterator[None]:
    """Answer what PostgreSQL answers when its disk is full."""
    sql, name = database_of(site).server.sql, database_of(site).name
    tables = ("metering_ledger", "customer_tokens_kv")
    triggers = "; ".join(
        f"CREATE TRIGGER no_room BEFORE INSERT ON customers.{table}"
        " FOR EACH ROW EXECUTE FUNCTION customers.no_room()"
        for table in tables
    )
    sql(
        "CREATE FUNCTION customers.no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$; " + triggers,
        name,
    )
    yield
    sql("DROP FUNCTION customers.no_room CASCADE", name)


@asynccontextmanager
async def read_only(site: Site) -> AsyncIterator[None]:
    """Let nobody write, as on a standby."""
    sql, name = database_of(site).server.sql, database_of(site).name
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - ours.
    sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    sql(end)
    yield
    sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    sql(end)


@asynccontextmanager
async def down(site: Site) -> AsyncIterator[None]:
    """Stop the server."""
    database_of(site).server.stop()
    yield
    database_of(site).server.start()


def database_of(site: Site) -> Database:
    """Give the site's database."""
    assert site.database is not None, "this fault is PostgreSQL's"
    return site.database


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("engine", "fault"),
    [
        ("sqlite", file_locked),
        ("sqlite", file_read_only),
        ("postgres", tables_locked),
        ("postgres", full),
        ("postgres", read_only),
        ("postgres", down),
    ],
    indirect=["engine"],
)
async def test_a_store_that_fails_admits_nothing_and_heals(site: Site, fault: Fault) -> None:
    """Metered calls are 503 problems, ``/readyz`` says no, ``/healthz`` yes; then all is well."""
    await site.track("before")
    async with fault(site):
        answers = await asyncio.gather(*(site.track(f"during-{n}") for n in range(CALLS)))
        ready, healthy = await asyncio.gather(site.status("/readyz"), site.status("/healthz"))
    is_ready = await site.becomes_ready()
    after = await site.track("after")

    assert {503} == {answer.status_code for answer in answers}
    assert {"application/problem+json"} == {answer.headers["content-type"] for answer in answers}
    assert {"store_unavailable"} == {answer.json()["code"] for answer in answers}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    assert (503, 200, True, 200) == (ready, healthy, is_ready, after.status_code)
    assert ["before", "after"] == site.acknowledged
    assert 2 == site.counted()
    assert [] == await site.differences()


async def more_calls(site: Site) -> None:
    """Go on once CALLS_BETWEEN more are acknowledged."""
    enough = len(site.acknowledged) + CALLS_BETWEEN
    while len(site.acknowledged) < enough:  # noqa: ASYNC110 - the clients know no event for it.
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_restarts_under_load_lose_no_count_and_cause_no_storm(site: Site) -> None:
    """Callers wait for the server to come back; a commit that was cut off is told as a 503."""
    server = database_of(site).server
    refused: list[int] = []
    is_over = False

    async def client(number: int) -> None:
        call = 0
        while not is_over:
            call += 1
            answer = await site.track(f"{number}-{call}", f"u_{call % 7}")
            if answer.status_code != 200:
                refused.append(answer.status_code)

    clients = [asyncio.create_task(client(number)) for number in range(CLIENTS)]
    for stop in STOPS:
        await more_calls(site)
        await asyncio.to_thread(stop, server)
        await asyncio.to_thread(server.start)
    await more_calls(site)
    is_over = True
    await asyncio.gather(*clients)
    first = list(site.acknowledged)
    again = [await site.track(key, f"u_{int(key.split('-')[1]) % 7}") for key in first]

    assert set(refused) <= {503}
    assert len(refused) <= LOST_MAX
    assert all(answer.json()["replayed"] for answer in again)
    assert len(first) <= site.counted() <= len(first) + len(refused)
    assert [] == await site.differences()
