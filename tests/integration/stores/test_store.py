"""What a store promises: whole verbs or nothing, durable, and never in each other's way."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from dream_api.gateways.clock import MovableClock
from dream_api.stores import Bindings, DriverConnection, StoreUnavailable


async def test_a_verb_that_raises_writes_nothing_and_spares_its_neighbours(
    bindings: Bindings,
) -> None:
    """Verbs of one batch are undone one by one."""
    store, tokens = bindings.front_auth_api.developers, bindings.front_auth_api.platform_tokens

    def fails(connection: Connection) -> None:
        tokens.put(connection, "fails", 1)
        raise ValueError

    outcomes = await asyncio.gather(
        store.write(lambda connection: tokens.put(connection, "before", 1)),
        store.write(fails),
        store.write(lambda connection: tokens.put(connection, "after", 1)),
        return_exceptions=True,
    )
    found = await store.read(tokens.list)

    assert isinstance(outcomes[1], ValueError)
    assert ["after", "before"] == [entry.key for entry in found]


async def test_a_verb_cannot_commit_for_everyone(bindings: Bindings) -> None:
    """A commit inside a verb is that verb's failure; the writer goes on."""
    store, tokens = bindings.front_auth_api.developers, bindings.front_auth_api.platform_tokens

    def commits(connection: Connection) -> None:
        tokens.put(connection, "half", 1)
        connection.commit()

    with pytest.raises(RuntimeError, match="never commits"):
        await store.write(commits)
    await store.write(lambda connection: tokens.put(connection, "whole", 1))
    found = await store.read(tokens.list)

    assert ["whole"] == [entry.key for entry in found]


async def test_a_reader_cannot_write(bindings: Bindings) -> None:
    """``read`` is read-only whatever its service may write."""
    store, tokens = bindings.front_auth_api.developers, bindings.front_auth_api.platform_tokens

    with pytest.raises(StoreUnavailable):
        await store.read(lambda connection: tokens.put(connection, "a", 1))


async def test_key_values_and_rows_of_a_world_change_together(bindings: Bindings) -> None:
    """One verb, one transaction: a failure takes the key-value row with it."""
    store, tokens = bindings.api_multi.customers.of("pk"), bindings.api_multi.customer_tokens

    def half(connection: Connection) -> None:
        tokens.put(connection, "platform:pk:version", 1)
        connection.exec_driver_sql("INSERT INTO users (platform_id) VALUES ('pk')")

    with pytest.raises(Exception, match=r"(?i)not.null"):
        await store.write(half)
    found = await store.read(tokens.list)

    assert [] == found


async def test_an_expired_key_is_gone_for_readers_and_swept_later(
    bindings: Bindings, clock: MovableClock
) -> None:
    """Expiry is exact; the sweep only frees the space."""
    store, tokens = bindings.front_auth_api.developers, bindings.front_auth_api.platform_tokens
    soon = clock.now().replace(year=clock.now().year + 1)
    await store.write(lambda connection: tokens.put(connection, "a", 1, expires_at=soon))

    clock.advance(366 * 24 * 3600)
    seen = await store.read(lambda connection: tokens.get(connection, "a"))
    dropped = await store.write(tokens.drop_expired)

    assert (None, 1) == (seen, dropped)


async def test_a_value_is_taken_once(bindings: Bindings) -> None:
    """Of many callers that take a key at once, exactly one gets it."""
    store, tokens = bindings.front_auth_api.developers, bindings.front_auth_api.platform_tokens
    await store.write(lambda connection: tokens.put(connection, "oauth:state:x", 7))

    taken = await asyncio.gather(
        *(store.write(lambda c: tokens.take(c, "oauth:state:x")) for _ in range(20))
    )

    assert [7] == [value for value in taken if value is not None]


async def test_what_waits_at_one_moment_shares_a_transaction(bindings: Bindings) -> None:
    """Group commit: many items, few calls of the batch verb, each item answered in its place."""
    sizes: list[int] = []

    async def double(_: DriverConnection, items: Sequence[int]) -> Sequence[int]:
        sizes.append(len(items))
        return [2 * item for item in items]

    meter = bindings.api_multi.meter
    answers = await asyncio.gather(*(meter.write_batched(double, item) for item in range(500)))

    assert [2 * item for item in range(500)] == answers
    assert len(sizes) < 500


async def test_a_batch_verb_that_raises_fails_its_items_alone(bindings: Bindings) -> None:
    """The control-plane verb that rode in the same batch stands."""
    tokens = bindings.api_multi.customer_tokens

    async def broken(connection: DriverConnection, _: Sequence[int]) -> Sequence[int]:
        await connection.fetch("INSERT INTO no_such_table VALUES (1)")
        return []

    outcomes = await asyncio.gather(
        bindings.api_multi.meter.write_batched(broken, 1),
        bindings.api_multi.customers.write(lambda connection: tokens.put(connection, "a", 1)),
        return_exceptions=True,
    )

    assert "no_such_table" in str(outcomes[0])
    assert 1 == await bindings.api_multi.customers.read(lambda c: tokens.get(c, "a"))
