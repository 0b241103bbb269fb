"""Every "no" of the table of bindings, on the real engine."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from dream_api.stores import BindingRefused, Bindings, Store
from tests.integration.stores.conftest import meter

REFUSED_READS = [
    ("oauth-api", "developers", "platform_usage_kv"),
    ("oauth-api", "customers", "users"),
    ("oauth-api", "customers", "customer_usage_kv"),
    ("oauth-api", "customers", "metering_ledger"),
    ("front-auth-api", "customers", "customer_usage_kv"),
]

REFUSED_WRITES = [
    ("oauth-api", "developers", "DELETE FROM platform_usage_kv"),
    ("oauth-api", "developers", "DELETE FROM identity_sessions"),
    ("oauth-api", "customers", "DELETE FROM users"),
    ("oauth-api", "customers", "DELETE FROM customer_usage_kv"),
    ("front-auth-api", "customers", "DELETE FROM users"),
    ("front-auth-api", "customers", "UPDATE users SET plan = 'pro'"),
    ("front-auth-api", "customers", "DELETE FROM customer_usage_kv"),
    ("front-auth-api", "customers", "DELETE FROM metering_ledger"),
]


REFUSED_TO_THE_METER = [
    "UPDATE users SET plan = 'pro'",
    "UPDATE users SET mrr_cents = 1",
    "DELETE FROM customer_tokens_kv",
    "DELETE FROM identity_sessions",
]


def store_of(bindings: Bindings, service: str, world: str) -> Store:
    """Find the store that a service was given for a world."""
    given = {
        "front-auth-api": bindings.front_auth_api,
        "oauth-api": bindings.oauth_api,
        "api-multi": bindings.api_multi,
    }[service]
    store: Store = getattr(given, world)
    return store


def sql(statement: str) -> Callable[[Connection], object]:
    """Make a verb of one statement."""
    return lambda connection: connection.execute(text(statement))


@pytest.mark.parametrize(("service", "world", "table"), REFUSED_READS)
async def test_a_service_cannot_read_what_it_was_not_given(
    bindings: Bindings, service: str, world: str, table: str
) -> None:
    """Neither a reader nor the shared writer shows a service another one's table."""
    store = store_of(bindings, service, world)
    look = sql(f"SELECT * FROM {table}")  # noqa: S608 - names from the table above.

    with pytest.raises(BindingRefused):
        await store.read(look)
    with pytest.raises(BindingRefused):
        await store.write(look)


@pytest.mark.parametrize(("service", "world", "statement"), REFUSED_WRITES)
async def test_a_service_cannot_write_what_it_was_not_given(
    bindings: Bindings, service: str, world: str, statement: str
) -> None:
    """The engine refuses the statement before it runs."""
    with pytest.raises(BindingRefused):
        await store_of(bindings, service, world).write(sql(statement))


@pytest.mark.parametrize("statement", REFUSED_TO_THE_METER)
async def test_the_meter_can_do_nothing_but_count(bindings: Bindings, statement: str) -> None:
    """The hot path's role is narrower than the service that it belongs to."""
    with pytest.raises(BindingRefused):
        await meter(bindings, statement)


def test_api_multi_holds_nothing_of_the_developers_world(bindings: Bindings) -> None:
    """There is no object through which the customers' door could reach the other world."""
    assert not hasattr(bindings.api_multi, "developers")
    assert not hasattr(bindings.api_multi, "platform_tokens")


@pytest.mark.parametrize(
    ("namespace", "key"),
    [
        ("platform_tokens", "user:dev_1:platformId"),
        ("platform_tokens", "apikey:00"),
        ("customer_tokens", "apikey:00"),
        ("customer_tokens", "platform:pk_live_1:tierConfig"),
        ("customer_tokens", "platform:pk_live_1:status"),
    ],
)
async def test_oauth_api_writes_only_its_own_keys(
    bindings: Bindings, namespace: str, key: str
) -> None:
    """Of the namespaces that it reads, oauth-api writes its state and connection keys alone."""
    given = bindings.oauth_api
    store = given.developers if namespace == "platform_tokens" else given.customers
    values = getattr(given, namespace)

    with pytest.raises(BindingRefused):
        await store.write(lambda connection: values.put(connection, key, 1))
    with pytest.raises(BindingRefused):
        await store.write(lambda connection: values.delete(connection, key))


async def test_the_role_of_one_verb_does_not_leak_into_the_next(bindings: Bindings) -> None:
    """A statement cached under a strong role is asked again when a weak role sends it."""
    look = sql("SELECT count(*) FROM platform_usage_kv")

    await bindings.front_auth_api.developers.write(look)

    with pytest.raises(BindingRefused):
        await bindings.oauth_api.developers.write(look)
