"""The customers' door: /v1/customers, /v1/tiers, /v1/checkout and its neighbours."""

from typing import Any

from dream_api.kit.periods import rfc3339
from tests.integration.customers.door import Door
from tests.integration.customers.shop import USER
from tests.integration.customers.test_accounts import connect_another

URLS = {"successUrl": "https://app.example/welcome", "cancelUrl": "https://app.example/pricing"}
ROW_FIELDS = {
    "userId",
    "email",
    "name",
    "plan",
    "subscriptionStatus",
    "mrr",
    "mrrCents",
    "currency",
    "usageCount",
    "limit",
    "lastActive",
    "createdAt",
}


async def test_a_customer_is_the_dashboards_row(door: Door) -> None:
    """Created 201, read 200, the same fields."""
    created = await door.call("POST", "/v1/customers", {"userId": USER, "email": "a@b.example"})
    read = await door.call("GET", f"/v1/customers/{USER}")

    assert (201, 200) == (created.status_code, read.status_code)
    assert created.json() == read.json()
    assert ROW_FIELDS == read.json().keys()
    assert ("free", "a@b.example", 0.0, None) == (
        read.json()["plan"],
        read.json()["email"],
        read.json()["mrr"],
        read.json()["lastActive"],
    )


async def test_creating_twice_with_a_key_answers_alike(door: Door) -> None:
    """A repeat after a lost answer is no conflict."""
    headers = {"Authorization": f"Bearer {door.secret_key}", "Idempotency-Key": "k1"}
    answers = [
        await door.http.post("/v1/customers", json={"userId": USER}, headers=headers)
        for _ in range(2)
    ]

    assert [201, 201] == [answer.status_code for answer in answers]
    assert answers[0].json() == answers[1].json()


WRONG_BODIES: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "userId"),
    ({"userId": ""}, "userId"),
    ({"userId": 7}, "userId"),
    ({"userId": "u", "email": None}, "email"),
    ({"userId": "u", "email": "nobody"}, "email"),
    ({"userId": "u", "shoeSize": 42}, "shoeSize"),
    ({"user_id": "u"}, "user_id"),
)


async def test_a_body_that_is_not_understood_is_refused(door: Door) -> None:
    """422, by the name of the field."""
    answers = [await door.call("POST", "/v1/customers", body) for body, _ in WRONG_BODIES]
    named = [{error["param"] for error in answer.json()["errors"]} for answer in answers]

    assert {422} == {answer.status_code for answer in answers}
    assert [] == [
        body for (body, param), found in zip(WRONG_BODIES, named, strict=True) if param not in found
    ]


async def test_a_customer_that_exists_is_a_conflict(door: Door) -> None:
    """409, with a permanent code."""
    await door.call("POST", "/v1/customers", {"userId": USER})
    again = await door.call("POST", "/v1/customers", {"userId": USER})

    assert (409, "user_exists") == (again.status_code, again.json()["code"])


async def test_a_user_id_may_hold_slashes(door: Door) -> None:
    """Ids are the developers' own."""
    await door.call("POST", "/v1/customers", {"userId": "team/7"})
    read = await door.call("GET", "/v1/customers/team%2F7")
    state = await door.call("GET", "/v1/customers/team%2F7/state")

    assert "team/7" == read.json()["userId"] == state.json()["customer"]["userId"]


async def test_customers_are_listed_newest_first(door: Door) -> None:
    """Page by page, everybody once."""
    for number in range(5):
        await door.call("POST", "/v1/customers", {"userId": f"u_{number}"})
        door.shop.clock.advance(1)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await door.call("GET", "/v1/customers", **query)).json()
        seen += [customer["userId"] for customer in page["customers"]]
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]

    assert ["u_4", "u_3", "u_2", "u_1", "u_0"] == seen


async def test_a_list_refuses_what_it_does_not_understand(door: Door) -> None:
    """A changed cursor is a 400, a wrong parameter a 422."""
    wanted = {"limit=0": 422, "limit=101": 422, "limit=x": 422, "status=x": 422, "cursor=x": 400}
    statuses = {}
    for query in wanted:
        name, value = query.split("=")
        statuses[query] = (await door.call("GET", "/v1/customers", **{name: value})).status_code

    assert wanted == statuses


async def test_a_grant_comes_and_goes(door: Door) -> None:
    """Null takes it back, and leaving it out leaves it alone."""
    await door.call("POST", "/v1/customers", {"userId": USER})
    path = f"/v1/customers/{USER}"
    granted = await door.call("PATCH", path, {"plan": "pro"})
    kept = await door.call("PATCH", path, {"name": "Ada"})
    taken = await door.call("PATCH", path, {"plan": None})

    assert ["pro", "pro", "free"] == [one.json()["plan"] for one in (granted, kept, taken)]


async def test_a_patch_that_is_not_understood_changes_nothing(door: Door) -> None:
    """422, and the row is as it was."""
    await door.call("POST", "/v1/customers", {"userId": USER})
    wrong: tuple[dict[str, Any], ...] = ({"plan": "gold"}, {"blocked": None}, {"blocked": "yes"})
    refused = [
        await door.call("PATCH", f"/v1/customers/{USER}", {"name": "Bob"} | body) for body in wrong
    ]

    assert [422] * len(wrong) == [answer.status_code for answer in refused]
    assert (await door.call("GET", f"/v1/customers/{USER}")).json()["name"] is None


async def test_an_unknown_customer_is_not_found(door: Door) -> None:
    """404 whatever is asked of it."""
    path = "/v1/customers/nobody"
    answers = [
        await door.call("GET", path),
        await door.call("GET", f"{path}/state"),
        await door.call("PATCH", path, {"name": "Ada"}),
        await door.call("DELETE", path),
    ]

    assert [404] * 4 == [answer.status_code for answer in answers]


async def test_the_state_is_everything_in_one_answer(door: Door) -> None:
    """Customer, subscription and the decision of metering."""
    await door.shop.subscribe("pro")
    state = (await door.call("GET", f"/v1/customers/{USER}/state")).json()

    assert ("pro", "active", "pro", 1_000) == (
        state["customer"]["plan"],
        state["subscription"]["status"],
        state["usage"]["plan"],
        state["usage"]["remaining"],
    )


async def test_erasing_answers_nothing_and_leaves_nobody(door: Door) -> None:
    """204; the user is gone and cannot sign in."""
    user_id, credentials = await door.sign_in("grace@example.com")
    erased = await door.call("DELETE", f"/v1/customers/{user_id}")
    me = await door.call_as(credentials, "GET", "/v1/me")

    assert (204, b"", 401) == (erased.status_code, erased.content, me.status_code)


async def test_a_pricing_page_sees_what_is_on_sale(door: Door) -> None:
    """With a publishable key, in the developer's order, and how the platform looks."""
    credentials = {"X-Publishable-Key": door.shop.platform_id}
    answer = (await door.call_as(credentials, "GET", "/v1/tiers")).json()

    assert ["free", "basic", "pro", "team", "trial"] == [tier["name"] for tier in answer["tiers"]]
    assert {"appName", "color", "logoUrl"} == answer["branding"].keys()


async def test_a_server_may_send_people_anywhere_safe(door: Door) -> None:
    """Any https address, and in development loopback."""
    body = {"userId": USER, "tier": "pro", **URLS, "cancelUrl": "http://localhost:3000/pricing"}
    answer = await door.call("POST", "/v1/checkout", body)

    assert 201 == answer.status_code
    assert {"url", "sessionId"} == answer.json().keys()


async def test_nobody_is_sent_to_an_unsafe_address(door: Door) -> None:
    """422, by the name of the field."""
    urls = ("http://app.example/x", "javascript:alert(1)", "//app.example", "https://", "ftp://a.b")
    body = {"userId": USER, "tier": "pro", **URLS}
    answers = [await door.call("POST", "/v1/checkout", body | {"successUrl": url}) for url in urls]

    assert [(422, "successUrl")] * len(urls) == [
        (answer.status_code, answer.json()["errors"][0]["param"]) for answer in answers
    ]


async def test_an_end_user_is_sent_only_where_the_developer_allows(door: Door) -> None:
    """A stolen token must not lead a person to somebody else's page."""
    _, credentials = await door.sign_in("grace@example.com")
    body = {"tier": "pro", **URLS}
    refused = await door.call_as(credentials, "POST", "/v1/checkout", body)
    await door.allow("https://app.example/callback")
    opened = await door.call_as(credentials, "POST", "/v1/checkout", body)

    assert (422, 201) == (refused.status_code, opened.status_code)


async def test_an_end_user_buys_for_nobody_else(door: Door) -> None:
    """Somebody else is told apart from nobody by nothing."""
    _, credentials = await door.sign_in("grace@example.com")
    await door.allow("https://app.example/callback")
    await door.call("POST", "/v1/customers", {"userId": USER})
    body = {"userId": USER, "tier": "pro", **URLS}

    assert 404 == (await door.call_as(credentials, "POST", "/v1/checkout", body)).status_code


async def test_a_second_subscription_is_a_conflict_with_the_fix(door: Door) -> None:
    """409 subscription_exists."""
    await door.shop.subscribe("basic")
    answer = await door.call("POST", "/v1/checkout", {"userId": USER, "tier": "pro", **URLS})

    assert (409, "subscription_exists") == (answer.status_code, answer.json()["code"])
    assert "/v1/change-plan" in answer.json()["detail"]


async def test_a_plan_is_changed_after_a_look_at_the_price(door: Door) -> None:
    """Preview and change answer the same shape."""
    await door.shop.subscribe("basic")
    period_end = (await door.shop.user()).current_period_end
    assert period_end is not None
    body = {"userId": USER, "tier": "pro"}
    preview = (await door.call("POST", "/v1/change-plan", body | {"preview": True})).json()
    changed = (await door.call("POST", "/v1/change-plan", body)).json()

    assert {
        "plan": "pro",
        "tier": "pro",
        "effective": "now",
        "amountDueNow": 1_900,
        "currency": "usd",
        "preview": True,
        "nextInvoice": {
            "amountDue": 2_900,
            "at": rfc3339(period_end),
        },
    } == {name: value for name, value in preview.items() if name != "effectiveAt"}
    assert (False, preview.keys()) == (changed["preview"], changed.keys())


async def test_the_portal_opens_for_a_customer(door: Door) -> None:
    """201 with an address."""
    await door.shop.subscribe("basic")
    body = {"userId": USER, "returnUrl": "https://app.example/account"}
    answer = await door.call("POST", "/v1/portal", body)

    assert 201 == answer.status_code
    assert answer.json()["url"].startswith("http")


async def test_a_subscription_that_ended_elsewhere_is_let_go_by_a_word(door: Door) -> None:
    """Nothing on another account: 409, and no other change of the same request is made."""
    await door.shop.subscribe("basic")
    nothing = await door.call(
        "PATCH", f"/v1/customers/{USER}", {"subscriptionEnded": True, "plan": "pro"}
    )
    moved = await connect_another(door.shop)
    ended = await door.call("PATCH", f"/v1/customers/{USER}", {"subscriptionEnded": True})

    assert (409, "no_subscription") == (nothing.status_code, nothing.json()["code"])
    assert (200, "free", "canceled") == (
        ended.status_code,
        ended.json()["plan"],
        ended.json()["subscriptionStatus"],
    )
    assert moved.account_id != door.shop.account_id


async def test_a_server_says_whom_it_means(door: Door) -> None:
    """422 userId."""
    bodies: dict[str, dict[str, Any]] = {
        "/v1/checkout": {"tier": "pro", **URLS},
        "/v1/change-plan": {"tier": "pro"},
        "/v1/portal": {"returnUrl": "https://app.example"},
    }
    answers = [await door.call("POST", path, body) for path, body in bodies.items()]

    assert [(422, "userId")] * len(bodies) == [
        (answer.status_code, answer.json()["errors"][0]["param"]) for answer in answers
    ]


async def test_the_signed_in_user_is_a_row_with_a_verified_address(door: Door) -> None:
    """Only a verified address signs in."""
    user_id, credentials = await door.sign_in("grace@example.com")
    me = (await door.call_as(credentials, "GET", "/v1/me")).json()

    assert ROW_FIELDS | {"emailVerified"} == me.keys()
    assert (user_id, "grace@example.com", True) == (me["userId"], me["email"], me["emailVerified"])


async def test_nobody_in_particular_is_let_in(door: Door) -> None:
    """401 before anything is looked at."""
    calls = [
        ("GET", "/v1/customers"),
        ("POST", "/v1/customers"),
        ("GET", "/v1/customers/u_1"),
        ("PATCH", "/v1/customers/u_1"),
        ("DELETE", "/v1/customers/u_1"),
        ("GET", "/v1/customers/u_1/state"),
        ("GET", "/v1/tiers"),
        ("POST", "/v1/checkout"),
        ("POST", "/v1/change-plan"),
        ("POST", "/v1/portal"),
        ("GET", "/v1/me"),
    ]
    statuses = {}
    for method, path in calls:
        body: Any = {} if method in ("POST", "PATCH") else None
        statuses[method, path] = (await door.call_as({}, method, path, body)).status_code

    assert dict.fromkeys(calls, 401) == statuses
