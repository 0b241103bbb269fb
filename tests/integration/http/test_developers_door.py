"""What a developer does over HTTP, door by door."""

import csv
import secrets
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.journeys.driver import FREE, PRO, Developer, Journey

TEAM = {"name": "team", "displayName": "Team", "priceCents": 9900, "limit": None}


def png(color: str = "#3355ff") -> bytes:
    """Draw an image."""
    encoded = BytesIO()
    Image.new("RGB", (40, 20), color).save(encoded, "PNG")
    return encoded.getvalue()


async def test_before_paying_there_is_no_live_platform(
    http: httpx.AsyncClient, newcomer: Developer
) -> None:
    """Live mode says what is missing; nothing is made."""
    shown = await http.get("/platform/credentials", headers=newcomer.headers)
    refused = await http.post(
        "/platform/create-products", json={"tiers": [FREE]}, headers=newcomer.headers
    )

    assert {"platformId": None, "publishableKey": None, "secretKeys": []} == shown.json()
    assert (402, "payment_required") == (refused.status_code, refused.json()["code"])


@pytest.mark.parametrize(
    "path",
    ["dashboard/users", "dashboard/users.csv", "dashboard/metrics", "branding", "settings"],
)
async def test_test_mode_needs_no_payment(
    http: httpx.AsyncClient, newcomer: Developer, path: str
) -> None:
    """Everything can be tried before paying; live is a 402 that says so."""
    test = await http.get(f"/platform/{path}?mode=test", headers=newcomer.headers)
    live = await http.get(f"/platform/{path}", headers=newcomer.headers)

    assert [200, 402] == [test.status_code, live.status_code]


async def test_a_free_developer_makes_five_changing_calls_a_month(
    http: httpx.AsyncClient, newcomer: Developer
) -> None:
    """The sixth says how long to wait; refused calls before did not count."""
    look = {"appName": "Acme", "color": "#3355ff"}
    url = "/platform/branding?mode=test"
    await http.put(url, json={"appName": "", "color": "red"}, headers=newcomer.headers)

    answers = [await http.put(url, json=look, headers=newcomer.headers) for _ in range(6)]

    assert [200] * 5 + [429] == [answer.status_code for answer in answers]
    assert "usage_limit_reached" == answers[5].json()["code"]
    assert 0 < int(answers[5].headers["retry-after"]) <= 31 * 24 * 3600


async def test_a_subscription_is_shown_and_managed(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """Who pays sees until when, and opens Stripe's portal instead of a second checkout."""
    shown = (await http.get("/platform/subscription", headers=developer.headers)).json()
    portal = await http.post("/platform/billing-portal", headers=developer.headers)
    again = await http.post("/platform/create-checkout", headers=developer.headers)

    assert ("paid", "active", False) == (
        shown["plan"], shown["status"], shown["cancelAtPeriodEnd"],
    )  # fmt: skip
    assert portal.json()["url"].startswith("http")
    assert (409, "subscription_exists") == (again.status_code, again.json()["code"])


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://user:pass@a.example", "ftp://a.example", "/here"]
)
async def test_stripe_leads_back_to_sensible_addresses_only(
    http: httpx.AsyncClient, newcomer: Developer, url: str
) -> None:
    """Nobody is sent somewhere odd after paying."""
    answer = await http.post(
        "/platform/create-checkout", json={"successUrl": url}, headers=newcomer.headers
    )

    assert 422 == answer.status_code
    assert "successUrl" == answer.json()["errors"][0]["param"]


async def test_a_tier_comes_changes_and_goes(http: httpx.AsyncClient, developer: Developer) -> None:
    """Another price is another Stripe price; a tier that goes is archived."""
    headers = developer.headers
    added = (await http.post("/platform/tiers", json=TEAM, headers=headers)).json()
    changed = (
        await http.put("/platform/tiers/team", json={**TEAM, "priceCents": 8900}, headers=headers)
    ).json()
    gone = await http.delete("/platform/tiers/team", headers=headers)
    listed = (await http.get("/platform/tiers", headers=headers)).json()["tiers"]

    assert added["priceId"] != changed["priceId"]
    assert added["productId"] == changed["productId"]
    assert 204 == gone.status_code
    assert [("free", False), ("pro", False), ("team", True)] == [
        (tier["name"], tier["archived"]) for tier in listed
    ]


async def test_every_wrong_field_of_a_tier_is_named(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """All at once, by their place, without their values."""
    tiers = [{**PRO, "priceCents": 1, "name": "No!"}, {**FREE, "limit": -1}]

    answer = await http.post(
        "/platform/create-products", json={"tiers": tiers}, headers=developer.headers
    )

    assert 422 == answer.status_code
    params = {error["param"] for error in answer.json()["errors"]}
    assert {"tiers[0].priceCents", "tiers[0].name", "tiers[1].limit"} == params


async def test_a_repeated_creation_shows_no_secret_twice(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """Same key and body: the same key is named, its secret is gone; another body is refused."""
    headers = {**developer.headers, "Idempotency-Key": secrets.token_hex(8)}
    body = {"name": "ci", "scopes": ["usage"]}

    first = await http.post("/platform/keys", json=body, headers=headers)
    again = await http.post("/platform/keys", json=body, headers=headers)
    other = await http.post("/platform/keys", json={"name": "other"}, headers=headers)

    assert [201, 201, 409] == [first.status_code, again.status_code, other.status_code]
    assert {"id": first.json()["id"], "secretKey": None} == again.json()
    assert "true" == again.headers["idempotency-replayed"]
    assert "idempotency_conflict" == other.json()["code"]


async def test_a_refused_creation_burns_no_key(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """What changed nothing may be corrected and sent again under the same key."""
    headers = {**developer.headers, "Idempotency-Key": secrets.token_hex(8)}

    refused = await http.post(
        "/platform/keys", json={"name": "ci", "scopes": ["everything"]}, headers=headers
    )
    mended = await http.post("/platform/keys", json={"name": "ci"}, headers=headers)

    assert [422, 201] == [refused.status_code, mended.status_code]


async def test_a_revoked_key_is_refused_on_the_next_request(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """No cache remembers it."""
    made = await http.post("/platform/keys", json={"name": "brief"}, headers=developer.headers)
    secret = {"Authorization": f"Bearer {made.json()['secretKey']}"}
    before = await http.get("/v1/customers", headers=secret)

    revoked = await http.post(
        f"/platform/keys/{made.json()['id']}/revoke", headers=developer.headers
    )
    after = await http.get("/v1/customers", headers=secret)

    assert [200, 204, 401] == [before.status_code, revoked.status_code, after.status_code]


async def test_both_keys_work_while_they_overlap(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """A rotation with overlap interrupts nobody, and says when the old key ends."""
    made = await http.post("/platform/keys", json={"name": "old"}, headers=developer.headers)
    rotated = await http.post(
        f"/platform/keys/{made.json()['id']}/rotate",
        json={"overlapSeconds": 3600},
        headers=developer.headers,
    )

    answers = [
        await http.get(
            "/v1/customers", headers={"Authorization": f"Bearer {one.json()['secretKey']}"}
        )
        for one in (made, rotated)
    ]

    assert [200, 200] == [answer.status_code for answer in answers]
    assert rotated.json()["previousExpiresAt"].endswith("Z")


async def test_an_end_user_is_seen_changed_and_erased(
    http: httpx.AsyncClient, developer: Developer, journey: Journey
) -> None:
    """The console grants, blocks, corrects and erases; the API follows at once."""
    await journey.track(developer, "a/b c", amount=2)
    url, headers = "/platform/dashboard/users/a%2Fb%20c", developer.headers

    async def patch(**changes: Any) -> dict[str, Any]:
        answer = await http.patch(url, json=changes, headers=headers)
        assert 200 == answer.status_code, answer.text
        row: dict[str, Any] = answer.json()
        return row

    assert "pro" == (await patch(plan="pro"))["plan"]
    await patch(blocked=True)
    assert "user_blocked" == (await journey.track(developer, "a/b c"))["reason"]
    assert "free" == (await patch(plan=None, blocked=False))["plan"]
    adjusted = await http.post(
        f"{url}/usage/adjust", json={"amount": -1, "reason": "outage"}, headers=headers
    )
    assert 1 == adjusted.json()["usage"]
    usage = await http.get(f"{url}/usage?days=2", headers=headers)
    assert [0, 1] == [day["count"] for day in usage.json()["usageByDay"]]
    assert 204 == (await http.delete(url, headers=headers)).status_code
    assert 404 == (await http.get(url, headers=headers)).status_code


async def test_a_correction_sent_twice_corrects_once(
    http: httpx.AsyncClient, developer: Developer, journey: Journey
) -> None:
    """A repeat under the same key is answered, and the ledger gets no second row."""
    await journey.track(developer, "u_corrected", amount=3)
    url = "/platform/dashboard/users/u_corrected/usage/adjust"
    headers = {**developer.headers, "Idempotency-Key": secrets.token_hex(8)}
    correction = {"amount": -1, "reason": "outage"}

    answers = [await http.post(url, json=correction, headers=headers) for _ in range(2)]

    assert [2, 2] == [answer.json()["usage"] for answer in answers]
    row = await http.get("/platform/dashboard/users/u_corrected", headers=developer.headers)
    assert 2 == row.json()["usageCount"]


async def test_null_unblocks_nobody(
    http: httpx.AsyncClient, developer: Developer, journey: Journey
) -> None:
    """Null means something for a grant, and nothing for a block."""
    await journey.track(developer, "u_null")

    answer = await http.patch(
        "/platform/dashboard/users/u_null", json={"blocked": None}, headers=developer.headers
    )

    assert 422 == answer.status_code


async def test_the_table_is_paged_and_exported(
    http: httpx.AsyncClient, developer: Developer, journey: Journey
) -> None:
    """Pages follow each other, the export has the columns of the table, cursors fit one list."""
    for number in range(3):
        await journey.track(developer, f"=page{number}")
    query = {"q": "=page", "sort": "userId", "order": "asc", "limit": "2"}
    headers = developer.headers

    first = (await http.get("/platform/dashboard/users", params=query, headers=headers)).json()
    query["cursor"] = first["nextCursor"]
    second = (await http.get("/platform/dashboard/users", params=query, headers=headers)).json()
    export = await http.get("/platform/dashboard/users.csv?q=%3Dpage", headers=headers)
    query["order"] = "desc"
    wrong = await http.get("/platform/dashboard/users", params=query, headers=headers)

    ids = [row["userId"] for page in (first, second) for row in page["users"]]
    assert (["=page0", "=page1", "=page2"], 3) == (ids, first["total"])
    rows = list(csv.DictReader(StringIO(export.text)))
    assert ["'=page0", "'=page1", "'=page2"] == [row["user_id"] for row in rows]
    assert "attachment" in export.headers["content-disposition"]
    assert 400 <= wrong.status_code < 500


async def test_a_logo_is_served_by_us(http: httpx.AsyncClient, developer: Developer) -> None:
    """As WebP under an address that changes with it; removed, it is gone."""
    headers = developer.headers
    put = await http.put(
        "/platform/branding/logo",
        content=png(),
        headers={**headers, "Content-Type": "image/png"},
    )
    url = put.json()["logoUrl"]
    served = await http.get(url)
    other = await http.put("/platform/branding/logo", files={"logo": png("red")}, headers=headers)
    removed = await http.delete("/platform/branding/logo", headers=headers)

    assert ("image/webp", "nosniff") == (
        served.headers["content-type"], served.headers["x-content-type-options"],
    )  # fmt: skip
    assert url != other.json()["logoUrl"]
    assert removed.json()["logoUrl"] is None
    assert 404 == (await http.get(url)).status_code


async def test_settings_are_kept_as_they_are_set(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """A list that is left out stays; a wrong address changes nothing."""
    url, headers = "/platform/settings", developer.headers
    await http.put(
        url, json={"allowedOrigins": ["https://a.example"], "redirectUrls": []}, headers=headers
    )
    await http.put(url, json={"redirectUrls": ["https://a.example/cb"]}, headers=headers)
    refused = await http.put(url, json={"allowedOrigins": ["https://b.example/"]}, headers=headers)

    assert 422 == refused.status_code
    assert {
        "allowedOrigins": ["https://a.example"],
        "redirectUrls": ["https://a.example/cb"],
        "allowPromotionCodes": False,
        "automaticTax": False,
    } == (await http.get(url, headers=headers)).json()


async def test_what_checkout_offers_is_a_setting_of_its_own(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """One switch moves neither the other nor the addresses."""
    url, headers = "/platform/settings", developer.headers
    before = (await http.put(url, json={"automaticTax": True}, headers=headers)).json()
    changed = await http.put(url, json={"allowPromotionCodes": True}, headers=headers)
    await http.put(url, json={"allowPromotionCodes": False, "automaticTax": False}, headers=headers)

    assert before["automaticTax"]
    assert before | {"allowPromotionCodes": True} == changed.json()


async def test_an_unsigned_event_is_not_stored(http: httpx.AsyncClient) -> None:
    """Only Stripe's signature opens this address."""
    answer = await http.post("/platform/webhook/stripe", content=b'{"id": "evt_1"}')

    assert (400, "invalid_signature") == (answer.status_code, answer.json()["code"])


async def test_clerk_is_not_here(http: httpx.AsyncClient) -> None:
    """While developers sign in with us, Clerk's address does not exist."""
    assert 404 == (await http.post("/platform/webhook/clerk", json={})).status_code
