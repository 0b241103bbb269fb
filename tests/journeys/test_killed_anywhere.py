"""SIGKILL at a random moment of every step of the paid flow: start again, and it goes on."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from tests.journeys.driver import FREE, PASSWORD, PRO, Developer, Journey, eventually
from tests.journeys.processes import POLL_SECONDS, START_SECONDS_MAX, DevServer, dream_api

Step = Callable[[], Awaitable[None]]

SEED = 1
KILL_SECONDS_MAX = 0.15
TRIES_MAX = 10
USES = 3


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DevServer]:
    """Run ``dream-api dev`` in a folder of its own."""
    started = DevServer(tmp_path / "data").start()
    yield started
    started.stop()


class Stubborn:
    """A developer who does each step again until it is done, as people do when a page fails."""

    def __init__(self, server: DevServer, email: str) -> None:
        self.server = server
        self.journey = Journey(server.base_url)
        self.developer = Developer(email, self.journey.http)

    @property
    def steps(self) -> Sequence[Step]:
        """The paid flow."""
        return (self.sign_in, self.pay, self.connect, self.publish, self.track, self.upgrade)

    async def finish(self, step: Step) -> None:
        """Do a step until it holds; a step looks first what is done already."""
        for _ in range(TRIES_MAX):
            try:
                await step()
            except (httpx.HTTPError, AssertionError):
                await self._wait_until_it_is_back()
            else:
                return
        await step()

    async def _wait_until_it_is_back(self) -> None:
        async with asyncio.timeout(START_SECONDS_MAX):
            while not await asyncio.to_thread(self.server.is_ready):  # noqa: ASYNC110 - another process tells nobody.
                await asyncio.sleep(POLL_SECONDS)

    async def sign_in(self) -> None:
        """Sign in, or sign up first."""
        credentials = {"email": self.developer.email, "password": PASSWORD}
        answer = await self.journey.http.post("/platform/sign-in", json=credentials)
        if answer.status_code == 401:
            await self.journey.sign_up(self.developer.email)
            answer = await self.journey.http.post("/platform/sign-in", json=credentials)
        assert 200 == answer.status_code, answer.text
        self.developer.token = answer.json()["token"]

    async def pay(self) -> None:
        """Pay the platform subscription, once."""
        if (await self.journey.me(self.developer))["plan"] != "paid":
            await self.journey.pay(self.developer)

    async def connect(self) -> None:
        """Connect a Stripe account."""
        if not (await self.journey.me(self.developer))["onboarding"]["connected"]:
            landed = await self.journey.connect(self.developer)
            assert landed.endswith("?stripe=connected"), landed

    async def publish(self) -> None:
        """Submit tiers; where the answer with the key was lost, rotate as the console says."""
        await self.journey.create_products(self.developer, [FREE, PRO])
        if not self.developer.secret_key:
            answer = await self.journey.http.post(
                "/platform/keys/rotate", json={"overlapSeconds": 0}, headers=self.developer.headers
            )
            assert 201 == answer.status_code, answer.text
            self.developer.secret_key = answer.json()["secretKey"]

    async def track(self) -> None:
        """Count each use under its own key, however often it is said."""
        for number in range(USES):
            await self.journey.track(self.developer, "u_1", idempotencyKey=f"use-{number}")

    async def upgrade(self) -> None:
        """Take the user to the tier that costs something, once."""
        if (await self.journey.customer(self.developer, "u_1"))["plan"] != "pro":
            paid = await self.journey.pay_with(await self.journey.checkout(self.developer, "u_1"))
            assert 303 == paid.status_code, paid.text

    async def is_on_pro(self) -> bool:
        """Tell whether the upgrade has arrived."""
        return bool("pro" == (await self.journey.customer(self.developer, "u_1"))["plan"])


async def test_the_paid_flow_survives_a_kill_at_any_moment_of_each_step(server: DevServer) -> None:
    """Nobody pays twice, no use is lost or counted twice, the key shown last is the one that works.

    Each kill strikes two people: one in the first half of the flow, one in the second. The moments
    come from SEED; where a step has ended before, the kill comes after it.
    """
    moments = random.Random(SEED)  # noqa: S311 - a schedule, no secret.
    early, late = Stubborn(server, "ada@example.com"), Stubborn(server, "bob@example.com")
    half = len(early.steps) // 2

    for step in late.steps[:half]:
        await late.finish(step)
    for first, second in zip(early.steps[:half], late.steps[half:], strict=True):
        doing = asyncio.gather(early.finish(first), late.finish(second))
        await asyncio.sleep(moments.uniform(0, KILL_SECONDS_MAX))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        await doing
    for step in early.steps[half:]:
        await early.finish(step)

    for person in (early, late):
        await assert_all_is_well(person)
    audit = dream_api("audit", "--data", str(server.data_dir))
    assert "0 differences" == audit.stdout.strip()


async def assert_all_is_well(person: Stubborn) -> None:
    """Look at everything that the flow has left."""
    await eventually(person.is_on_pro)
    customer = await person.journey.customer(person.developer, "u_1")
    state = await person.journey.http.get(
        "/v1/customers/u_1/state", headers=person.developer.secret
    )
    credentials = await person.journey.http.get(
        "/platform/credentials", headers=person.developer.headers
    )
    await person.journey.close()

    assert USES == customer["usageCount"]
    assert PRO["priceCents"] == customer["mrrCents"]
    assert "active" == state.json()["subscription"]["status"]
    working = [key for key in credentials.json()["secretKeys"] if key["expiresAt"] is None]
    assert [person.developer.secret_key[-4:]] == [key["hint"][-4:] for key in working]
