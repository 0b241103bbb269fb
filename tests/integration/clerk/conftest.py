"""The product with both realms at Clerk, and two stand-ins for Clerk's applications."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from pydantic import SecretStr

from dream_api.app import open_product
from dream_api.gateways.clock import MovableClock
from dream_api.kit.crypto import new_master_key
from dream_api.settings import IdentitySource, Settings
from dream_api.worker import Worker
from tests.clerk_server import FakeClerk, serving_clerk

ORIGIN = "http://localhost:8787"
PATIENCE = 200
PAUSE_SECONDS = 0.02

T = TypeVar("T")


@dataclass
class Clerked:
    """The product, and who signs its people in."""

    client: httpx.AsyncClient
    clock: MovableClock
    developers: FakeClerk
    customers: FakeClerk
    data_dir: Path
    workers: Sequence[Worker]

    async def get(self, path: str, token: str, pk: str | None = None) -> httpx.Response:
        """Read as the bearer of a token."""
        return await self.client.get(path, headers=bearer(token, pk))

    async def post(self, path: str, token: str, body: Any, pk: str | None = None) -> httpx.Response:
        """Send JSON as the bearer of a token."""
        return await self.client.post(path, json=body, headers=bearer(token, pk))

    async def join(self, **fields: Any) -> tuple[str, str]:
        """Let a developer come for the first time; give their id and their test platform."""
        user_id = self.developers.add_user(**fields)
        me = await self.get("/platform/me", self.developers.session_token(user_id))
        assert 200 == me.status_code, me.text
        return user_id, me.json()["testPlatformId"]

    def advance(self, seconds: int) -> None:
        """Move the clock of everybody, and have the loops look at it."""
        self.clock.advance(seconds)
        for worker in self.workers:
            worker.wake()
        for clerk in (self.developers, self.customers):
            clerk.clock_offset_seconds += seconds


def bearer(token: str, pk: str | None = None) -> dict[str, str]:
    """Show a token, and a publishable key."""
    headers = {"Authorization": f"Bearer {token}"}
    return headers if pk is None else {**headers, "X-Publishable-Key": pk}


async def eventually(probe: Callable[[], Coroutine[Any, Any, T | None]]) -> T:
    """Ask until the answer is true: the loops run beside the test."""
    for _ in range(PATIENCE):
        if found := await probe():
            return found
        await asyncio.sleep(PAUSE_SECONDS)
    message = f"{probe.__qualname__} did not come true"
    raise AssertionError(message)


@pytest.fixture(scope="module")
def applications() -> Iterator[tuple[FakeClerk, FakeClerk]]:
    """Serve the developers' and the end users' application."""
    with serving_clerk() as developers, serving_clerk() as customers:
        yield developers, customers


@pytest.fixture
async def clerked(
    data_dir: Path, clock: MovableClock, applications: tuple[FakeClerk, FakeClerk]
) -> AsyncIterator[Clerked]:
    """Open the product with both realms at Clerk, its loops running."""
    developers, customers = applications
    for clerk in applications:
        clerk.is_away, clerk.key_reads, clerk.clock_offset_seconds = False, 0, 0
    settings = settings_of(data_dir, developers, customers)
    async with open_product(settings, clock=clock, development=True) as product:
        loops = [asyncio.create_task(worker.run()) for worker in product.workers]
        transport = httpx.ASGITransport(app=product.asgi)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield Clerked(client, clock, developers, customers, data_dir, product.workers)
        for worker in product.workers:
            worker.stop()
        await asyncio.gather(*loops)


def settings_of(
    data_dir: Path, developers: FakeClerk | None, customers: FakeClerk | None
) -> Settings:
    """Give the settings of a product whose realms are Clerk's where one is given."""
    fields: dict[str, Any] = {}
    for name, clerk in (("developer_identity", developers), ("customer_identity", customers)):
        if clerk is not None:
            fields |= {
                name: IdentitySource.CLERK,
                f"{name}_clerk_issuer": clerk.issuer,
                f"{name}_clerk_secret_key": SecretStr(clerk.secret_key),
                f"{name}_clerk_webhook_secret": (SecretStr(clerk.webhook_secret),),
                f"{name}_clerk_api_url": clerk.issuer,
            }
    return Settings(
        data_dir=data_dir,
        master_key=Settings.read_list(new_master_key()),
        public_url=ORIGIN,
        stripe_test_secret_key=SecretStr("sk_test_nobody_calls"),
        stripe_api_base="http://127.0.0.1:9",
        **fields,
    )
