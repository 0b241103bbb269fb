# ruff: noqa: S608 - what is put into SQL here are constants of this file.
"""On PostgreSQL the database itself keeps platforms apart: every "no" of row-level security."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from dream_api.gateways.clock import MovableClock
from dream_api.stores import BindingRefused, Bindings, Role, World
from dream_api.stores.postgres import PostgresStores, migrate_database
from dream_api.stores.postgres.connections import connect
from dream_api.stores.postgres.row_security import WITHOUT_POLICY
from dream_api.stores.postgres.store import BIND_TO_PLATFORM
from tests.integration.stores.conftest import meter
from tests.postgres_fixtures import Database

OURS, THEIRS = "pk_test_ours", "pk_test_theirs"
DOORS = [Role.FRONT_AUTH_API, Role.OAUTH_API, Role.API_MULTI]
LOOPS = [Role.WORKER_DEVELOPERS, Role.WORKER_CUSTOMERS]
ADD_USER = f"INSERT INTO users (platform_id, user_id, created_at) VALUES ('{THEIRS}', 'new', 0)"
FIND_PLATFORM = "SELECT count(*) FROM customer_tokens_kv WHERE platform_id IS NOT NULL"


@pytest.fixture
async def bindings(database: Database, clock: MovableClock) -> AsyncIterator[Bindings]:
    """Give every service's bindings, with two users and two keys of two platforms."""
    async with PostgresStores(database.addresses, clock) as stores:
        given = stores.bindings
        for platform_id in (OURS, THEIRS):
            await given.api_multi.customers.of(platform_id).write(fill(given, platform_id))
        yield given


def fill(bindings: Bindings, platform_id: str) -> Callable[[Connection], None]:
    """Make a verb that writes a row of each kind for a platform."""
    tokens = bindings.api_multi.customer_tokens

    def verb(connection: Connection) -> None:
        tokens.put(connection, f"platform:{platform_id}:version", 1)
        tokens.put(connection, f"apikey:of {platform_id}", {"platformId": platform_id})
        tokens.put(connection, f"clerkuser:of {platform_id}:profile", {"email": "a@example.com"})
        tokens.put(connection, f"stripeaccount:test:of {platform_id}", platform_id)
        connection.exec_driver_sql(
            "INSERT INTO users (platform_id, user_id, created_at) VALUES ($1, 'u_1', 0)",
            (platform_id,),
        )

    return verb


def sql(statement: str) -> Callable[[Connection], Any]:
    """Make a verb of one statement; give its first value, or how many rows it changed."""

    def verb(connection: Connection) -> Any:
        result = connection.execute(text(statement))
        return result.scalar() if result.returns_rows else result.rowcount

    return verb


async def test_without_a_platform_a_door_sees_no_platforms_rows(bindings: Bindings) -> None:
    """A verb that forgot to say whose it is finds nothing, rather than everybody's."""
    store = bindings.api_multi.customers

    assert 0 == await store.read(sql("SELECT count(*) FROM users"))
    assert 0 == await store.read(sql(FIND_PLATFORM))
    assert 0 == await bindings.oauth_api.customers.read(sql(FIND_PLATFORM))
    assert 0 == await store.write(sql("UPDATE users SET plan = 'pro'"))
    with pytest.raises(BindingRefused, match="row-level security"):
        await store.write(sql(ADD_USER))


async def test_a_platform_sees_its_own_rows_alone(bindings: Bindings) -> None:
    """Whatever a statement forgets to ask for, the rows of others are not there."""
    for store in (bindings.api_multi.customers, bindings.front_auth_api.customers):
        for platform_id in (OURS, THEIRS):
            bound = store.of(platform_id)
            found = await bound.read(sql("SELECT string_agg(platform_id, ',') FROM users"))
            keys = await bound.read(sql("SELECT string_agg(key, ',') FROM customer_tokens_kv"))

            assert platform_id == found
            assert {OURS, THEIRS} - {platform_id} == {
                other for other in (OURS, THEIRS) if f"platform:{other}" not in keys
            }
            assert 3 == await bound.read(sql(FIND_PLATFORM))


@pytest.mark.parametrize(
    "statement",
    [
        ADD_USER,
        f"UPDATE users SET platform_id = '{THEIRS}'",
        f"INSERT INTO customer_tokens_kv VALUES ('platform:{THEIRS}:stripe', '1', NULL)",
    ],
)
async def test_a_platform_cannot_write_rows_of_another(bindings: Bindings, statement: str) -> None:
    """The row itself is refused, whichever way it would get there."""
    with pytest.raises(BindingRefused, match="row-level security"):
        await bindings.api_multi.customers.of(OURS).write(sql(statement))


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE users SET plan = 'pro' WHERE platform_id = '{THEIRS}'",
        f"DELETE FROM users WHERE platform_id = '{THEIRS}'",
        f"DELETE FROM customer_tokens_kv WHERE key = 'apikey:of {THEIRS}'",
    ],
)
async def test_a_platform_changes_nothing_of_another(bindings: Bindings, statement: str) -> None:
    """What cannot be seen cannot be hit either."""
    assert 0 == await bindings.api_multi.customers.of(OURS).write(sql(statement))


async def test_the_platform_is_forgotten_with_the_transaction(database: Database) -> None:
    """The next verb on the same connection starts with nothing."""
    connection = await connect(database.addresses[Role.API_MULTI], World.CUSTOMERS)
    async with connection.transaction():
        await connection.fetch(BIND_TO_PLATFORM, OURS)
        inside = await connection.fetchval("SELECT current_setting('dream.platform_id', true)")
    outside = await connection.fetchval("SELECT current_setting('dream.platform_id', true)")
    await connection.close()

    assert (OURS, "") == (inside, outside)


async def test_what_finds_a_platform_is_found_before_it_is_known(bindings: Bindings) -> None:
    """An event of a connected account names the account only."""
    tokens = bindings.api_multi.customer_tokens
    key = f"stripeaccount:test:of {THEIRS}"

    for store in (bindings.api_multi.customers, bindings.oauth_api.customers.of(OURS)):
        assert THEIRS == await store.read(lambda connection: tokens.get(connection, key))


async def test_the_meter_sees_every_platform_of_its_batch(bindings: Bindings) -> None:
    """One batch carries many platforms; a policy of one would lose the others without a word."""
    await meter(bindings, "UPDATE users SET usage_count = 7")

    for platform_id in (OURS, THEIRS):
        bound = bindings.api_multi.customers.of(platform_id)
        assert 7 == await bound.read(sql("SELECT usage_count FROM users"))


async def test_a_loop_sweeps_all_platforms(bindings: Bindings) -> None:
    """Its role has a policy of its own, and the grants of its world's door."""
    loops = bindings.loops

    assert 2 == await loops.api_multi.customers.read(sql("SELECT count(*) FROM users"))
    assert 2 == await loops.front_auth_api.customers.read(sql("SELECT count(*) FROM users"))
    with pytest.raises(BindingRefused, match="permission denied"):
        await loops.front_auth_api.customers.write(sql("UPDATE users SET plan = 'pro'"))


def test_every_table_with_a_platform_is_guarded(database: Database) -> None:
    """A table that a later migration adds is found by its column, and forced on its owner too."""
    unguarded = database.rows(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'customers'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND NOT c.relispartition AND a.attname IN ('platform_id', 'realm_id')"
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    )

    assert sorted(WITHOUT_POLICY) == sorted(name for (name,) in unguarded)


def test_each_role_has_exactly_one_policy_a_table(database: Database) -> None:
    """Policies add up, so a door that had both would see everything."""
    found = database.rows(
        "SELECT unnest(roles)::text, min(policyname::text), max(policyname::text) FROM pg_policies"
        " WHERE schemaname = 'customers' GROUP BY 1 ORDER BY 1"
    )

    wanted = {role.replace("-", "_"): "one_platform" for role in DOORS}
    wanted |= {role.replace("-", "_"): "every_platform" for role in [*LOOPS, Role.METER, "owner"]}
    assert [(role, policy, policy) for role, policy in sorted(wanted.items())] == found


def test_a_role_whose_work_changes_changes_its_policy(database: Database) -> None:
    """Deploying with other settings leaves nothing of the old ones behind."""
    spare = Database(database.server, "spare_policies")
    spare.create()
    policy_of = (
        "SELECT DISTINCT policyname::text FROM pg_policies"
        " WHERE schemaname = 'customers' AND 'meter' = ANY(roles)"
    )
    try:
        before = spare.rows(policy_of)
        asyncio.run(migrate_database(spare.owner_url, [(Role.API_MULTI, "meter")]))

        assert ([("every_platform",)], [("one_platform",)]) == (before, spare.rows(policy_of))
    finally:
        spare.server.sql("DROP DATABASE spare_policies WITH (FORCE)")


def test_the_owner_needs_to_be_no_superuser(database: Database) -> None:
    """Managed databases give nobody one: policies let the owner see everything, and no door."""
    sql, url = database.server.sql, database.server.url("spare_owner", "plain_owner")
    sql("CREATE ROLE plain_owner LOGIN NOSUPERUSER")
    sql("CREATE DATABASE spare_owner OWNER plain_owner")
    try:
        for _ in range(2):
            asyncio.run(migrate_database(url, database.grantees))
        seen = asyncio.run(_users_seen(url, database.server.url("spare_owner", "api_multi")))
    finally:
        sql("DROP DATABASE spare_owner WITH (FORCE)")
        sql("DROP ROLE plain_owner")

    assert (1, 0) == seen


async def _users_seen(owner_url: str, door_url: str) -> tuple[int, int]:
    owner = await connect(owner_url, World.CUSTOMERS)
    door = await connect(door_url, World.CUSTOMERS)
    try:
        await owner.execute(ADD_USER)
        count = "SELECT count(*) FROM users"
        return await owner.fetchval(count), await door.fetchval(count)
    finally:
        await owner.close()
        await door.close()
