"""Arranging our Stripe account and asking whether all is well, as an operator does."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from dream_api.app import STRIPE_CONNECT_EVENTS
from dream_api.cli import commands
from dream_api.cli.configuration import CLOCK_FILE, DEVELOPMENT_FILE, load_settings
from dream_api.cli.dev import arrange_simulator
from dream_api.gateways.clock import MovableClock, SystemClock
from dream_api.kit.crypto import new_master_key
from dream_api.stores.sqlite import SqliteStores
from stripe_simulator import APPLICATIONS_DEFAULT, Configuration, create_app
from tests.contract.watching import watched
from tests.journeys.forms import submit
from tests.journeys.processes import free_port
from tests.stripe_server import LIVE_KEY, serving

PUBLIC_URL = "http://localhost:8787"
CALLBACK = f"{PUBLIC_URL}/oauth/callback"


@dataclass
class Operator:
    """Somebody at a terminal, with a data folder and our Stripe account."""

    data_dir: Path
    stripe_url: str

    async def run(self, *words: str) -> Result:
        """Type a command."""
        line = [*words, "--data", str(self.data_dir)]
        return await asyncio.to_thread(lambda: CliRunner().invoke(commands, line))

    async def ask(self, method: str, path: str, **parameters: Any) -> dict[str, Any]:
        """Do something in our own account by hand."""
        headers = {"Authorization": f"Bearer {LIVE_KEY}"}
        is_reading = method == "GET"
        async with httpx.AsyncClient(base_url=self.stripe_url, headers=headers) as stripe:
            answer = await stripe.request(
                method,
                path,
                params=parameters if is_reading else None,
                data=None if is_reading else parameters,
            )
        assert 200 == answer.status_code, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def endpoints(self) -> dict[str, dict[str, Any]]:
        """List our endpoints by their path."""
        found = (await self.ask("GET", "/v1/webhook_endpoints"))["data"]
        return {one["url"].removeprefix(PUBLIC_URL): one for one in found}

    def set(self, **settings: Any) -> None:
        """Change what ``dev`` has arranged; None takes a setting out."""
        path = self.data_dir / DEVELOPMENT_FILE
        changed = json.loads(path.read_text()) | settings
        path.write_text(json.dumps({k: v for k, v in changed.items() if v is not None}))


@pytest.fixture
async def operator(data_dir: Path) -> AsyncIterator[Operator]:
    """Serve a simulator that knows our callback, and arrange a folder for it."""
    port = free_port()
    configuration = Configuration(
        data=data_dir / "stripe",
        applications=APPLICATIONS_DEFAULT,
        clock_file=data_dir / CLOCK_FILE,
        redirect_uris=(CALLBACK,),
    )
    with serving(watched(create_app(configuration)), port) as url:
        settings = load_settings(data_dir, public_url=PUBLIC_URL)
        await asyncio.to_thread(arrange_simulator, settings, port)
        yield Operator(data_dir, url)


async def test_setting_up_twice_makes_nothing_twice(operator: Operator) -> None:
    """Two endpoints, one price; a secret that is shown no more is said so."""
    before = await operator.endpoints()
    again = await operator.run("stripe", "setup")

    assert 0 == again.exit_code, again.output
    assert before == await operator.endpoints()
    assert {"/platform/webhook/stripe", "/webhook/stripe"} == before.keys()
    assert "whsec_" not in again.output
    assert 4 == again.output.count("was there.")
    assert 1 == len((await operator.ask("GET", "/v1/prices"))["data"])


async def test_an_endpoint_that_hears_too_little_hears_everything_again(
    operator: Operator,
) -> None:
    """Also one that was switched off; the secret stays."""
    endpoint = (await operator.endpoints())["/webhook/stripe"]
    await operator.ask(
        "POST",
        f"/v1/webhook_endpoints/{endpoint['id']}",
        **{"enabled_events[0]": "invoice.paid", "disabled": "true"},
    )
    sick = await operator.run("doctor")
    done = await operator.run("stripe", "setup")
    after = (await operator.endpoints())["/webhook/stripe"]
    well = await operator.run("doctor")

    assert (1, "is switched off at Stripe" in sick.output) == (sick.exit_code, True)
    assert "/webhook/stripe brought up to date." in done.output
    assert (endpoint["id"], "enabled", set(STRIPE_CONNECT_EVENTS)) == (
        after["id"],
        after["status"],
        set(after["enabled_events"]),
    )
    assert 0 == well.exit_code, well.output


async def test_an_endpoint_of_another_version_is_made_anew(operator: Operator) -> None:
    """A version cannot be changed; the new secret is shown."""
    old = (await operator.endpoints())["/webhook/stripe"]
    await operator.ask("DELETE", f"/v1/webhook_endpoints/{old['id']}")
    await operator.ask(
        "POST",
        "/v1/webhook_endpoints",
        **{
            "url": f"{PUBLIC_URL}/webhook/stripe",
            "connect": "true",
            "enabled_events[0]": "*",
            "metadata[dreamapi_hears]": "connected_accounts",
        },
    )
    done = await operator.run("stripe", "setup")
    after = (await operator.endpoints())["/webhook/stripe"]

    assert "DREAM_STRIPE_CONNECT_WEBHOOK_SECRETS=whsec_" in done.output
    assert "2025-11-17.clover" == after["api_version"]
    assert 2 == len(await operator.endpoints())


async def test_a_folder_that_dev_has_arranged_is_well(operator: Operator) -> None:
    """Every line is ok, in both modes."""
    well = await operator.run("doctor")

    assert 0 == well.exit_code, well.output
    assert "0 broken" in well.output
    assert not [line for line in well.output.splitlines() if line.startswith(("FAIL", "look"))]
    for words in ("public address", "stores", "master key", "clock", "OAuth: leads back"):
        assert words in well.output


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"stripe_secret_key": "sk_test_revoked"}, "Correct DREAM_STRIPE_SECRET_KEY"),
        ({"stripe_test_secret_key": "sk_live_oops"}, "not a key of test mode"),
        ({"stripe_client_id": None}, "DREAM_STRIPE_CLIENT_ID is not set"),
        ({"stripe_client_id": "ca_other"}, "No application matches"),
        ({"stripe_price_id": None}, "DREAM_STRIPE_PRICE_ID is not set"),
        ({"stripe_price_id": "price_nobody"}, "No such price: 'price_nobody'"),
        ({"stripe_api_base": "http://127.0.0.1:9"}, "if it stays so, look at"),
        ({"stripe_webhook_secrets": None}, "DREAM_STRIPE_WEBHOOK_SECRETS is not set"),
        ({"platform_price_cents": 1900}, "is not the price on sale"),
        ({"public_url": "http://localhost:9999"}, "is missing at Stripe"),
        ({"public_url": "http://localhost:9999"}, "Stripe refuses to lead back"),
        ({"public_url": "http://shop.example"}, "is not https"),
        ({"public_url": "https://shop.example"}, "nobody gets a code by mail"),
    ],
    ids=str,
)
async def test_what_does_not_agree_is_named_with_what_to_do(
    operator: Operator, broken: dict[str, Any], words: str
) -> None:
    """And the exit code says that something is broken."""
    operator.set(**broken)
    sick = await operator.run("doctor")

    assert 1 == sick.exit_code or "look" in sick.output
    assert words in sick.output


async def press_at_stripe(operator: Operator, action: str, **fields: str) -> None:
    """Do something to our own account in its dashboard."""
    account = (await operator.ask("GET", "/v1/account"))["id"]
    async with httpx.AsyncClient(base_url=operator.stripe_url) as browser:
        page = await browser.get(f"/accounts/{account}")
        done = await submit(browser, page, fields, press=("action", action))
    assert 303 == done.status_code, done.text


async def test_an_account_that_cannot_be_paid_is_named(operator: Operator) -> None:
    """Checkout would be refused: https://docs.stripe.com/connect/testing, charges and a name."""
    await press_at_stripe(operator, "disable_charges")
    unpaid = await operator.run("doctor")
    await press_at_stripe(operator, "enable_charges")
    await press_at_stripe(operator, "rename", business_name="")
    nameless = await operator.run("doctor")

    assert "live mode: account: may not take payments yet" in unpaid.output
    assert "live mode: account: has no business name" in nameless.output
    assert (1, 1) == (unpaid.exit_code, nameless.exit_code)


async def test_one_secret_for_both_endpoints_is_named(operator: Operator) -> None:
    """Copied into the wrong line: every event of one endpoint would be refused."""
    stored = json.loads((operator.data_dir / DEVELOPMENT_FILE).read_text())
    operator.set(stripe_webhook_secrets=stored["stripe_connect_webhook_secrets"])
    sick = await operator.run("doctor")

    assert "DREAM_STRIPE_WEBHOOK_SECRETS holds a secret of the other endpoint too" in sick.output
    assert 1 == sick.exit_code


async def test_what_stripe_could_not_deliver_is_named(
    operator: Operator, clock: MovableClock
) -> None:
    """Whatever the cause: a wrong secret, a wrong address, a certificate that has expired."""
    await operator.ask("POST", "/v1/customers", name="Nobody hears of it")
    endpoint = (await operator.endpoints())["/platform/webhook/stripe"]
    path = f"/v1/webhook_endpoints/{endpoint['id']}"
    await operator.ask("POST", path, **{"enabled_events[0]": "*", "url": "http://localhost:9/"})
    await operator.ask("POST", "/v1/customers", name="Somebody should have heard of it")
    await operator.ask("POST", path, url=f"{PUBLIC_URL}/platform/webhook/stripe")
    young = await operator.run("doctor")
    clock.advance(600)
    found = await operator.run("doctor")

    assert "every event of a day has arrived" in young.output
    assert "1 events of the last day have not arrived" in found.output


async def test_a_price_that_was_archived_is_made_anew(operator: Operator) -> None:
    """Also within the day for which Stripe repeats answers; the one on sale is printed."""
    (old,) = (await operator.ask("GET", "/v1/prices"))["data"]
    await operator.ask("POST", f"/v1/prices/{old['id']}", active="false")
    sick = await operator.run("doctor")
    done = await operator.run("stripe", "setup")
    prices = (await operator.ask("GET", "/v1/prices", active="true"))["data"]

    assert "is not the price on sale" in sick.output
    assert 1 == len(prices)
    assert f"DREAM_STRIPE_PRICE_ID={prices[0]['id']}" in done.output
    assert prices[0]["id"] != old["id"]


@pytest.mark.parametrize(("seconds", "mark"), [(-400, "FAIL"), (400, "FAIL"), (60, "look")])
async def test_a_clock_that_is_wrong_is_named(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, seconds: int, mark: str
) -> None:
    """By more than the tolerance of signatures, every webhook would be refused."""
    right = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda clock: right(clock) + timedelta(seconds=seconds))
    sick = await operator.run("doctor")

    (line,) = [line for line in sick.output.splitlines() if "live mode: clock:" in line]
    assert line.startswith(mark)
    assert "Let this machine keep time by NTP." in sick.output


async def test_stores_that_cannot_be_opened_are_named(
    operator: Operator, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A master key that sealed nothing here; a folder that was never migrated."""
    with SqliteStores(operator.data_dir, clock) as stores:
        await stores.bindings.front_auth_api.developers.write(
            lambda c: c.exec_driver_sql(
                "INSERT INTO identity_signing_keys VALUES"
                " ('developers', 'k', 'active', '{}', 'sealed', 0, NULL, NULL)"
            )
        )
    monkeypatch.setenv("DREAM_MASTER_KEY", new_master_key())
    wrong_key = await operator.run("doctor")
    operator.data_dir = operator.data_dir.parent / secrets.token_hex(4)
    never_migrated = await operator.run("doctor")

    assert "does not open what is sealed here" in wrong_key.output
    assert "dream-api migrate" in never_migrated.output
    assert (1, 1) == (wrong_key.exit_code, never_migrated.exit_code)


async def test_setting_up_without_a_key_says_which_to_set(data_dir: Path) -> None:
    """Nothing is asked of anybody."""
    operator = Operator(data_dir, "")
    refused = await operator.run("stripe", "setup")

    assert (2, True) == (refused.exit_code, "DREAM_STRIPE_SECRET_KEY" in refused.output)
