"""Stripe repeats itself, shuffles, and is impersonated: the state stays what Stripe says now."""

import hashlib
import hmac
import json
import random
from typing import Any

import httpx
import pytest

from dream_api.app import engine_of
from dream_api.settings import Settings
from dream_api.stores import KeyValue
from tests.journeys.driver import Developer, Journey, eventually
from tests.journeys.running import Running

TOLERANCE_SECONDS = 300
REPETITIONS = 3


def signed(body: bytes, secret: str, at_seconds: int) -> dict[str, str]:
    """Sign as Stripe does (docs.stripe.com/webhooks/signature)."""
    mac = hmac.new(secret.encode(), b"%d." % at_seconds + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at_seconds},v1={mac}", "Content-Type": "application/json"}


def connect_secret(settings: Settings) -> str:
    """Give the secret that signs events of connected accounts."""
    return settings.stripe_connect_webhook_secrets[0].get_secret_value()


async def events_of(running: Running, account: str | None) -> list[dict[str, Any]]:
    """Read every event of a connected account, or of our own, as the simulator delivers them."""
    authorization = {"Authorization": "Bearer sk_test_simulator"}
    on_account = {} if account is None else {"Stripe-Account": account}
    async with httpx.AsyncClient(base_url=running.stripe_url) as stripe:
        answer = await stripe.get(
            "/v1/events",
            params={"limit": 100},
            headers={**authorization, **on_account},
        )
    found: list[dict[str, Any]] = answer.json()["data"]
    named = {} if account is None else {"account": account}
    return [{**event, **named} for event in found]


async def account_of(running: Running, developer: Developer) -> str:
    """Find the account that a developer has connected."""
    tokens = KeyValue("CUSTOMER_TOKENS_KV", running.clock)
    async with engine_of(running.settings).opened_for_operator() as operator:
        found = await operator.customers.read(
            lambda connection: tokens.get(connection, f"platform:{developer.platform_id}:stripe")
        )
    assert found is not None, "connect first"
    account: str = found["stripeUserId"]
    return account


async def deliver(running: Running, event: dict[str, Any], at_seconds: int) -> httpx.Response:
    """Send one event as Stripe would at a moment."""
    body = json.dumps(event).encode()
    async with httpx.AsyncClient(base_url=running.base_url) as stripe:
        return await stripe.post(
            "/webhook/stripe",
            content=body,
            headers=signed(body, connect_secret(running.settings), at_seconds),
        )


async def upgraded(journey: Journey) -> Developer:
    """Walk a developer and one paying end user to the end of their story."""
    developer = await journey.ready_developer()
    paid = await journey.pay_with(await journey.checkout(developer, "u_1"))
    await journey.http.get(paid.headers["location"])

    async def is_logged() -> bool:
        log = await journey.http.get("/platform/dashboard/webhooks", headers=developer.headers)
        return {"checkout.session.completed", "invoice.paid"} <= {
            event["type"] for event in log.json()["webhooks"]
        }

    await eventually(is_logged)
    return developer


@pytest.mark.parametrize("seed", range(3))
async def test_repeated_and_shuffled_events_change_nothing(
    journey: Journey, running: Running, seed: int
) -> None:
    """Every event three times, in any order, under new ids: the row is the same afterwards."""
    developer = await upgraded(journey)
    before = await journey.customer(developer, "u_1")
    account = await account_of(running, developer)
    chance = random.Random(seed)  # noqa: S311 - an order to test, not a secret.
    events = await events_of(running, account) * REPETITIONS
    chance.shuffle(events)

    answers = [
        await deliver(
            running,
            {**event, "id": f"{event['id']}_{seed}_{number % REPETITIONS}"},
            int(running.clock.now().timestamp()),
        )
        for number, event in enumerate(events)
    ]

    async def is_quiet() -> bool:
        log = await journey.http.get(
            "/platform/dashboard/webhooks?limit=100", headers=developer.headers
        )
        return all(event["state"] != "pending" for event in log.json()["webhooks"])

    await eventually(is_quiet)
    assert {200} == {answer.status_code for answer in answers}
    assert before == await journey.customer(developer, "u_1")


@pytest.mark.parametrize(
    ("name", "shift_seconds", "added"),
    [
        ("tampered", 0, b" "),
        ("stale", -TOLERANCE_SECONDS - 5, b""),
        ("future", TOLERANCE_SECONDS + 5, b""),
    ],
)
async def test_an_event_that_proves_nothing_is_refused_and_not_stored(
    journey: Journey, running: Running, name: str, shift_seconds: int, added: bytes
) -> None:
    """A changed body, an old signature and one from the future all get 400."""
    developer = await upgraded(journey)
    event = {**(await events_of(running, await account_of(running, developer)))[0]}
    event["id"] = f"evt_{name}"
    at_seconds = int(running.clock.now().timestamp()) + shift_seconds
    body = json.dumps(event).encode()
    headers = signed(body, connect_secret(running.settings), at_seconds)

    answer = await journey.http.post("/webhook/stripe", content=body + added, headers=headers)
    log = await journey.http.get("/platform/dashboard/webhooks", headers=developer.headers)

    assert (400, "invalid_signature") == (answer.status_code, answer.json()["code"])
    assert f"evt_{name}" not in {entry["eventId"] for entry in log.json()["webhooks"]}


async def test_an_event_without_account_cannot_use_the_connect_secret(
    journey: Journey, running: Running
) -> None:
    """The secret that verified an event decides whether it must name an account."""
    await journey.pay(await journey.sign_up())
    event = (await events_of(running, None))[0]

    answer = await deliver(running, event, int(running.clock.now().timestamp()))

    assert 400 == answer.status_code


async def test_an_event_of_an_unknown_account_is_taken_and_left_alone(
    journey: Journey, running: Running
) -> None:
    """A refusal would only make Stripe repeat it for days."""
    await journey.pay(await journey.sign_up())
    event = {**(await events_of(running, None))[0], "account": "acct_nobody"}

    answer = await deliver(running, event, int(running.clock.now().timestamp()))

    assert 200 == answer.status_code
