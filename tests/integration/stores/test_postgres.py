"""What only a shared server can do: go away, come back, be read-only, and serve many at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text

from dream_api.gateways.clock import MovableClock
from dream_api.stores import BindingRefused, Bindings, Raced, Role, StoreUnavailable, World
from dream_api.stores.errors import DatabaseNotSetUp, SchemaMismatch
from dream_api.stores.postgres import (
    PostgresOperatorStores,
    PostgresStores,
    check_database,
    connections,
    migrate_database,
)
from dream_api.stores.postgres.store import OPTIMISTIC_TRIES
from tests.integration.stores.conftest import meter
from tests.postgres_fixtures import Database


@pytest.fixture
async def bindings(database: Database, clock: MovableClock) -> AsyncIterator[Bindings]:
    """Give every service's bindings, as one process has them."""
    async with PostgresStores(database.addresses, clock) as stores:
        yield stores.bindings


@pytest.fixture
async def other(database: Database, clock: MovableClock) -> AsyncIterator[Bindings]:
    """Give the same as another process has them: connections of its own."""
    async with PostgresStores(database.addresses, clock) as stores:
        yield stores.bindings


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten how long a caller waits for a server that is away."""
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.3)


@pytest.fixture
def spare(database: Database) -> Iterator[Database]:
    """Give a database that a test may spoil."""
    made = Database(database.server, "spare")
    made.create()
    yield made
    made.server.sql("DROP DATABASE spare WITH (FORCE)")


async def count(bindings: Bindings) -> None:
    """Add one to a counter, by reading it first."""
    given = bindings.front_auth_api

    def verb(connection: Connection) -> None:
        found = given.platform_tokens.get(connection, "counter") or 0
        given.platform_tokens.put(connection, "counter", found + 1)

    await given.developers.write(verb)


async def counted(bindings: Bindings) -> int:
    """Read the counter."""
    given = bindings.front_auth_api
    found: Any = await given.developers.read(lambda c: given.platform_tokens.get(c, "counter"))
    return int(found)


async def test_verbs_of_two_processes_end_as_if_each_had_run_alone(
    bindings: Bindings, other: Bindings
) -> None:
    """What a verb has read cannot change under it; the loser is run again, unseen."""
    await asyncio.gather(*(count(process) for process in (bindings, other) * 15))

    assert 30 == await counted(bindings)


async def test_a_restart_costs_a_moment_and_loses_nothing(
    bindings: Bindings, database: Database
) -> None:
    """Who asks while the server restarts is answered when it is back."""
    await count(bindings)
    database.server.stop()
    waiting = [asyncio.create_task(count(bindings)) for _ in range(3)]
    hot = asyncio.create_task(meter(bindings, "SELECT 1"))
    await asyncio.sleep(0)
    await asyncio.to_thread(database.server.start)

    await asyncio.gather(*waiting, hot)

    assert 4 == await counted(bindings)


async def test_a_killed_server_has_everything_that_was_answered(
    bindings: Bindings, database: Database
) -> None:
    """An answer was on disk; recovery brings it back."""
    await count(bindings)

    database.server.kill()
    database.server.start()

    assert 1 == await counted(bindings)


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_stays_away_is_unavailable_at_once(
    bindings: Bindings, database: Database
) -> None:
    """The first caller waits a while, later ones do not; afterwards it heals by itself."""
    await count(bindings)
    database.server.stop()
    try:
        with pytest.raises(StoreUnavailable):
            await count(bindings)
        with pytest.raises(StoreUnavailable):
            await meter(bindings, "SELECT 1")
        began_at = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await count(bindings)
        waited_seconds = time.monotonic() - began_at
    finally:
        database.server.start()
    await count(bindings)
    await meter(bindings, "SELECT 1")

    assert waited_seconds < connections.PATIENCE_SECONDS
    assert 2 == await counted(bindings)


async def test_a_database_that_takes_no_writes_is_unavailable(
    bindings: Bindings, database: Database
) -> None:
    """A standby or a full disk shows as 503, never as something that was stored."""
    name = database.name
    database.server.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        with pytest.raises(StoreUnavailable):
            await count(bindings)
        with pytest.raises(StoreUnavailable):
            await meter(bindings, "UPDATE customer_usage_kv SET usage_count = 0")
    finally:
        database.server.sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")


async def test_a_row_that_exists_is_the_verbs_own_failure(bindings: Bindings) -> None:
    """A duplicate key may be a lost race, so it is tried again, but not for ever."""
    tries = 0

    def verb(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        for _ in range(2):
            connection.execute(text("INSERT INTO platform_tokens_kv VALUES ('a', '1', NULL)"))

    with pytest.raises(Exception, match="platform_tokens_kv_pkey"):
        await bindings.front_auth_api.developers.write(verb)

    assert 2 == tries


async def test_a_verb_that_keeps_losing_is_given_its_turn(bindings: Bindings) -> None:
    """Counting touches a busy user's row without pause; in the end it waits for the verb."""
    tries = 0

    def verb(connection: Connection) -> int:
        nonlocal tries
        tries += 1
        if tries <= OPTIMISTIC_TRIES:
            raise Raced
        held = text(
            "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()"
            " AND relation = 'customer_usage_kv'::regclass AND mode = 'ExclusiveLock'"
        )
        return int(connection.execute(held).scalar_one())

    assert 1 == await bindings.api_multi.customers.write(verb)


async def test_a_service_cannot_enter_the_other_world(database: Database) -> None:
    """The schema itself is closed to api-multi and to the meter, whatever they name."""
    for role in (Role.API_MULTI, Role.METER):
        connection = await connections.connect(database.addresses[role], World.CUSTOMERS)
        with pytest.raises(Exception, match="permission denied for schema developers"):
            await connection.fetch("SELECT 1 FROM developers.platform_tokens_kv")
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT clerk_email FROM users",
        "SELECT * FROM identity_users",
        "SELECT * FROM metering_ledger",
        "DELETE FROM metering_ledger",
        "DELETE FROM customer_usage_kv",
        "UPDATE metering_idempotency SET answer = ''",
        "INSERT INTO users (platform_id, user_id, created_at, mrr_cents) VALUES ('p', 'u', 0, 9)",
        "INSERT INTO customer_tokens_kv VALUES ('a', '1', NULL)",
    ],
)
async def test_the_meter_sees_no_person_and_deletes_nothing(
    bindings: Bindings, statement: str
) -> None:
    """Its GRANTs are narrower than what SQLite can say: columns, and no DELETE."""
    with pytest.raises(BindingRefused):
        await meter(bindings, statement)


async def test_a_process_without_an_address_says_which_is_missing(
    database: Database, clock: MovableClock
) -> None:
    """A service that was given one role alone can do nothing as another."""
    addresses = {Role.API_MULTI: database.addresses[Role.API_MULTI]}
    async with PostgresStores(addresses, clock) as stores:
        await stores.bindings.api_multi.customers.read(lambda c: c.execute(text("SELECT 1")).all())
        with pytest.raises(BindingRefused, match="DREAM_DATABASE_URL_FRONT_AUTH_API"):
            await count(stores.bindings)


async def test_operators_read_beside_live_servers(bindings: Bindings, database: Database) -> None:
    """``audit`` and ``kv`` see what is committed, and can change nothing."""
    await count(bindings)
    tokens = bindings.front_auth_api.platform_tokens
    async with PostgresOperatorStores(database.owner_url) as operator:
        store = operator.bindings.developers

        assert 1 == await store.read(lambda c: tokens.get(c, "counter"))
        with pytest.raises(StoreUnavailable):
            await store.read(lambda c: tokens.put(c, "counter", 2))


async def test_migrating_again_changes_nothing(bindings: Bindings, database: Database) -> None:
    """Whoever deploys may run it each time, and rights stay as they are."""
    await count(bindings)
    before = rights(database)

    await migrate_database(database.owner_url, database.grantees)

    assert before == rights(database) != []
    assert 1 == await counted(bindings)


async def test_a_role_that_does_not_exist_is_named(database: Database) -> None:
    """The message says what to run."""
    with pytest.raises(DatabaseNotSetUp, match="CREATE ROLE nobody_made_me"):
        await migrate_database(database.owner_url, [(Role.METER, "nobody_made_me")])


async def test_a_schema_of_a_newer_release_is_refused(spare: Database) -> None:
    """Going on with a schema that this release does not know could only do harm."""
    spare.server.sql("UPDATE customers.alembic_version SET version_num = '9999_x'", spare.name)

    with pytest.raises(SchemaMismatch, match="newer"):
        await check_database(None, spare.addresses)


async def test_a_database_that_was_never_migrated_says_what_to_run(database: Database) -> None:
    """The message names the command."""
    with pytest.raises(SchemaMismatch, match="dream-api migrate"):
        await check_database(database.server.url("postgres"), {})


def test_text_sorts_by_code_point_whatever_the_locale(database: Database) -> None:
    """Pages and prefixes compare as on SQLite, so each column says so itself."""
    others = database.rows(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns "
        "WHERE table_schema IN ('developers', 'customers') AND data_type = 'text' "
        "AND collation_name IS DISTINCT FROM 'C'"
    )

    assert [] == others


def rights(database: Database) -> list[tuple[object, ...]]:
    """List every right of every role."""
    return database.rows(
        "SELECT grantee, table_schema, table_name, privilege_type "
        "FROM information_schema.table_privileges "
        "WHERE table_schema IN ('developers', 'customers') ORDER BY 1, 2, 3, 4"
    )
