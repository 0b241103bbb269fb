"""The product on both engines, and the engines' ways to fail."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dream_api.stores.postgres import connections
from dream_api.stores.sqlite import SqliteStores
from dream_api.stores.sqlite import connections as sqlite_connections
from dream_api.stores.sqlite import writer as writer_module
from dream_api.stores.sqlite.connections import open_writer
from tests.both_engines import engine
from tests.integration.faults.site import Site, SwitchedConnection, open_site
from tests.postgres_fixtures import Database

__all__ = ["engine"]


@pytest.fixture
async def site(
    engine: SqliteStores | Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Site]:
    """Serve the product on one engine; remember by which connections it writes its files."""
    writers: dict[str, SwitchedConnection] = {}

    def remember(path: Path) -> sqlite3.Connection:
        opened = open_writer(path)
        assert isinstance(opened, SwitchedConnection)
        writers[path.name] = opened
        return opened

    monkeypatch.setattr(sqlite_connections, "VerbConnection", SwitchedConnection)
    monkeypatch.setattr(writer_module, "open_writer", remember)
    async with open_site(engine, data_dir, writers) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten how long a caller waits for a store that does not answer."""
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LOCK_WAIT_MS_MAX", 300)
    monkeypatch.setattr(writer_module, "LOCK_PATIENCE_SECONDS", 0.1)
