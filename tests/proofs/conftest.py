"""The product as processes of its own, on either engine, with everything that reaches the disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.processes import DevServer
from tests.postgres_fixtures import Database, start_server
from tests.postgres_server import PostgresServer


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[DevServer]:
    """Run the product on SQLite."""
    server = DevServer(tmp_path / "data").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    """Run a PostgreSQL server whose commits reach the disk."""
    server = start_server(durable=True)
    yield server
    server.close()


@pytest.fixture
def database(durable: PostgresServer, request: pytest.FixtureRequest) -> Database:
    """Give a database of this test's own, not migrated yet."""
    made = Database(durable, request.node.originalname)
    durable.sql(f"CREATE DATABASE {made.name}")
    return made


@pytest.fixture
def postgres_dev(database: Database, tmp_path: Path) -> Iterator[DevServer]:
    """Run ``dev`` on PostgreSQL, for a developer to receive keys from."""
    server = DevServer(tmp_path / "data", database.environment).start()
    yield server
    server.stop()
