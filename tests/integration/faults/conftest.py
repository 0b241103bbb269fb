"""The product on both engines, and the engines' ways to fail."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dream_api.stores.postgres import connections
from dream_api.stores.sqlite import SqliteStores
from dream_api.stores.sqlite import writer as writer_module
from tests.both_engines import engine
from tests.integration.faults.site import Site, open_site
from tests.postgres_fixtures import Database

__all__ = ["engine"]


@pytest.fixture
async def site(engine: SqliteStores | Database, data_dir: Path) -> AsyncIterator[Site]:
    """Serve the product on one engine."""
    async with open_site(engine, data_dir) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten how long a caller waits for a store that does not answer."""
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LOCK_WAIT_MS_MAX", 300)
    monkeypatch.setattr(writer_module, "LOCK_PATIENCE_SECONDS", 0.1)
