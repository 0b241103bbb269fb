"""A developer builds in test mode for nothing, pays, and takes what they have built live."""

from typing import Any

import httpx
import pytest

from tests.journeys.driver import FREE, PRO, Developer, Journey
from tests.journeys.forms import submit

TEST = {"mode": "test"}
TEAM = {"name": "team", "displayName": "Team", "priceCents": 9900, "limit": 5000}


async def ask(journey: Journey, developer: Developer, method: str, path: str, **how: Any) -> Any:
    """Ask as the developer."""
    return await journey.http.request(method, path, headers=developer.headers, **how)


async def connect(journey: Journey, developer: Developer, mode: str) -> None:
    """Connect a Stripe account to one of the developer's platforms."""
    start = await ask(journey, developer, "GET", "/oauth/authorize", params={"mode": mode})
    assert 302 == start.status_code, start.text
    async with httpx.AsyncClient(timeout=30) as stripe:
        page = await stripe.get(start.headers["location"])
        decided = await submit(stripe, page, {}, press=("action", "approve"))
    back = await ask(journey, developer, "GET", decided.headers["location"])
    assert "stripe=connected" in back.headers["location"]


async def publish(journey: Journey, developer: Developer, tiers: list[Any]) -> dict[str, Any]:
    """Submit tiers in test mode."""
    answer = await ask(
        journey, developer, "POST", "/platform/create-products", params=TEST, json={"tiers": tiers}
    )
    assert answer.status_code in (200, 201), answer.text
    published: dict[str, Any] = answer.json()
    return published


async def tried(journey: Journey, tiers: list[Any] | None = None) -> tuple[Developer, str]:
    """Walk a developer to keys of test mode; give the secret one."""
    developer = await journey.sign_up()
    await connect(journey, developer, "test")
    return developer, (await publish(journey, developer, tiers or [FREE, PRO]))["secretKey"]


async def live(journey: Journey) -> tuple[Developer, str]:
    """Walk a developer from test mode to a connected live platform without tiers."""
    developer, secret = await tried(journey)
    await journey.pay(developer)
    await connect(journey, developer, "live")
    return developer, secret


async def promote(journey: Journey, developer: Developer) -> httpx.Response:
    """Take the test tiers live; keep the keys."""
    answer: httpx.Response = await ask(journey, developer, "POST", "/platform/promote")
    if answer.is_success and answer.json()["secretKey"]:
        developer.secret_key = answer.json()["secretKey"]
    return answer


def prices(answer: httpx.Response) -> dict[str, str]:
    """Read which price each tier has."""
    return {row["tier"]: row["priceId"] for row in answer.json()["priceIds"]}


async def test_everything_works_in_test_mode_before_paying(journey: Journey) -> None:
    """Keys, tiers and counting are there; the console says that it is test mode."""
    developer, secret = await tried(journey)
    developer.secret_key = secret

    me = (await ask(journey, developer, "GET", "/platform/me", params=TEST)).json()
    decision = await journey.track(developer, "u_1")

    assert secret.startswith("sk_test_drm_")
    assert ("free", None) == (me["plan"], me["platformId"])
    assert {"paid": False, "connected": True, "tiers": True, "keys": True} == me["onboarding"]
    assert decision["allowed"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/platform/promote", None),
        ("POST", "/platform/create-products", {"tiers": [FREE, PRO]}),
        ("POST", "/platform/keys", {"name": "early"}),
        ("GET", "/oauth/authorize", None),
    ],
)
async def test_nothing_is_live_before_paying(
    journey: Journey, method: str, path: str, body: Any
) -> None:
    """Each way to something live is answered 402, and leaves no live platform behind."""
    developer, _ = await tried(journey)

    answer = await ask(journey, developer, method, path, json=body)

    assert (402, "payment_required") == (answer.status_code, answer.json()["code"])
    assert (await journey.me(developer))["platformId"] is None


async def test_promoting_before_connecting_says_what_is_missing(journey: Journey) -> None:
    """Live has a Stripe account of its own; the test one does not stand in for it."""
    developer, _ = await tried(journey)
    await journey.pay(developer)

    answer = await promote(journey, developer)

    assert (409, "stripe_not_connected") == (answer.status_code, answer.json()["code"])


async def test_promoting_nothing_says_what_is_missing(journey: Journey) -> None:
    """A developer who never tried has no tiers to take over."""
    developer = await journey.sign_up()
    await journey.pay(developer)
    await connect(journey, developer, "live")

    answer = await promote(journey, developer)

    assert (404, "not_found") == (answer.status_code, answer.json()["code"])
    assert "?mode=test" in answer.json()["detail"]


async def test_promoting_makes_live_products_and_keys(journey: Journey) -> None:
    """The same tiers, other prices on another account, and a live key that is shown once."""
    developer, secret = await live(journey)
    on_test = await publish(journey, developer, [FREE, PRO])

    first, again = await promote(journey, developer), await promote(journey, developer)

    made = first.json()
    assert (201, 200) == (first.status_code, again.status_code)
    assert made["secretKey"].startswith("sk_live_drm_")
    assert made["publishableKey"] == (await journey.me(developer))["platformId"]
    assert ["free", "pro"] == [tier["name"] for tier in made["tiers"]]
    assert prices(first) != {row["tier"]: row["priceId"] for row in on_test["priceIds"]}
    assert prices(first) == prices(again)
    assert again.json()["secretKey"] is None
    assert secret != made["secretKey"]


async def test_users_of_the_two_modes_are_apart(journey: Journey) -> None:
    """The same id is another person, counted for itself, and no key reaches the other mode."""
    developer, secret = await live(journey)
    await promote(journey, developer)
    test = {"Authorization": f"Bearer {secret}"}
    for _ in range(3):
        await journey.http.post("/v1/track", json={"userId": "u_1"}, headers=test)
    full = await journey.http.post("/v1/track", json={"userId": "u_1"}, headers=test)
    await journey.http.post("/v1/customers", json={"userId": "only_test"}, headers=test)

    counted = await journey.track(developer, "u_1")
    foreign = await journey.http.get("/v1/customers/only_test", headers=developer.secret)
    missing = await journey.http.get("/v1/customers/nobody", headers=developer.secret)
    listed = await journey.http.get("/v1/customers", headers=developer.secret)

    assert not full.json()["allowed"]
    assert counted["allowed"]
    assert (404, 404) == (foreign.status_code, missing.status_code)
    assert foreign.json()["detail"] == missing.json()["detail"]
    assert ["u_1"] == [row["userId"] for row in listed.json()["customers"]]


async def test_promoting_again_takes_changes_over(journey: Journey) -> None:
    """A tier that is there already follows the test one; one that test does not have goes."""
    developer, _ = await live(journey)
    before = prices(await promote(journey, developer))
    extra = await ask(journey, developer, "POST", "/platform/tiers", json=TEAM)
    assert 201 == extra.status_code, extra.text
    await publish(journey, developer, [FREE, {**PRO, "priceCents": 3900}])

    answer = await promote(journey, developer)

    after = prices(answer)
    assert 200 == answer.status_code
    assert {"pro"} == set(after)
    assert after["pro"] != before["pro"]
    live_tiers = (await ask(journey, developer, "GET", "/platform/tiers")).json()["tiers"]
    assert ["free", "pro"] == [tier["name"] for tier in live_tiers if not tier["archived"]]
    assert 3900 == live_tiers[1]["priceCents"]


async def test_a_live_tier_with_users_is_not_promoted_away(journey: Journey) -> None:
    """Whoever pays for it would lose it: refused with its name, and nothing has changed."""
    developer, _ = await live(journey)
    await promote(journey, developer)
    await ask(journey, developer, "POST", "/platform/tiers", json=TEAM)
    await journey.http.post("/v1/customers", json={"userId": "u_1"}, headers=developer.secret)
    granted = await journey.http.patch(
        "/v1/customers/u_1", json={"plan": "team"}, headers=developer.secret
    )
    assert 200 == granted.status_code, granted.text

    answer = await promote(journey, developer)

    assert (409, "tier_in_use") == (answer.status_code, answer.json()["code"])
    assert "team" in answer.json()["detail"]
    live_tiers = (await ask(journey, developer, "GET", "/platform/tiers")).json()["tiers"]
    assert ["free", "pro", "team"] == [tier["name"] for tier in live_tiers]


async def test_the_look_goes_live_with_the_tiers(journey: Journey) -> None:
    """What was named in test mode has its name in live mode, too; one chosen there stays."""
    developer, _ = await live(journey)
    look = {"appName": "Acme Maps", "color": "#0a7f5a"}
    await ask(journey, developer, "PUT", "/platform/branding", params=TEST, json=look)
    await promote(journey, developer)
    taken_over = (await ask(journey, developer, "GET", "/platform/branding")).json()
    other = {"appName": "Acme Live", "color": "#0a7f5a"}
    await ask(journey, developer, "PUT", "/platform/branding", json=other)
    await promote(journey, developer)

    kept = (await ask(journey, developer, "GET", "/platform/branding")).json()

    assert "Acme Maps" == taken_over["appName"]
    assert "Acme Live" == kept["appName"]


async def test_the_console_says_which_mode_it_is(journey: Journey) -> None:
    """On every page of both modes, and offers promoting where live has no tiers yet."""
    developer, _ = await live(journey)

    on_test = await ask(journey, developer, "GET", "/dashboard", params=TEST)
    offers = await ask(journey, developer, "GET", "/api-tier-config")
    pressed = await submit_promote(journey, developer, offers)
    on_live = await ask(journey, developer, "GET", "/dashboard")

    assert "Test mode: nothing here is charged" in on_test.text
    assert "Promote test tiers" in offers.text
    assert "sk_live_drm_" in pressed.text
    assert "Test mode" not in on_live.text


async def submit_promote(
    journey: Journey, developer: Developer, page: httpx.Response
) -> httpx.Response:
    """Press the button that takes the test tiers live."""
    assert 200 == page.status_code, page.text
    origin = {"Origin": journey.base_url, "Sec-Fetch-Site": "same-origin"}
    answer: httpx.Response = await journey.http.post(
        "/api-tier-config/promote", headers={**developer.headers, **origin}
    )
    return answer
