"""One suite, both engines: import these fixtures into a conftest and each test runs on each."""

from collections.abc import AsyncIterator

import pytest

from dream_api.gateways.clock import MovableClock
from dream_api.stores import Bindings
from dream_api.stores.postgres import PostgresStores
from dream_api.stores.sqlite import SqliteStores
from tests.postgres_fixtures import Database

__all__ = ["bindings", "engine"]


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> SqliteStores | Database:
    """Give the stores' files, opened, or a fresh database."""
    found: SqliteStores | Database = request.getfixturevalue(
        "stores" if request.param == "sqlite" else "database"
    )
    return found


@pytest.fixture
async def bindings(engine: SqliteStores | Database, clock: MovableClock) -> AsyncIterator[Bindings]:
    """Give every service's bindings; on PostgreSQL each speaks as its own role."""
    if isinstance(engine, SqliteStores):
        yield engine.bindings
        return
    async with PostgresStores(engine.addresses, clock) as stores:
        yield stores.bindings
