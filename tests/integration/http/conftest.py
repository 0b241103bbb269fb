"""One running product, and developers at the steps that these tests need."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest

from tests.journeys.driver import PASSWORD, Developer, Journey
from tests.journeys.running import Running, running_product

FRESH = timedelta(minutes=4)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve the product and the simulator once."""
    with running_product(tmp_path_factory.mktemp("doors")) as served:
        yield served


@pytest.fixture
async def journey(running: Running) -> AsyncIterator[Journey]:
    """Give the steps of the paid flow."""
    walking = Journey(running.base_url)
    yield walking
    await walking.close()


@pytest.fixture
async def http(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client that is nobody yet and keeps no cookies of others."""
    async with httpx.AsyncClient(base_url=running.base_url, timeout=30) as client:
        yield client


@pytest.fixture
async def newcomer(journey: Journey) -> Developer:
    """Give a developer who has signed up and not paid."""
    return await journey.sign_up()


@pytest.fixture(scope="session")
def shops(running: Running) -> tuple[Developer, Developer]:
    """Walk two developers to live keys and two tiers, free and pro; once, since it is long."""

    async def walk() -> tuple[Developer, Developer]:
        journey = Journey(running.base_url)
        ready = await journey.ready_developer(), await journey.ready_developer()
        await journey.close()
        return ready

    return asyncio.run(walk())


class SignIns:
    """Signs developers in, and again once the clock has moved on: hashing passwords is slow."""

    def __init__(self, running: Running) -> None:
        self._clock = running.clock
        self._found: dict[str, tuple[datetime, Developer]] = {}

    async def of(self, shop: Developer, http: httpx.AsyncClient) -> Developer:
        """Give a developer who has signed in within the last minutes."""
        at, known = self._found.get(shop.email, (None, shop))
        if at is None or self._clock.now() - at > FRESH:
            at, known = self._clock.now(), await signed_in(shop, http)
            self._found[shop.email] = at, known
        return replace(known, client=http)


@pytest.fixture(scope="session")
def sign_ins(running: Running) -> SignIns:
    """Keep who is signed in for the whole run."""
    return SignIns(running)


@pytest.fixture
async def developer(
    shops: tuple[Developer, Developer], sign_ins: SignIns, http: httpx.AsyncClient
) -> Developer:
    """Give a developer with live keys who has just signed in."""
    return await sign_ins.of(shops[0], http)


@pytest.fixture
async def stranger(
    shops: tuple[Developer, Developer], sign_ins: SignIns, http: httpx.AsyncClient
) -> Developer:
    """Give another developer with live keys who has just signed in."""
    return await sign_ins.of(shops[1], http)


async def signed_in(shop: Developer, http: httpx.AsyncClient) -> Developer:
    """Sign a developer in; the client keeps no cookie of it."""
    credentials = {"email": shop.email, "password": PASSWORD}
    answer = await http.post("/platform/sign-in", json=credentials)
    assert 200 == answer.status_code, answer.text
    http.cookies.clear()
    return replace(shop, token=answer.json()["token"])
