"""Rotating and sealing anew, beside a product that serves the same data folder."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import jwt
import pytest
from typer.testing import CliRunner, Result

from dream_api.app import open_product
from dream_api.cli import commands
from dream_api.cli.configuration import MASTER_KEY_FILE, load_settings
from dream_api.gateways.clock import MovableClock
from dream_api.kit.crypto import new_master_key
from tests.journeys.driver import PASSWORD, Developer, Journey

BASE_URL = "http://localhost:8787"
JWKS = "/realms/developers/.well-known/jwks.json"


@dataclass
class Served:
    """A folder that is being served, and how one talks to it."""

    data_dir: Path
    journey: Journey

    async def sign_in(self, developer: Developer) -> str:
        """Sign a developer in; give the token."""
        credentials = {"email": developer.email, "password": PASSWORD}
        answer = await self.journey.http.post("/platform/sign-in", json=credentials)
        assert 200 == answer.status_code, answer.text
        token: str = answer.json()["token"]
        return token

    async def status_of(self, token: str) -> int:
        """Call with a token; tell the status."""
        headers = {"Authorization": f"Bearer {token}"}
        self.journey.http.cookies.clear()
        return (await self.journey.http.get("/platform/me", headers=headers)).status_code

    async def key_ids(self) -> list[str]:
        """List the published keys."""
        return [key["kid"] for key in (await self.journey.http.get(JWKS)).json()["keys"]]


@asynccontextmanager
async def serving(data_dir: Path, clock: MovableClock) -> AsyncIterator[Served]:
    """Serve a folder in this process, with the master keys of its file."""
    settings = load_settings(
        data_dir, public_url=BASE_URL, stripe_test_secret_key="sk_test_of_nobody"
    )
    async with open_product(settings, clock=clock, development=True) as product:
        journey = Journey(BASE_URL)
        await journey.close()
        transport = httpx.ASGITransport(app=product.asgi)
        journey.http = httpx.AsyncClient(base_url=BASE_URL, transport=transport)
        yield Served(data_dir, journey)
        await journey.close()


@pytest.fixture
async def served(data_dir: Path, clock: MovableClock) -> AsyncIterator[Served]:
    """Serve a folder while the test lasts."""
    async with serving(data_dir, clock) as opened:
        yield opened


async def run(data_dir: Path, *words: str) -> Result:
    """Run a command on a folder, as an operator would in another terminal."""
    line = [*words, "--data", str(data_dir)]
    return await asyncio.to_thread(lambda: CliRunner().invoke(commands, line))


def kid_of(token: str) -> str:
    """Tell which key signed."""
    return str(jwt.get_unverified_header(token)["kid"])


async def test_a_published_key_takes_over_and_no_token_fails(served: Served) -> None:
    """After a rotation the next key signs, the old one still verifies, another one is published."""
    developer = await served.journey.sign_up()
    before = await served.key_ids()

    result = await run(served.data_dir, "identity", "rotate")

    assert 0 == result.exit_code, result.output
    fresh = await served.sign_in(developer)
    assert kid_of(fresh) in result.output
    assert kid_of(fresh) in before
    assert kid_of(fresh) != kid_of(developer.token)
    assert {200} == {await served.status_of(token) for token in (developer.token, fresh)}
    assert len(before) + 1 == len(await served.key_ids())


async def test_a_leaked_key_ends_everything_at_once(served: Served) -> None:
    """With --revoke-now old tokens are refused from the next request on; one can sign in again."""
    developer = await served.journey.sign_up()

    result = await run(served.data_dir, "identity", "rotate", "--revoke-now")

    assert 0 == result.exit_code, result.output
    assert 401 == await served.status_of(developer.token)
    assert kid_of(developer.token) not in await served.key_ids()
    assert 200 == await served.status_of(await served.sign_in(developer))


async def test_a_new_master_key_waits_until_the_server_has_it(served: Served) -> None:
    """A server without the new key could open nothing afterwards, so nothing is changed."""
    developer = await served.journey.sign_up()
    key_file = served.data_dir / MASTER_KEY_FILE
    key_file.write_text(f"{new_master_key()},{key_file.read_text()}")

    result = await run(served.data_dir, "rekey")

    assert 1 == result.exit_code
    assert "Restart it with DREAM_MASTER_KEY=new,old" in str(result.exception)
    assert 200 == await served.status_of(await served.sign_in(developer))


async def test_after_rekey_the_old_master_key_may_go(data_dir: Path, clock: MovableClock) -> None:
    """What the old key sealed opens with the new one alone: signing keys, and mail that waits."""
    old, new = new_master_key(), new_master_key()
    key_file, email = data_dir / MASTER_KEY_FILE, f"{secrets.token_hex(4)}@example.com"
    key_file.write_text(old)
    async with serving(data_dir, clock) as served:
        newcomer = {"email": email, "password": PASSWORD}
        await served.journey.http.post("/platform/sign-up", json=newcomer)

    key_file.write_text(f"{new},{old}")
    result = await run(data_dir, "rekey")

    assert 0 == result.exit_code, result.output
    assert "developers: 2 signing keys and 1 waiting messages sealed anew" in result.output
    key_file.write_text(new)
    async with serving(data_dir, clock) as served:
        assert 6 == len(await served.journey.code_for(email))
        developer = await served.journey.sign_up()
        assert 200 == await served.status_of(developer.token)


async def test_a_server_with_both_keys_goes_on_during_rekey(
    data_dir: Path, clock: MovableClock
) -> None:
    """Sealed anew beside a running server, that server still signs people in."""
    key_file = data_dir / MASTER_KEY_FILE
    key_file.write_text(new_master_key())
    async with serving(data_dir, clock):
        pass  # Makes the signing keys under the old key.
    key_file.write_text(f"{new_master_key()},{key_file.read_text()}")
    async with serving(data_dir, clock) as served:
        result = await run(data_dir, "rekey")

        assert 0 == result.exit_code, result.output
        developer = await served.journey.sign_up()
        assert 200 == await served.status_of(developer.token)
