"""A developer signs up, pays, connects Stripe, configures tiers and receives keys."""

import httpx

from tests.journeys.driver import FREE, PASSWORD, PRO, Journey
from tests.journeys.forms import submit


async def test_a_developer_walks_from_sign_up_to_keys(journey: Journey) -> None:
    """The facts of onboarding come true one by one, and the keys work at the end."""
    developer = await journey.sign_up()
    fresh = await journey.me(developer)
    await journey.pay(developer)
    paid = await journey.me(developer)
    landed = await journey.connect(developer)
    created = await journey.create_products(developer)
    ready = await journey.me(developer)

    assert ("free", None) == (fresh["plan"], fresh["platformId"])
    assert {"paid": False, "connected": False, "tiers": False, "keys": False} == fresh["onboarding"]
    assert "paid" == paid["plan"]
    assert landed.endswith("/api-tier-config?stripe=connected")
    assert created["publishableKey"] == created["platformId"] == ready["platformId"]
    assert ["free", "pro"] == [tier["name"] for tier in created["tiers"]]
    assert {"paid": True, "connected": True, "tiers": True, "keys": True} == ready["onboarding"]
    assert (await journey.track(developer, "u_1"))["allowed"]


async def test_tiers_cannot_be_published_before_paying(journey: Journey) -> None:
    """Live keys come after payment only, and the refusal says so."""
    developer = await journey.sign_up()

    answer = await journey.http.post(
        "/platform/create-products", json={"tiers": [FREE, PRO]}, headers=developer.headers
    )

    assert (402, "payment_required") == (answer.status_code, answer.json()["code"])


async def test_tiers_cannot_be_published_before_connecting(journey: Journey) -> None:
    """There is no account yet on which a product could be made."""
    developer = await journey.sign_up()
    await journey.pay(developer)

    answer = await journey.http.post(
        "/platform/create-products", json={"tiers": [FREE, PRO]}, headers=developer.headers
    )

    assert (409, "stripe_not_connected") == (answer.status_code, answer.json()["code"])


async def test_submitting_twice_creates_nothing_twice(journey: Journey) -> None:
    """The second submit answers 200 with the same prices and shows no secret again."""
    developer = await journey.ready_developer()
    first = developer.secret_key

    again = await journey.http.post(
        "/platform/create-products", json={"tiers": [FREE, PRO]}, headers=developer.headers
    )
    tiers = await journey.http.get("/platform/tiers", headers=developer.headers)
    prices = {tier["name"]: tier["priceId"] for tier in tiers.json()["tiers"]}

    assert (200, None) == (again.status_code, again.json()["secretKey"])
    assert {tier["name"]: tier["priceId"] for tier in again.json()["tiers"]} == prices
    assert developer.secret_key == first
    assert (await journey.track(developer, "u_1"))["allowed"]


async def test_the_secret_key_is_shown_once_and_only_hinted_at_afterwards(
    journey: Journey,
) -> None:
    """No later answer holds the secret; its hint lets a person recognise it."""
    developer = await journey.ready_developer()

    answer = await journey.http.get("/platform/credentials", headers=developer.headers)

    assert developer.secret_key not in answer.text
    assert answer.json()["secretKeys"][0]["hint"].endswith(developer.secret_key[-4:])


async def test_a_rotated_key_stops_at_once_and_its_successor_works(journey: Journey) -> None:
    """Without overlap the old key is refused on the very next request."""
    developer = await journey.ready_developer()
    old = dict(developer.secret)

    rotated = await journey.http.post(
        "/platform/keys/rotate", json={"overlapSeconds": 0}, headers=developer.headers
    )
    developer.secret_key = rotated.json()["secretKey"]
    refused = await journey.http.post("/v1/track", json={"userId": "u_1"}, headers=old)

    assert 201 == rotated.status_code
    assert 401 == refused.status_code
    assert (await journey.track(developer, "u_1"))["allowed"]


async def test_a_publishable_key_is_not_enough_for_a_server_route(journey: Journey) -> None:
    """The refusal names what is needed."""
    developer = await journey.ready_developer()

    answer: httpx.Response = await journey.http.post(
        "/v1/track/batch",
        json={"events": [{"userId": "u_1"}]},
        headers={"X-Publishable-Key": developer.platform_id},
    )

    assert (403, "secret_key_required") == (answer.status_code, answer.json()["code"])


async def test_the_link_of_a_sign_up_asks_another_device_for_the_password(
    journey: Journey,
) -> None:
    """A wrong one is refused, the right one leads on, signed in."""
    email = "phone@example.com"
    await journey.http.post("/platform/sign-up", json={"email": email, "password": PASSWORD})
    await journey.code_for(email)
    mails = await journey.http.get("/dev/mailbox", params={"to": email, "format": "json"})

    async with httpx.AsyncClient(timeout=30) as phone:
        page = await phone.get(mails.json()[-1]["link"])
        wrong = await submit(phone, page, {"password": "granite teapot lullaby"})
        right = await submit(phone, page, {"password": PASSWORD})

    assert (422, 303) == (wrong.status_code, right.status_code)
    assert "/setup" == right.headers["location"]
