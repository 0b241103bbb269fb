"""What only files can do: be locked, be served twice, be looked at beside a live server."""

import sqlite3
from pathlib import Path

import pytest

from dream_api.gateways.clock import MovableClock
from dream_api.stores import Bindings, StoreUnavailable
from dream_api.stores.errors import AlreadyServed, DatabaseNotSetUp, SchemaMismatch
from dream_api.stores.sqlite import SqliteStores, check_stores, open_stores_for_operator
from dream_api.stores.sqlite import writer as writer_module


@pytest.fixture
def bindings(stores: SqliteStores) -> Bindings:
    """Give every service's bindings, on files."""
    return stores.bindings


async def test_a_locked_file_is_unavailable_and_heals_by_itself(
    bindings: Bindings, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process holds the file, writes answer 503; afterwards they work again."""
    monkeypatch.setattr(writer_module, "LOCK_PATIENCE_SECONDS", 0.01)
    store, tokens = bindings.front_auth_api.developers, bindings.front_auth_api.platform_tokens
    intruder = sqlite3.connect(data_dir / "developers.db", isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable):
        await store.write(lambda connection: tokens.put(connection, "a", 1))
    intruder.execute("ROLLBACK")
    intruder.close()
    await store.write(lambda connection: tokens.put(connection, "a", 2))

    assert 2 == await store.read(lambda connection: tokens.get(connection, "a"))


def test_a_second_serving_process_is_refused(
    stores: SqliteStores, data_dir: Path, clock: MovableClock
) -> None:
    """One writer per file: the second is told what to do instead."""
    assert stores.bindings

    with pytest.raises(AlreadyServed, match="--data"):
        SqliteStores(data_dir, clock)


async def test_operators_read_beside_a_live_server(bindings: Bindings, data_dir: Path) -> None:
    """``audit`` and ``kv`` see what is committed, and can change nothing."""
    tokens = bindings.front_auth_api.platform_tokens
    await bindings.front_auth_api.developers.write(lambda c: tokens.put(c, "a", 1))

    with open_stores_for_operator(data_dir) as operator:
        seen = await operator.bindings.developers.read(lambda c: tokens.get(c, "a"))

    assert 1 == seen


def test_a_store_of_a_newer_release_is_refused(data_dir: Path) -> None:
    """Going on with a schema that this release does not know could only do harm."""
    with sqlite3.connect(data_dir / "customers.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999_tomorrow'")
    raw.close()

    with pytest.raises(SchemaMismatch, match="newer"):
        check_stores(data_dir)


def test_a_store_that_was_never_migrated_says_what_to_run(tmp_path: Path) -> None:
    """The message names the command."""
    with pytest.raises(DatabaseNotSetUp, match="dream-api migrate"):
        check_stores(tmp_path)
