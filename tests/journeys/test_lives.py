"""Months go by: what a developer owes us, what end users pay, and both clocks moved together."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from dream_api.cli import commands
from dream_api.settings import Settings
from tests.journeys.driver import FREE, GOOD_CARD, PASSWORD, PRO, Developer, Journey, eventually
from tests.journeys.forms import submit
from tests.journeys.running import Running, running_product
from tests.journeys.test_webhooks import account_of
from tests.postgres_fixtures import Database

DAY = 86_400
MONTH = 31 * DAY
FAILS_LATER_CARD = "4000 0000 0000 0341"
UNLIMITED = {**FREE, "limit": None}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Serve a product whose time nobody else looks at, once per engine."""
    database = None
    if request.param == "postgres":
        name = str(request.module.__name__).rpartition("_")[2]
        database = Database(request.getfixturevalue("postgres"), name)
        database.create()
    with running_product(tmp_path_factory.mktemp("lives"), database) as served:
        yield served


@pytest.fixture
async def journey(running: Running) -> AsyncIterator[Journey]:
    """Give the steps of the paid flow."""
    walking = Journey(running.base_url)
    yield walking
    await walking.close()


async def advance(journey: Journey, developer: Developer, seconds: int) -> None:
    """Move both clocks, and sign in again: sessions do not outlive months."""
    moved = await journey.http.post("/dev/clock", json={"advanceSeconds": seconds})
    assert 200 == moved.status_code, moved.text
    answer = await journey.http.post(
        "/platform/sign-in", json={"email": developer.email, "password": PASSWORD}
    )
    assert 200 == answer.status_code, answer.text
    developer.token = answer.json()["token"]
    journey.http.cookies.clear()


async def standing(journey: Journey, developer: Developer, status: str) -> dict[str, Any]:
    """Wait until we know of the platform subscription what Stripe says."""

    async def known() -> dict[str, Any] | None:
        answer = await journey.http.get("/platform/subscription", headers=developer.headers)
        found: dict[str, Any] = answer.json()
        return found if found["status"] == status else None

    return await eventually(known)


async def track_status(journey: Journey, developer: Developer) -> int:
    """Count once; give the status."""
    answer = await journey.http.post("/v1/track", json={"userId": "u_1"}, headers=developer.secret)
    return answer.status_code


async def pay_with_card(journey: Journey, developer: Developer, card: str) -> None:
    """Subscribe to the platform with a card of choice."""
    answer = await journey.http.post(
        "/platform/create-checkout", json={}, headers=developer.headers
    )
    assert 201 == answer.status_code, answer.text
    assert 303 == (await journey.pay_with(answer.json()["url"], card)).status_code
    await standing(journey, developer, "active")


async def ready_with_card(journey: Journey, card: str) -> Developer:
    """Walk a developer from sign-up to keys, paying with a card of choice."""
    developer = await journey.sign_up()
    await pay_with_card(journey, developer, card)
    await journey.connect(developer)
    await journey.create_products(developer, (UNLIMITED, PRO))
    return developer


async def press_at_stripe(url: str, action: str, **fields: str) -> None:
    """Press a button on one of the simulator's pages."""
    async with httpx.AsyncClient(timeout=30) as stripe:
        answer = await submit(stripe, await stripe.get(url), fields, press=("action", action))
    assert 303 == answer.status_code, answer.text


async def own_account(running: Running) -> str:
    """Find our own account's page."""
    headers = {"Authorization": "Bearer sk_test_simulator"}
    async with httpx.AsyncClient(base_url=running.stripe_url, headers=headers) as stripe:
        account_id = (await stripe.get("/v1/account")).json()["id"]
    return f"{running.stripe_url}/accounts/{account_id}"


async def test_a_developer_whose_card_fails_has_grace_and_then_none(journey: Journey) -> None:
    """Past due is paid; after the end seven days of grace; then 402; a payment heals it at once."""
    developer = await ready_with_card(journey, FAILS_LATER_CARD)
    await advance(journey, developer, MONTH + 2 * DAY)
    past_due = await standing(journey, developer, "past_due")
    retried = await track_status(journey, developer)
    await advance(journey, developer, 14 * DAY)
    ended = await standing(journey, developer, "canceled")
    in_grace = await track_status(journey, developer)
    await advance(journey, developer, 8 * DAY)
    after_grace = await track_status(journey, developer)
    await pay_with_card(journey, developer, GOOD_CARD)

    async def works() -> bool:
        return 200 == await track_status(journey, developer)

    assert ("paid", "free") == (past_due["plan"], ended["plan"])
    assert (200, 200, 402) == (retried, in_grace, after_grace)
    assert await eventually(works)


async def test_an_unpaid_developer_comes_back_through_the_portal(
    journey: Journey, running: Running
) -> None:
    """Another card and a click on "pay": no new subscription, and everything works again."""
    own = await own_account(running)
    await press_at_stripe(own, "billing", dunning="unpaid")
    developer = await ready_with_card(journey, FAILS_LATER_CARD)
    await advance(journey, developer, MONTH + 16 * DAY)
    unpaid = await standing(journey, developer, "unpaid")
    await advance(journey, developer, 8 * DAY)
    refused = await track_status(journey, developer)
    opened = await journey.http.post("/platform/billing-portal", json={}, headers=developer.headers)
    portal = opened.json()["url"]
    await press_at_stripe(portal, "update_card", card_number=GOOD_CARD, exp="12/50", cvc="123")
    await press_at_stripe(portal, "pay")
    active = await standing(journey, developer, "active")

    async def works() -> bool:
        return 200 == await track_status(journey, developer)

    assert ("free", 402, "paid") == (unpaid["plan"], refused, active["plan"])
    assert await eventually(works)
    await press_at_stripe(own, "billing", dunning="cancel")


async def test_events_lead_an_end_user_through_a_year(journey: Journey, running: Running) -> None:
    """Upgrade, renewals, a refund, an end in the portal: each is told by Stripe and by nobody."""
    developer = await ready_with_card(journey, GOOD_CARD)
    paid = await journey.pay_with(await journey.checkout(developer, "u_1"))
    await journey.http.get(paid.headers["location"])
    account = f"{running.stripe_url}/accounts/{await account_of(running, developer)}"
    await press_at_stripe(account, "refund", amount="500")
    await advance(journey, developer, 3 * MONTH)

    async def refunded() -> dict[str, Any] | None:
        answer = await journey.http.get("/v1/customers/u_1/state", headers=developer.secret)
        state: dict[str, Any] = answer.json()
        return state if state["subscription"]["refundedCents"] else None

    state = await eventually(refunded)
    opened = await journey.http.post(
        "/v1/portal",
        json={"userId": "u_1", "returnUrl": "https://app.example/account"},
        headers=developer.secret,
    )
    await press_at_stripe(opened.json()["url"], "cancel")
    await advance(journey, developer, 2 * MONTH)

    async def ended() -> bool:
        row = await journey.customer(developer, "u_1")
        return bool("canceled" == row["subscriptionStatus"])

    assert (500, "active") == (
        state["subscription"]["refundedCents"],
        state["customer"]["subscriptionStatus"],
    )
    assert await eventually(ended)
    assert ("free", 0) == (
        (await journey.customer(developer, "u_1"))["plan"],
        (await journey.customer(developer, "u_1"))["mrrCents"],
    )


async def run(running: Running, *words: str) -> Result:
    """Type a command in another terminal, beside the product."""
    line = [*words, "--data", str(running.data_dir)]
    urls = {name: getattr(running.settings, name) for name in Settings.model_fields}
    environment = {
        f"DREAM_{name.upper()}": url.get_secret_value()
        for name, url in urls.items()
        if name.startswith("database_url") and url is not None
    }
    return await asyncio.to_thread(lambda: CliRunner().invoke(commands, line, env=environment))


@pytest.fixture
async def losing_events(running: Running) -> AsyncIterator[None]:
    """Lose everything that Stripe tells us, until the test ends."""
    async with httpx.AsyncClient(base_url=running.stripe_url) as stripe:
        assert 200 == (await stripe.post("/chaos", json={"drop": 1})).status_code
        yield
        await stripe.post("/chaos", json={})


@pytest.mark.usefixtures("losing_events")
async def test_what_was_lost_is_healed_at_a_word_beside_the_product(
    journey: Journey, running: Running
) -> None:
    """An end at Stripe that nobody told us of: the command finds it, with its money."""
    developer = await journey.sign_up()
    answer = await journey.http.post(
        "/platform/create-checkout", json={}, headers=developer.headers
    )
    paid = await journey.pay_with(answer.json()["url"])
    session_id = paid.headers["location"].partition("session_id=")[2]
    unpaid = await journey.me(developer)
    found = await run(running, "stripe", "reconcile")
    await journey.connect(developer)
    await journey.create_products(developer, (UNLIMITED, PRO))
    await journey.pay_with(await journey.checkout(developer, "u_lost"))
    heard_of = await run(running, "stripe", "reconcile", "--platform", developer.platform_id)
    again = await run(running, "stripe", "reconcile")

    assert session_id
    assert "free" == unpaid["plan"]
    assert (
        f"{developer.user_id}: platform subscription None → active (+$15 a month)" in found.output
    )
    assert "never heard of (+$29 a month)" in heard_of.output
    assert "pro" == (await journey.customer(developer, "u_lost"))["plan"]
    assert "0 drifts healed" in again.output
