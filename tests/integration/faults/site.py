"""The whole product in this process, on either engine, with one platform that is being used."""

import asyncio
import base64
import secrets
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from typing_extensions import override

from dream_api.app import open_product
from dream_api.customers.metering import Metering, audit
from dream_api.customers.platforms import Tier
from dream_api.gateways.clock import MovableClock
from dream_api.kit.keys import Mode, issue_key
from dream_api.settings import Settings
from dream_api.stores import Bindings
from dream_api.stores.postgres import PostgresOperatorStores, PostgresStores
from dream_api.stores.sqlite import SqliteStores, open_stores_for_operator
from dream_api.stores.sqlite.connections import VerbConnection
from tests.integration.metering.conftest import Look, World, look_into
from tests.postgres_fixtures import Database

LEDGER = "SELECT count(*), coalesce(sum(amount), 0) FROM metering_ledger"
RECOVERY_TRIES = 100
RECOVERY_PAUSE_SECONDS = 0.1


class SwitchedConnection(VerbConnection):
    """A writer's connection that refuses to write from its next transaction on, while told so.

    The pragma is run by whoever has the connection at that moment, as two threads must not.
    """

    is_read_only = False
    _was_read_only = False

    @override
    def execute(self, sql: str, /, *arguments: Any) -> sqlite3.Cursor:
        """Run a statement."""
        if sql == "BEGIN IMMEDIATE" and self.is_read_only is not self._was_read_only:
            self._was_read_only = self.is_read_only
            self.set_authorizer(None)  # It would refuse the pragma, too.
            super().execute(f"PRAGMA query_only = {int(self.is_read_only)}")
        return super().execute(sql, *arguments)


@dataclass
class Site:
    """A product that serves, and the platform of a developer who calls it."""

    http: httpx.AsyncClient
    look: Look
    data_dir: Path
    database: Database | None
    writers: Mapping[str, SwitchedConnection]
    """By which it writes its files."""
    acknowledged: list[str] = field(default_factory=list)

    async def track(self, key: str, user_id: str = "u_1") -> httpx.Response:
        """Count one unit under a key; what is answered as counted is noted."""
        body = {"userId": user_id, "idempotencyKey": key}
        answer = await self.http.post("/v1/track", json=body)
        if answer.status_code == httpx.codes.OK and answer.json()["allowed"]:
            self.acknowledged.append(key)
        return answer

    async def status(self, path: str) -> int:
        """Ask for a page."""
        return (await self.http.get(path)).status_code

    async def becomes_ready(self) -> bool:
        """Wait until everything works again, as a balancer would."""
        for _ in range(RECOVERY_TRIES):
            if await self.status("/readyz") == httpx.codes.OK:
                return True
            await asyncio.sleep(RECOVERY_PAUSE_SECONDS)
        return False

    def counted(self) -> int:
        """Count the units in the ledger, beside the product."""
        ((rows, units),) = self.look(LEDGER)
        assert rows == units, "each call counts one"
        return int(units)

    async def differences(self) -> list[str]:
        """Audit beside the product."""
        if self.database is None:
            with open_stores_for_operator(self.data_dir) as files:
                found = await files.bindings.customers.read(audit)
        else:
            async with PostgresOperatorStores(self.database.owner_url) as schemas:
                found = await schemas.bindings.customers.read(audit)
        return [str(one) for one in found]


@asynccontextmanager
async def open_site(
    engine: SqliteStores | Database, data_dir: Path, writers: Mapping[str, SwitchedConnection]
) -> AsyncIterator[Site]:
    """Give a product with a platform; SQLite's files are closed and opened again by the product."""
    clock = MovableClock(data_dir / "clock.json")
    database = engine if isinstance(engine, Database) else None
    look = look_into(data_dir) if database is None else database.rows
    if isinstance(engine, SqliteStores):
        secret = await _furnish(engine.bindings, clock, look)
        engine.close()
    else:
        async with PostgresStores(engine.addresses, clock) as stores:
            secret = await _furnish(stores.bindings, clock, look)
    settings = Settings(
        data_dir=data_dir,
        stripe_test_secret_key="sk_test_invented",
        master_key=Settings.read_list(base64.b64encode(secrets.token_bytes(32)).decode()),
    )
    if database is not None:
        settings = database.settings(settings)
    async with open_product(settings, clock=clock, development=True) as product:
        transport = httpx.ASGITransport(product.asgi, raise_app_exceptions=False)
        loops = [asyncio.create_task(worker.run()) for worker in product.workers]
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(
            transport=transport, base_url=settings.public_url, headers=headers
        ) as http:
            try:
                yield Site(http, look, data_dir, database, writers)
            finally:
                for worker in product.workers:
                    worker.stop()
                await asyncio.gather(*loops)


async def _furnish(bindings: Bindings, clock: Any, look: Look) -> str:
    metering = Metering(bindings.api_multi, clock)
    world = World(bindings, clock, metering, look, issue_key("pk", Mode.TEST))
    await world.publish(Tier("free", "Free", 0))
    return await world.issue_key()
