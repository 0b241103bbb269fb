"""The whole application on a real port, with its stores within a test's reach."""

import asyncio
import base64
import contextlib
import secrets
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn

from dream_api.app.doors import build_doors
from dream_api.app.rooms import CustomerRooms, build_house, build_outside
from dream_api.gateways.clock import MovableClock
from dream_api.kit.keys import Mode, issue_key
from dream_api.kit.services import ALL_SERVICES
from dream_api.services.http import server_config
from dream_api.settings import Settings
from dream_api.shared.identity import MAIL_KIND
from dream_api.shared.outbox import deliver_mail
from dream_api.stores import Bindings
from dream_api.stores.sqlite import SqliteStores
from tests.integration.metering.conftest import FREE, PRO, UNLIMITED, World, look_into

PASSWORD = "violet anchor sandwich"
CONNECTIONS_MAX = 32
START_PAUSE_SECONDS = 0.01


@dataclass
class Door:
    """A platform behind HTTP: ``http`` is a server's client, ``world`` what lies behind."""

    http: httpx.AsyncClient
    world: World
    rooms: CustomerRooms
    secret_key: str

    @property
    def secret(self) -> dict[str, str]:
        """Authenticate as the developer's server."""
        return {"Authorization": f"Bearer {self.secret_key}"}

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Call as the developer's server."""
        return await self.http.post(path, json=body, headers=self.secret | headers)

    async def send(self, path: str, content: bytes, **headers: str) -> httpx.Response:
        """Call as the developer's server with these very bytes."""
        plain = {"Content-Type": "application/json"} | self.secret | headers
        return await self.http.post(path, content=content, headers=plain)

    async def sign_in(self, email: str) -> tuple[str, dict[str, str]]:
        """Sign an end user up; give the user's id and how the user authenticates."""
        realm, platform_id = self.rooms.realm, self.world.platform_id
        await realm.sign_up(platform_id, email, PASSWORD, None)
        delivery = {MAIL_KIND: deliver_mail(self.rooms.mailbox.send)}
        await self.rooms.outbox.deliver_due(self.world.clock, delivery)
        code = (await self.rooms.mailbox.list(email))[-1].mail.code
        assert code is not None, "the newest mail carries a code"
        signed_in = await realm.verify_email(platform_id, email, code)
        credentials = {
            "X-Publishable-Key": platform_id,
            "Authorization": f"Bearer {signed_in.token}",
        }
        return signed_in.user_id, credentials


@dataclass
class Served:
    """The running product, shared by the tests: each has a platform of its own in it."""

    url: str
    bindings: Bindings
    clock: MovableClock
    data_dir: Path
    rooms: CustomerRooms


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def served(
    migrated_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """Serve the product on a free port of loopback."""
    data_dir = Path(shutil.copytree(migrated_folder, tmp_path_factory.mktemp("door") / "data"))
    clock = MovableClock(data_dir / "clock.json")
    with socket.socket() as listener, SqliteStores(data_dir, clock) as stores:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = Settings(
            data_dir=data_dir,
            public_url=url,
            stripe_test_secret_key="sk_test_invented",
            master_key=Settings.read_list(base64.b64encode(secrets.token_bytes(32)).decode()),
        )
        outside = build_outside(settings, clock)
        house = build_house(stores.bindings, outside)
        asgi = build_doors(house, outside, services=ALL_SERVICES, development=True, checks={})
        async with _serving(asgi, listener):
            yield Served(url, stores.bindings, clock, data_dir, house.customers)
        await house.customers.metering.close()


@pytest_asyncio.fixture(loop_scope="session")
async def door(served: Served) -> AsyncIterator[Door]:
    """Give a fresh platform with a free tier of 100, and a key."""
    metering, platform_id = served.rooms.metering, issue_key("pk", Mode.TEST)
    world = World(served.bindings, served.clock, metering, look_into(served.data_dir), platform_id)
    await world.publish(FREE, PRO, UNLIMITED)
    secret_key = await world.issue_key()
    limits = httpx.Limits(max_connections=CONNECTIONS_MAX)
    async with httpx.AsyncClient(base_url=served.url, timeout=30, limits=limits) as http:
        yield Door(http, world, served.rooms, secret_key)
    await metering.close()


@contextlib.asynccontextmanager
async def _serving(asgi: Any, listener: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(server_config(asgi, host="", port=0))
    # Its inner half: signals stay with the test run.
    serving = asyncio.create_task(server._serve([listener]))  # noqa: SLF001
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it.
            await asyncio.sleep(START_PAUSE_SECONDS)
        yield
    finally:
        server.should_exit = True
        await serving
