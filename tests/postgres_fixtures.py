"""PostgreSQL for tests: one server and database a run, emptied after each test."""

import asyncio
import itertools
import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from dream_api.settings import Settings
from dream_api.stores import Role, World
from dream_api.stores.postgres import migrate_database
from dream_api.stores.postgres.connections import connect
from tests.postgres_server import PostgresServer, find_programs

ROLES = {
    "front_auth_api": Role.FRONT_AUTH_API,
    "oauth_api": Role.OAUTH_API,
    "api_multi": Role.API_MULTI,
    "meter": Role.METER,
    "worker_developers": Role.WORKER_DEVELOPERS,
    "worker_customers": Role.WORKER_CUSTOMERS,
}
"""The setting's ending, which is the role's name in the database, and whose rights it has."""
EMPTY = """
DO $$
DECLARE name text; is_full boolean;
BEGIN
    FOR name IN SELECT schemaname || '.' || tablename FROM pg_tables
        WHERE schemaname IN ('developers', 'customers') AND tablename <> 'alembic_version'
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO is_full;
        IF is_full THEN EXECUTE 'TRUNCATE ' || name || ' RESTART IDENTITY'; END IF;
    END LOOP;
END $$"""


@dataclass(frozen=True)
class Database:
    """One test's database: both worlds' schemas, with nothing in them."""

    server: PostgresServer
    name: str

    def create(self) -> None:
        """Make it, with both worlds' schemas and every role's rights."""
        self.server.sql(f"CREATE DATABASE {self.name}")
        asyncio.run(migrate_database(self.owner_url, self.grantees))

    def empty(self) -> None:
        """Remove every row; tables that hold none are left alone, which is most of the time."""
        self.server.sql(EMPTY, self.name)

    @property
    def grantees(self) -> list[tuple[Role, str]]:
        """Whose rights each role of the database has."""
        return [(role, name) for name, role in ROLES.items()]

    @property
    def owner_url(self) -> str:
        """The migrator's address."""
        return self.server.url(self.name)

    @property
    def addresses(self) -> Mapping[Role, str]:
        """The address as each role of a service."""
        return {role: self.server.url(self.name, name) for name, role in ROLES.items()}

    @property
    def environment(self) -> dict[str, str]:
        """The settings as the command line reads them, every role named."""
        roles = {
            f"DREAM_DATABASE_URL_{name.upper()}": self.server.url(self.name, name) for name in ROLES
        }
        return {"DREAM_DATABASE_URL": self.owner_url, **roles}

    def settings(self, settings: Settings) -> Settings:
        """Point settings at this database."""
        values = {
            name.removeprefix("DREAM_").lower(): Settings.read_list(url)[0]
            for name, url in self.environment.items()
        }
        return settings.model_copy(update=values)

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into the customers' tables as the owner; ``?`` stands for a parameter."""
        numbers = itertools.count(1)
        numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)

        async def look() -> list[tuple[Any, ...]]:
            connection = await connect(self.owner_url, World.CUSTOMERS)
            try:
                return [tuple(row) for row in await connection.fetch(numbered, *parameters)]
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as beside_the_loop:
            return beside_the_loop.submit(asyncio.run, look()).result()


def start_server(*, durable: bool = False) -> PostgresServer:
    """Start a server; skip loudly on a laptop that lacks the package, fail in CI."""
    programs = find_programs()
    if programs is None:
        message = "PostgreSQL's programs are missing; install them with: make setup"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    server = PostgresServer(programs, durable=durable).start()
    for name in ROLES:
        server.sql(f"CREATE ROLE {name} LOGIN")
    return server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Give a running server with the product's roles; it forgets everything at the end."""
    server = start_server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def migrated_database(postgres: PostgresServer) -> Database:
    """Migrate one database for the whole run, rights included."""
    database = Database(postgres, "shared")
    database.create()
    return database


@pytest.fixture
def database(migrated_database: Database) -> Iterator[Database]:
    """Give a database with both worlds' schemas and nothing in them; it is emptied afterwards."""
    yield migrated_database
    migrated_database.empty()
