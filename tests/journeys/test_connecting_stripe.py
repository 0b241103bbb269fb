"""Connecting Stripe: every way it can end, and what it leaves behind."""

from urllib.parse import parse_qs, urlsplit

import httpx

from tests.journeys.driver import Journey
from tests.journeys.forms import submit


async def test_denying_access_lands_on_a_readable_page_and_stores_nothing(
    journey: Journey,
) -> None:
    """The developer may try again; nothing is connected."""
    developer = await journey.sign_up()
    await journey.pay(developer)

    landed = await journey.connect(developer, action="deny")
    page = await journey.http.get(
        landed, headers={**developer.headers, "Accept": "text/html"}, follow_redirects=True
    )

    assert landed.split("?stripe=")[0].endswith("/api-tier-config")
    assert "connected" != landed.split("?stripe=")[1]
    assert 200 == page.status_code
    assert not (await journey.me(developer))["onboarding"]["connected"]


async def test_a_state_works_once_and_only_for_its_developer(journey: Journey) -> None:
    """A forged or repeated callback would graft a stranger's account onto a platform."""
    developer, stranger = await journey.sign_up(), await journey.sign_up()
    await journey.pay(developer)
    start = await journey.http.get("/oauth/authorize", headers=developer.headers)
    async with httpx.AsyncClient() as stripe:
        page = await stripe.get(start.headers["location"])
        approved = await submit(stripe, page, {}, press=("action", "approve"))
    callback = approved.headers["location"]

    foreign = await journey.http.get(callback, headers=stranger.headers)
    first = await journey.http.get(callback, headers=developer.headers)
    repeated = await journey.http.get(callback, headers=developer.headers)

    reasons = [
        parse_qs(urlsplit(answer.headers["location"]).query)["stripe"][0]
        for answer in (foreign, first, repeated)
    ]
    assert "connected" != reasons[0]
    assert "connected" != reasons[2]


async def test_an_unpaid_developer_cannot_connect_a_live_account(journey: Journey) -> None:
    """The refusal is a problem, not a page of Stripe's."""
    developer = await journey.sign_up()

    answer = await journey.http.get("/oauth/authorize", headers=developer.headers)

    assert (402, "payment_required") == (answer.status_code, answer.json()["code"])


async def test_disconnecting_stops_sales_and_keeps_counting(journey: Journey) -> None:
    """Usage goes on; checkout says that no Stripe account is connected."""
    developer = await journey.ready_developer()

    gone = await journey.http.post("/oauth/disconnect", headers=developer.headers)
    checkout = await journey.http.post(
        "/v1/checkout",
        json={
            "userId": "u_1",
            "tier": "pro",
            "successUrl": "https://app.example/ok",
            "cancelUrl": "https://app.example/no",
        },
        headers=developer.secret,
    )

    assert gone.status_code < 400
    assert not (await journey.me(developer))["onboarding"]["connected"]
    assert (409, "stripe_not_connected") == (checkout.status_code, checkout.json()["code"])
    assert (await journey.track(developer, "u_1"))["allowed"]
