"""A platform with tiers and a key, metering on both engines, and looks into the tables."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dream_api.customers.metering import Metering, audit
from dream_api.customers.platforms import Tier, TierConfig, write_key, write_tiers
from dream_api.kit.keys import Mode, hash_key, issue_key
from dream_api.kit.periods import rfc3339
from dream_api.stores import Bindings, Connection
from dream_api.stores.sqlite import SqliteStores
from tests.both_engines import bindings, engine
from tests.postgres_fixtures import Database

__all__ = ["bindings", "engine"]

Look = Callable[..., list[tuple[Any, ...]]]

FREE = Tier("free", "Free", 0, limit=100)
PRO = Tier("pro", "Pro", 2900, limit=1_000, rate_limit_per_minute=60)
UNLIMITED = Tier("unlimited", "Unlimited", 9900)
NOON = datetime(2026, 11, 15, 12, 0, tzinfo=UTC)


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Give the moment that the test has set."""
        return self.moment


@dataclass
class World:
    """One platform and everything that a test does to it."""

    bindings: Bindings
    clock: Any
    metering: Metering
    look: Look
    platform_id: str

    def __post_init__(self) -> None:
        """Remember how many idempotency keys others have used: their rows name no platform."""
        self._keys_before = self._count_keys()

    @property
    def loop(self) -> Metering:
        """Metering as the customers' loop has it: its sweeps see all platforms."""
        return Metering(self.bindings.loops.api_multi, self.clock)

    async def publish(self, *tiers: Tier) -> None:
        """Replace the tiers."""
        tokens = self.bindings.api_multi.customer_tokens

        def verb(connection: Connection) -> None:
            write_tiers(connection, tokens, self.platform_id, TierConfig(tiers))

        await self.write(verb)

    async def issue_key(self, **record: Any) -> str:
        """Make a secret key that works."""
        secret = issue_key("sk", Mode.TEST)
        await self.put_key(secret, **record)
        return secret

    async def put_key(self, secret: str, **record: Any) -> None:
        """Write the row of a key."""
        tokens = self.bindings.api_multi.customer_tokens
        row = {
            "platformId": self.platform_id,
            "keyId": "key_1",
            "scopes": [],
            "createdAt": rfc3339(self.clock.now()),
            "expiresAt": None,
            "revokedAt": None,
            "lastUsedAt": None,
        } | record

        def verb(connection: Connection) -> None:
            write_key(connection, tokens, self.platform_id, hash_key(secret), row)

        await self.write(verb)

    async def write(self, verb: Callable[[Connection], Any]) -> Any:
        """Run a verb of the customers' world, on this platform."""
        return await self.bindings.api_multi.customers.of(self.platform_id).write(verb)

    async def differences(self) -> list[str]:
        """Audit."""
        store = self.bindings.loops.api_multi.customers
        return [str(found) for found in await store.read(audit)]

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into the tables as an outside reader would."""
        return self.look(sql, *parameters)

    def counts(self) -> dict[str, int]:
        """Count this platform's rows in every table that counting writes."""
        count = "SELECT count(*) FROM {} WHERE platform_id = ?"
        tables = ("customer_usage_kv", "users", "metering_ledger")
        counts = {table: self.rows(count.format(table), self.platform_id)[0][0] for table in tables}
        return counts | {"metering_idempotency": self._count_keys() - self._keys_before}

    def _count_keys(self) -> int:
        return int(self.rows("SELECT count(*) FROM metering_idempotency")[0][0])


@pytest.fixture
def look(engine: SqliteStores | Database, data_dir: Path) -> Look:
    """Give a way to look into the customers' tables beside the product."""
    return engine.rows if isinstance(engine, Database) else look_into(data_dir)


def look_into(data_dir: Path) -> Look:
    """Give a way to look into a folder's customers.db."""

    def look_into_file(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(data_dir / "customers.db")) as connection:
            return connection.execute(sql, parameters).fetchall()

    return look_into_file


@pytest.fixture
async def world(bindings: Bindings, look: Look) -> AsyncIterator[World]:
    """Give a platform with a free tier of 100, and pro."""
    clock = FixedClock(NOON)
    metering = Metering(bindings.api_multi, clock)
    made = World(bindings, clock, metering, look, issue_key("pk", Mode.TEST))
    await made.publish(FREE, PRO, UNLIMITED)
    yield made
    await metering.close()
