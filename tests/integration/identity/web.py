"""The doors of both realms over HTTP, with the loops running that deliver mail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from dream_api.app import open_product
from dream_api.gateways.clock import MovableClock
from dream_api.kit.crypto import new_master_key
from dream_api.settings import Settings
from tests.integration.identity.conftest import PASSWORD

ORIGIN = "http://localhost:8787"


@dataclass
class Web:
    """A client without cookies of its own, and what callers of the product do all day."""

    client: httpx.AsyncClient
    clock: MovableClock

    async def post(self, path: str, body: dict[str, Any] | None = None, **how: Any) -> Any:
        """Send JSON, or nothing."""
        self.client.cookies.clear()
        return await self.client.post(path, json=body, **how)

    async def get(self, path: str, **how: Any) -> Any:
        """Read."""
        self.client.cookies.clear()
        return await self.client.get(path, **how)

    async def delete(self, path: str, **how: Any) -> Any:
        """Delete."""
        self.client.cookies.clear()
        return await self.client.delete(path, **how)

    async def mails(self, to: str) -> list[dict[str, Any]]:
        """Look into the mailbox once: what was sent is there."""
        found: list[dict[str, Any]] = (await self.get("/dev/mailbox", params={"to": to})).json()
        return found

    async def code(self, to: str) -> str:
        """Give the newest code that was mailed to an address."""
        return str((await self.mails(to))[-1]["code"])

    async def join(self, email: str) -> dict[str, Any]:
        """Sign a developer up; give the tokens."""
        body = {"email": email, "password": PASSWORD}
        await self.post("/platform/sign-up", body)
        verification = {"email": email, "code": await self.code(email)}
        answer: dict[str, Any] = (await self.post("/platform/verify-email", verification)).json()
        return answer

    async def test_platform(self) -> str:
        """Sign a developer up and give the publishable key of the test platform."""
        tokens = await self.join("owner@example.com")
        me = (await self.get("/platform/me", headers=bearer(tokens))).json()
        return str(me["testPlatformId"])

    async def join_app(self, pk: str, email: str) -> dict[str, Any]:
        """Sign an end user up; give the tokens."""
        headers = {"X-Publishable-Key": pk}
        body = {"email": email, "password": PASSWORD}
        await self.post("/v1/auth/sign-up", body, headers=headers)
        verification = {"email": email, "code": await self.code(email)}
        answer: dict[str, Any] = (
            await self.post("/v1/auth/verify", verification, headers=headers)
        ).json()
        return answer


def bearer(tokens: dict[str, Any], pk: str | None = None) -> dict[str, str]:
    """Give the headers of whoever holds these tokens."""
    headers = {"Authorization": f"Bearer {tokens['token']}"}
    return headers if pk is None else {**headers, "X-Publishable-Key": pk}


@asynccontextmanager
async def open_web(
    data_dir: Path, clock: MovableClock, *, master_key: str | None = None
) -> AsyncIterator[Web]:
    """Open the whole product on a data folder and talk to it."""
    settings = Settings(
        data_dir=data_dir,
        master_key=Settings.read_list(master_key or new_master_key()),
        public_url=ORIGIN,
        stripe_test_secret_key=SecretStr("sk_test_nobody_calls"),
        stripe_api_base="http://127.0.0.1:9",
    )
    async with open_product(settings, clock=clock, development=True) as product:
        loops = [asyncio.create_task(worker.run()) for worker in product.workers]
        transport = httpx.ASGITransport(app=product.asgi)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield Web(client, clock)
        for worker in product.workers:
            worker.stop()
        await asyncio.gather(*loops)
