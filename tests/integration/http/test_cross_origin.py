"""Browsers of a developer's app: exact origins, a publishable key, never a secret one."""

import httpx
import pytest

from tests.journeys.driver import Developer

APP = "https://app.example"
ALLOW = "access-control-allow-origin"


@pytest.fixture
async def allowed(http: httpx.AsyncClient, developer: Developer) -> Developer:
    """Give a developer whose app may call from a browser."""
    answer = await http.put(
        "/platform/settings", json={"allowedOrigins": [APP]}, headers=developer.headers
    )
    assert 200 == answer.status_code, answer.text
    return developer


async def test_an_allowed_origin_is_echoed_exactly(
    http: httpx.AsyncClient, allowed: Developer
) -> None:
    """Never a star, never credentials, and caches are told."""
    headers = {"X-Publishable-Key": allowed.platform_id, "Origin": APP}

    answer = await http.get("/v1/tiers", headers=headers)

    assert 200 == answer.status_code
    assert [APP] == answer.headers.get_list(ALLOW)
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.",
        "https://app.example.evil.example",
        "https://sub.app.example",
        "https://evil.example",
        "null",
    ],
)
async def test_any_other_origin_is_refused_outright(
    http: httpx.AsyncClient, allowed: Developer, origin: str
) -> None:
    """Not merely unreadable: nothing is done."""
    headers = {"X-Publishable-Key": allowed.platform_id, "Origin": origin}

    answer = await http.get("/v1/tiers", headers=headers)

    assert (403, "origin_not_allowed") == (answer.status_code, answer.json()["code"])
    assert ALLOW not in answer.headers


async def test_a_page_may_read_why_it_was_refused(
    http: httpx.AsyncClient, allowed: Developer
) -> None:
    """Problems carry the headers too, or a browser shows nothing but a failure."""
    headers = {"X-Publishable-Key": allowed.platform_id, "Origin": APP}

    answers = [
        await http.post("/v1/auth/sign-in", json={"email": "a"}, headers=headers),
        await http.post("/v1/auth/sign-in", content="x" * 70_000, headers=headers),
        await http.get("/v1/nothing", headers=headers),
    ]

    assert [422, 413, 404] == [answer.status_code for answer in answers]
    assert [APP] * 3 == [answer.headers[ALLOW] for answer in answers]


async def test_a_secret_key_gets_no_cross_origin_headers(
    http: httpx.AsyncClient, allowed: Developer
) -> None:
    """It has no place in a browser, so no browser may read what it opens."""
    alone = {**allowed.secret, "Origin": APP}
    with_both = {**alone, "X-Publishable-Key": allowed.platform_id}

    for headers in (alone, with_both):
        answer = await http.get("/v1/customers", headers=headers)
        assert 200 == answer.status_code
        assert ALLOW not in answer.headers


async def test_a_preflight_is_answered_before_any_key_is_known(http: httpx.AsyncClient) -> None:
    """It names the headers that calls need; browsers send no key with it."""
    answer = await http.options(
        "/v1/tiers", headers={"Origin": APP, "Access-Control-Request-Method": "GET"}
    )

    assert 204 == answer.status_code
    assert "x-publishable-key" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_the_console_answers_no_other_origin(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """Only our own pages call it from a browser."""
    answer = await http.get("/platform/me", headers={**developer.headers, "Origin": APP})

    assert ALLOW not in answer.headers


async def test_published_keys_are_for_every_browser(http: httpx.AsyncClient) -> None:
    """Whoever verifies tokens reads them, from wherever."""
    answer = await http.get("/realms/developers/.well-known/jwks.json", headers={"Origin": APP})

    assert ["*"] == answer.headers.get_list(ALLOW)


async def test_a_new_test_platform_may_be_tried_from_localhost(
    http: httpx.AsyncClient, newcomer: Developer
) -> None:
    """Test mode allows http://localhost on any port until something else is set; live nothing."""
    me = (await http.get("/platform/me", headers=newcomer.headers)).json()
    headers = {"X-Publishable-Key": me["testPlatformId"]}

    local = await http.get("/v1/tiers", headers={**headers, "Origin": "http://localhost:5173"})
    other = await http.get("/v1/tiers", headers={**headers, "Origin": "http://localhost.evil"})

    assert [200, 403] == [local.status_code, other.status_code]
