"""Connecting Stripe: every way it can end, and what it leaves behind."""

from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.journeys.driver import FREE, PRO, Developer, Journey, eventually
from tests.journeys.forms import submit
from tests.journeys.running import Running
from tests.journeys.test_webhooks import account_of


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


@dataclass
class Visit:
    """A developer's visit to Stripe, and where it ended."""

    journey: Journey
    stripe_url: str

    async def connect(
        self, developer: Developer, *, account: str = "new", mode: str = "live"
    ) -> str:
        """Choose an account there; give where the developer lands."""
        start = await self.journey.http.get(
            "/oauth/authorize", params={"mode": mode}, headers=developer.headers
        )
        async with httpx.AsyncClient(timeout=30) as stripe:
            page = await stripe.get(start.headers["location"])
            approved = await submit(stripe, page, {"account": account}, press=("action", "approve"))
        back = await self.journey.http.get(approved.headers["location"], headers=developer.headers)
        return str(back.headers["location"])

    async def press(self, account: str, action: str) -> None:
        """Do something to an account as its owner."""
        async with httpx.AsyncClient(base_url=self.stripe_url, timeout=30) as stripe:
            page = await stripe.get(f"/accounts/{account}")
            done = await submit(stripe, page, {}, press=("action", action))
        assert 303 == done.status_code, done.text


@pytest.fixture
def visit(journey: Journey, running: Running) -> Visit:
    """Give the way to Stripe and back."""
    return Visit(journey, running.stripe_url)


async def sell(journey: Journey, headers: dict[str, str], user_id: str) -> tuple[int, str | None]:
    """Ask for a Checkout; give the status, and the code of a refusal."""
    answer = await journey.http.post(
        "/v1/checkout",
        json={
            "userId": user_id,
            "tier": "pro",
            "successUrl": "https://app.example/ok",
            "cancelUrl": "https://app.example/no",
        },
        headers=headers,
    )
    return answer.status_code, answer.json().get("code")


async def test_an_account_of_another_platform_is_refused_on_a_clear_page(
    journey: Journey, running: Running, visit: Visit
) -> None:
    """Both developers keep what they had, and the page says what to do."""
    first, second = await journey.ready_developer(), await journey.ready_developer()
    theirs = await account_of(running, first)
    kept = await account_of(running, second)

    landed = await visit.connect(second, account=theirs)
    page = await journey.http.get(landed, headers={**second.headers, "Accept": "text/html"})

    assert "/api-tier-config?stripe=already_connected" == landed
    assert "connected to another platform. Use another one, or disconnect it" in page.text
    assert (theirs, kept) == (
        await account_of(running, first),
        await account_of(running, second),
    )
    for developer in (first, second):
        assert (201, None) == await sell(journey, developer.secret, "u_1")


async def test_another_account_takes_the_place_of_the_first(
    journey: Journey, running: Running, visit: Visit
) -> None:
    """The first is closed to us; the tiers are submitted again; then people buy from the second."""
    developer = await journey.ready_developer()
    old = await account_of(running, developer)
    await journey.pay_with(await journey.checkout(developer, "u_2"))

    async def pays() -> bool:
        return "pro" == str((await journey.customer(developer, "u_2"))["plan"])

    assert await eventually(pays)
    landed = await visit.connect(developer)
    before = await sell(journey, developer.secret, "u_1")
    elsewhere = await sell(journey, developer.secret, "u_2")
    ended = await journey.http.post(
        "/dashboard/users/u_2",
        data={"action": "ended"},
        headers={**developer.headers, "Origin": journey.base_url},
    )
    let_go = await journey.customer(developer, "u_2")
    await journey.create_products(developer)
    after = await sell(journey, developer.secret, "u_1")
    new = await account_of(running, developer)
    async with httpx.AsyncClient(base_url=running.stripe_url) as stripe:
        closed = await stripe.get(
            "/v1/customers",
            headers={"Authorization": "Bearer sk_test_simulator", "Stripe-Account": old},
        )

    assert "/api-tier-config?stripe=connected" == landed
    assert old != new
    assert (409, "price_not_on_sale") == before
    assert (201, None) == after
    assert (409, "subscription_elsewhere") == elsewhere
    assert (303, "free") == (ended.status_code, let_go["plan"])
    assert (403, "account_invalid") == (closed.status_code, closed.json()["error"]["code"])


async def test_the_account_of_a_developer_who_left_is_free_for_somebody_else(
    journey: Journey, running: Running, visit: Visit
) -> None:
    """Who deletes their account gives our access back, so that it can be connected again."""
    gone, comes = await journey.ready_developer(), await journey.ready_developer()
    account = await account_of(running, gone)

    left = await journey.http.delete("/platform/me", headers=gone.headers)
    landed = await visit.connect(comes, account=account)

    assert 204 == left.status_code
    assert "/api-tier-config?stripe=connected" == landed
    assert account == await account_of(running, comes)


async def test_an_account_that_may_not_be_paid_sells_nothing_until_it_may(
    journey: Journey, running: Running, visit: Visit
) -> None:
    """``account.updated`` tells us both times, and the refusal says who must do what."""
    developer = await journey.ready_developer()
    account = await account_of(running, developer)

    async def sells(status: int) -> bool:
        return status == (await sell(journey, developer.secret, "u_1"))[0]

    await visit.press(account, "disable_charges")
    assert await eventually(lambda: sells(409))
    refused = await sell(journey, developer.secret, "u_1")
    await visit.press(account, "enable_charges")

    assert (409, "charges_not_enabled") == refused
    assert await eventually(lambda: sells(201))


async def test_disconnecting_at_stripe_is_heard_here(
    journey: Journey, running: Running, visit: Visit
) -> None:
    """``account.application.deauthorized``: nothing is connected, and connecting again works."""
    developer = await journey.ready_developer()
    account = await account_of(running, developer)
    await visit.press(account, "disconnect")

    async def is_gone() -> bool:
        return not (await journey.me(developer))["onboarding"]["connected"]

    assert await eventually(is_gone)
    assert (409, "stripe_not_connected") == await sell(journey, developer.secret, "u_1")
    assert "/api-tier-config?stripe=connected" == await visit.connect(developer, account=account)
    assert (201, None) == await sell(journey, developer.secret, "u_1")


async def test_test_mode_stands_beside_live_with_everything_of_its_own(
    journey: Journey, running: Running, visit: Visit
) -> None:
    """Before paying: an account, tiers, keys, a sale; afterwards live knows nothing of them."""
    developer = await journey.sign_up()
    landed = await visit.connect(developer, mode="test")
    made = await journey.http.post(
        "/platform/create-products",
        params={"mode": "test"},
        json={"tiers": [FREE, PRO]},
        headers=developer.headers,
    )
    test = {"Authorization": f"Bearer {made.json()['secretKey']}"}
    tester = replace(developer, platform_id=made.json()["platformId"])
    opened = await journey.http.post(
        "/v1/checkout",
        json={
            "userId": "u_1",
            "tier": "pro",
            "successUrl": "https://app.example/ok",
            "cancelUrl": "https://app.example/no",
        },
        headers=test,
    )
    await journey.pay_with(opened.json()["url"])

    async def has_bought() -> bool:
        row = (await journey.http.get("/v1/customers/u_1", headers=test)).json()
        return bool("pro" == row["plan"])

    assert await eventually(has_bought)
    assert "/api-tier-config?stripe=connected&mode=test" == landed
    assert made.json()["secretKey"].startswith("sk_test_")
    await journey.pay(developer)
    assert not (await journey.me(developer))["onboarding"]["connected"]
    await visit.connect(developer)
    await journey.create_products(developer)
    assert (
        404 == (await journey.http.get("/v1/customers/u_1", headers=developer.secret)).status_code
    )
    assert await account_of(running, developer) != await account_of(running, tester)
