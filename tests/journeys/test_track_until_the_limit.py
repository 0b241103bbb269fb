"""An end user is counted, limited, upgrades, and shows up on the dashboard."""

from tests.journeys.driver import DECLINED_CARD, Journey, eventually


async def test_usage_stops_at_the_limit_and_an_upgrade_lifts_it_at_once(journey: Journey) -> None:
    """The fourth call of a tier of three is denied; after paying, the next counts as fourth."""
    developer = await journey.ready_developer()

    decisions = [await journey.track(developer, "u_1") for _ in range(4)]
    paid = await journey.pay_with(await journey.checkout(developer, "u_1"))
    back = await journey.http.get(paid.headers["location"])
    after = await journey.track(developer, "u_1")

    assert [True, True, True, False] == [decision["allowed"] for decision in decisions]
    assert ("usage_limit_reached", 3, 0) == tuple(
        decisions[3][name] for name in ("reason", "usage", "remaining")
    )
    assert "https://app.example/ok" == back.headers["location"].split("?")[0]
    assert (True, "pro", 4, 1000) == tuple(
        after[name] for name in ("allowed", "plan", "usage", "limit")
    )


async def test_the_webhook_alone_upgrades_too(journey: Journey) -> None:
    """Who closes the window after paying has what they paid for all the same."""
    developer = await journey.ready_developer()
    await journey.track(developer, "u_1")
    await journey.pay_with(await journey.checkout(developer, "u_1"))

    async def is_pro() -> bool:
        return bool("pro" == (await journey.customer(developer, "u_1"))["plan"])

    await eventually(is_pro)
    row = await journey.customer(developer, "u_1")

    assert ("active", 29, 2900) == (row["subscriptionStatus"], row["mrr"], row["mrrCents"])


async def test_a_declined_card_changes_nothing_and_the_session_stays_open(
    journey: Journey,
) -> None:
    """The page says why; the same page takes a better card."""
    developer = await journey.ready_developer()
    url = await journey.checkout(developer, "u_1")

    declined = await journey.pay_with(url, DECLINED_CARD)
    row_after_decline = await journey.customer(developer, "u_1")
    paid = await journey.pay_with(url)

    assert 402 == declined.status_code
    assert "declined" in declined.text
    assert "free" == row_after_decline["plan"]
    assert 303 == paid.status_code


async def test_a_running_subscription_is_not_sold_twice(journey: Journey) -> None:
    """A second checkout is refused with the way out: change the plan instead."""
    developer = await journey.ready_developer()
    paid = await journey.pay_with(await journey.checkout(developer, "u_1"))
    await journey.http.get(paid.headers["location"])

    answer = await journey.http.post(
        "/v1/checkout",
        json={
            "userId": "u_1",
            "tier": "pro",
            "successUrl": "https://app.example/ok",
            "cancelUrl": "https://app.example/no",
        },
        headers=developer.secret,
    )

    assert (409, "subscription_exists") == (answer.status_code, answer.json()["code"])


async def test_the_dashboard_shows_who_uses_and_who_pays(journey: Journey) -> None:
    """Table, numbers and CSV tell the same story."""
    developer = await journey.ready_developer()
    await journey.track(developer, "u_free", amount=2)
    await journey.track(developer, "u_pays")
    paid = await journey.pay_with(await journey.checkout(developer, "u_pays"))
    await journey.http.get(paid.headers["location"])

    table = await journey.http.get("/platform/dashboard/users", headers=developer.headers)
    metrics = await journey.http.get("/platform/dashboard/metrics", headers=developer.headers)
    csv = await journey.http.get("/platform/dashboard/users.csv", headers=developer.headers)
    rows = {row["userId"]: row for row in table.json()["users"]}

    assert {"u_free", "u_pays"} == rows.keys()
    assert ("free", 2, 0) == tuple(rows["u_free"][n] for n in ("plan", "usageCount", "mrrCents"))
    assert ("pro", 1, 2900) == tuple(rows["u_pays"][n] for n in ("plan", "usageCount", "mrrCents"))
    assert ({"usd": 2900}, 1, 2, 3) == tuple(
        metrics.json()[name]
        for name in ("mrrCents", "activeSubscriptions", "endUsers", "usageThisPeriod")
    )
    assert csv.text.startswith("platform_id,user_id,clerk_email,clerk_name,plan,")
    assert 3 == len(csv.text.strip().splitlines())


async def test_an_end_user_signs_up_and_is_counted_by_their_own_token(journey: Journey) -> None:
    """The token carries the three claims; a user counts for themselves and nobody else."""
    developer = await journey.ready_developer()
    publishable = {"X-Publishable-Key": developer.platform_id}
    person = {
        "email": f"ann-{developer.user_id[-6:]}@example.com",
        "password": "a quiet green lake",
    }
    signed_up = await journey.http.post("/v1/auth/sign-up", json=person, headers=publishable)
    code = await journey.code_for(person["email"])
    verified = await journey.http.post(
        "/v1/auth/verify", json={"email": person["email"], "code": code}, headers=publishable
    )
    caller = {**publishable, "Authorization": f"Bearer {verified.json()['token']}"}

    counted = await journey.http.post("/v1/track", json={}, headers=caller)
    other = await journey.http.post("/v1/track", json={"userId": "someone"}, headers=caller)
    me = await journey.http.get("/v1/me", headers=caller)

    assert 201 == signed_up.status_code
    assert (200, verified.json()["userId"]) == (counted.status_code, counted.json()["userId"])
    assert other.status_code in (403, 404)
    assert ("free", 1, True) == tuple(me.json()[n] for n in ("plan", "usageCount", "emailVerified"))
