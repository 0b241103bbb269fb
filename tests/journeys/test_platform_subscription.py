"""What a developer owes us, from a trial to the end and back: by the moved clock, over HTTP."""

import httpx
import pytest

from tests.journeys.driver import FREE, GOOD_CARD, PRO, Developer, Journey, eventually
from tests.journeys.running import Running
from tests.journeys.test_connecting_stripe import Visit
from tests.journeys.test_lives import (
    DAY,
    FAILS_LATER_CARD,
    MONTH,
    UNLIMITED,
    advance,
    journey,
    pay_with_card,
    press_at_stripe,
    ready_with_card,
    running,
    standing,
    track_status,
)

__all__ = ["journey", "running"]

OURS = {"Authorization": "Bearer sk_test_simulator"}


async def start_trial(
    journey: Journey, running: Running, developer: Developer, days: int, card: str
) -> None:
    """Give a developer some days for nothing, as the owner does in Stripe's dashboard."""
    opened = await journey.http.post(
        "/platform/create-checkout", json={}, headers=developer.headers
    )
    session_path = f"/v1/checkout/sessions/{opened.json()['sessionId']}"
    async with httpx.AsyncClient(base_url=running.stripe_url, headers=OURS) as stripe:
        customer = (await stripe.get(session_path)).json()["customer"]
        prices = (await stripe.get("/v1/prices", params={"active": "true"})).json()["data"]
        kept = await stripe.post(f"/v1/payment_methods/{card}/attach", data={"customer": customer})
        answer = await stripe.post(
            "/v1/subscriptions",
            data={
                "customer": customer,
                "items[0][price]": prices[0]["id"],
                "default_payment_method": kept.json()["id"],
                "trial_period_days": str(days),
            },
        )
    assert 200 == answer.status_code, answer.text


async def portal(journey: Journey, developer: Developer) -> str:
    """Open the portal of our own account."""
    opened = await journey.http.post("/platform/billing-portal", json={}, headers=developer.headers)
    assert 200 == opened.status_code, opened.text
    return str(opened.json()["url"])


async def ending(journey: Journey, developer: Developer, *, is_ending: bool) -> bool:
    """Wait until we know whether the subscription ends with its period."""

    async def known() -> bool:
        answer = await journey.http.get("/platform/subscription", headers=developer.headers)
        return bool(answer.json()["cancelAtPeriodEnd"] == is_ending)

    return await eventually(known)


async def works(journey: Journey, developer: Developer) -> bool:
    """Wait until the live platform counts again."""

    async def counts() -> bool:
        return 200 == await track_status(journey, developer)

    return await eventually(counts)


@pytest.mark.parametrize(
    ("card", "afterwards"), [("pm_card_visa", "active"), ("pm_card_chargeCustomerFail", "past_due")]
)
async def test_a_trial_opens_live_mode_and_ends_with_a_payment(
    journey: Journey, running: Running, card: str, afterwards: str
) -> None:
    """``trialing`` is paid; a card that fails at its end is retried, and nobody is cut off."""
    developer = await journey.sign_up()
    await start_trial(journey, running, developer, 14, card)
    trialing = await standing(journey, developer, "trialing")
    await journey.connect(developer)
    await journey.create_products(developer, (UNLIMITED, PRO))
    on_trial = await track_status(journey, developer)
    again = await journey.http.post("/platform/create-checkout", json={}, headers=developer.headers)
    await advance(journey, developer, 15 * DAY)
    after = await standing(journey, developer, afterwards)

    assert ("paid", 200) == (trialing["plan"], on_trial)
    assert (409, "subscription_exists") == (again.status_code, again.json()["code"])
    assert ("paid", 200) == (after["plan"], await track_status(journey, developer))


async def test_another_card_in_the_portal_heals_a_past_due_subscription(journey: Journey) -> None:
    """The next retry takes it: nobody has to press anything else, and nothing is interrupted."""
    developer = await ready_with_card(journey, FAILS_LATER_CARD)
    await advance(journey, developer, MONTH + 2 * DAY)
    await standing(journey, developer, "past_due")
    await press_at_stripe(
        await portal(journey, developer), "update_card",
        card_number=GOOD_CARD, exp="12/50", cvc="123",
    )  # fmt: skip
    await advance(journey, developer, 6 * DAY)
    active = await standing(journey, developer, "active")

    assert "paid" == active["plan"]
    assert 200 == await track_status(journey, developer)


async def test_a_change_of_mind_in_the_portal_changes_nothing(journey: Journey) -> None:
    """Cancelled and taken back before the period ends: it renews."""
    developer = await ready_with_card(journey, GOOD_CARD)
    await press_at_stripe(await portal(journey, developer), "cancel")
    assert await ending(journey, developer, is_ending=True)
    still = await track_status(journey, developer)
    await press_at_stripe(await portal(journey, developer), "resume")
    assert await ending(journey, developer, is_ending=False)
    await advance(journey, developer, MONTH + DAY)

    assert 200 == still
    assert "active" == (await standing(journey, developer, "active"))["status"]
    assert 200 == await track_status(journey, developer)


async def test_after_the_grace_only_what_sells_is_closed(
    journey: Journey, running: Running
) -> None:
    """Seven days after the end live keys get 402; what people rely on goes on; paying opens all."""
    developer = await ready_with_card(journey, GOOD_CARD)
    await Visit(journey, running.stripe_url).connect(developer, mode="test")
    made = await journey.http.post(
        "/platform/create-products",
        params={"mode": "test"},
        json={"tiers": [FREE]},
        headers=developer.headers,
    )
    assert 201 == made.status_code, made.text
    test = {"Authorization": f"Bearer {made.json()['secretKey']}"}
    await press_at_stripe(await portal(journey, developer), "cancel")
    assert await ending(journey, developer, is_ending=True)
    await advance(journey, developer, MONTH + DAY)
    ended = await standing(journey, developer, "canceled")
    in_grace = await track_status(journey, developer)
    await advance(journey, developer, 7 * DAY)
    refused = await journey.http.post("/v1/track", json={"userId": "u_1"}, headers=developer.secret)
    asked = await journey.http.get("/v1/customers", headers=developer.secret)
    pk = developer.platform_id
    keys = await journey.http.get(f"/realms/{pk}/.well-known/jwks.json")
    account = await journey.http.get(f"/p/{pk}/sign-in", headers={"Accept": "text/html"})
    unsigned = await journey.http.post("/webhook/stripe", content=b"{}")
    testing = await journey.http.post("/v1/track", json={"userId": "u_1"}, headers=test)
    changed = await journey.http.post(
        "/platform/create-products", json={"tiers": [FREE, PRO]}, headers=developer.headers
    )
    assert ("free", 200) == (ended["plan"], in_grace)
    assert (402, "platform_subscription_inactive") == (
        refused.status_code,
        refused.json()["code"],
    )
    assert (402, "payment_required") == (changed.status_code, changed.json()["code"])
    assert (402, 200, 200, 400, 200) == tuple(
        one.status_code for one in (asked, keys, account, unsigned, testing)
    )
    await pay_with_card(journey, developer, GOOD_CARD)
    assert await works(journey, developer)
    assert developer.platform_id == (await journey.me(developer))["platformId"]
