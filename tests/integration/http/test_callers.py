"""Who may call what, and that every refusal of a credential looks the same."""

from typing import Any

import httpx
import pytest

from dream_api.kit.keys import Mode, issue_key
from tests.journeys.driver import PASSWORD, Developer, Journey

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UNKNOWN_KEY = issue_key("sk", Mode.LIVE)
WRONG_CHECKSUM = UNKNOWN_KEY[:-1] + ("0" if UNKNOWN_KEY[-1] != "0" else "1")
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl"


def without_id(answer: httpx.Response) -> dict[str, Any]:
    """Give a problem without what differs by nature."""
    problem: dict[str, Any] = answer.json()
    del problem["requestId"]
    return problem


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer sk_live_drm_short")],
        [("Authorization", f"Bearer {UNKNOWN_KEY}")],
        [("Authorization", f"Bearer {WRONG_CHECKSUM}")],
        [("Authorization", f"Bearer {JWT}")],
        [("Authorization", f"Basic {UNKNOWN_KEY}")],
        [("Authorization", f"Bearer\t{UNKNOWN_KEY}")],
        [("Authorization", f"Bearer {UNKNOWN_KEY}, Bearer {UNKNOWN_KEY}")],
        [("Authorization", "Bearer " + "a" * 10_000)],
        [("Authorization", f"Bearer {UNKNOWN_KEY}"), ("Authorization", f"Bearer {UNKNOWN_KEY}")],
    ],
    ids=range(12),
)
@pytest.mark.parametrize("path", ["/v1/customers", "/v1/usage?userId=u_1", "/platform/tiers"])
async def test_whatever_is_wrong_with_a_credential_the_answer_is_the_same(
    http: httpx.AsyncClient, headers: list[tuple[str, str]], path: str
) -> None:
    """Missing, malformed, unknown, doubled: nobody learns which."""
    nobody = await http.get(path)

    answer = await http.get(path, headers=headers)

    assert 401 == answer.status_code
    assert without_id(nobody) == without_id(answer)
    assert "Bearer" == answer.headers["www-authenticate"]


async def test_non_ascii_credentials_are_refused(http: httpx.AsyncClient) -> None:
    """Bytes beyond ASCII are no credential and no crash."""
    answer = await http.get("/v1/customers", headers=[(b"Authorization", "Bearer sk_ü".encode())])

    assert 401 == answer.status_code


async def test_the_scheme_is_read_in_any_case(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """RFC 9110: the name of a scheme has no case."""
    headers = {"Authorization": f"bearer {developer.secret_key}"}

    assert 200 == (await http.get("/v1/customers", headers=headers)).status_code


async def test_a_publishable_key_opens_no_route_of_servers(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """The answer says what is needed, since the key itself is good."""
    answer = await http.get("/v1/customers", headers={"X-Publishable-Key": developer.platform_id})

    assert (403, "secret_key_required") == (answer.status_code, answer.json()["code"])


async def test_an_end_users_token_opens_no_route_of_servers(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """Signed in is not enough to act for everybody."""
    headers = {"X-Publishable-Key": developer.platform_id, "Authorization": f"Bearer {JWT}"}

    answer = await http.get("/v1/customers", headers=headers)

    assert (403, "secret_key_required") == (answer.status_code, answer.json()["code"])


async def test_keys_of_two_platforms_do_not_mix(
    http: httpx.AsyncClient, developer: Developer, stranger: Developer
) -> None:
    """The secret key decides the platform; naming another one is refused."""
    headers = {**developer.secret, "X-Publishable-Key": stranger.platform_id}

    answer = await http.get("/v1/customers", headers=headers)

    assert (403, "key_mismatch") == (answer.status_code, answer.json()["code"])


async def test_a_key_is_limited_to_its_scopes(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """A key that may read may not write, and the refusal names what would do."""
    made = await http.post(
        "/platform/keys", json={"name": "reader", "scopes": ["read"]}, headers=developer.headers
    )
    reader = {"Authorization": f"Bearer {made.json()['secretKey']}"}

    read = await http.get("/v1/customers", headers=reader)
    written = await http.post("/v1/customers", json={"userId": "u_1"}, headers=reader)

    assert 200 == read.status_code
    assert (403, "scope_missing") == (written.status_code, written.json()["code"])
    assert "customers" in written.json()["detail"]


@pytest.mark.parametrize("place", ["query", "encoded query", "body", "escaped body", "path"])
async def test_a_secret_key_has_no_other_place(
    http: httpx.AsyncClient, developer: Developer, place: str
) -> None:
    """Addresses and bodies are written down somewhere; a key there is refused outright."""
    key = UNKNOWN_KEY
    as_json = {**developer.secret, "Content-Type": "application/json"}
    method, path, content = {
        "query": ("GET", f"/v1/tiers?key={key}", ""),
        "encoded query": ("GET", f"/v1/tiers?key=%73k{key[2:]}", ""),
        "body": ("POST", "/v1/track", f'{{"userId": "{key}"}}'),
        "escaped body": ("POST", "/v1/track", f'{{"userId": "\\u0073k{key[2:]}"}}'),
        "path": ("GET", f"/v1/customers/{key}", ""),
    }[place]

    answer = await http.request(method, path, content=content, headers=as_json)

    assert 400 == answer.status_code
    assert key not in answer.text


@pytest.mark.parametrize("field", ["email", "password"])
@pytest.mark.parametrize("how", ["plain", "escaped", "multipart"])
async def test_a_secret_key_in_a_form_is_refused(
    http: httpx.AsyncClient, field: str, how: str
) -> None:
    """Pages show again what was typed, so a key that was pasted into one would be shown."""
    ways: dict[str, dict[str, Any]] = {
        "plain": {"data": {field: UNKNOWN_KEY}},
        "escaped": {"content": f"{field}=%73k{UNKNOWN_KEY[2:]}", "headers": FORM},
        "multipart": {"files": {field: (None, UNKNOWN_KEY)}},
    }

    answer = await http.post("/sign-in", **ways[how])

    assert (400, "key_in_body") == (answer.status_code, answer.json()["code"])
    assert UNKNOWN_KEY not in answer.text


async def test_authorization_wins_over_a_cookie(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """A wrong token is refused even where a good cookie is sent along."""
    await http.post("/platform/sign-in", json={"email": developer.email, "password": PASSWORD})
    assert 200 == (await http.get("/platform/me")).status_code

    answer = await http.get("/platform/me", headers={"Authorization": f"Bearer {JWT}"})

    assert 401 == answer.status_code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "OURS"}, 403),
        ({"Origin": "OURS"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 200),
    ],
)
async def test_a_cookie_signs_only_what_our_own_pages_send(
    http: httpx.AsyncClient, developer: Developer, headers: dict[str, str], status: int
) -> None:
    """A page of another site cannot change anything, whatever the browser sends along."""
    await http.post("/platform/sign-in", json={"email": developer.email, "password": PASSWORD})
    ours = str(http.base_url).rstrip("/")
    sent = {name: ours if value == "OURS" else value for name, value in headers.items()}

    answer = await http.put("/platform/settings?mode=test", json={"redirectUrls": []}, headers=sent)

    assert status == answer.status_code


async def test_a_token_signs_whatever_page_sends_it(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """What no browser adds by itself needs no protection from other sites."""
    headers = {**developer.headers, "Sec-Fetch-Site": "cross-site"}

    answer = await http.put(
        "/platform/settings?mode=test", json={"redirectUrls": []}, headers=headers
    )

    assert 200 == answer.status_code


async def test_keys_change_only_shortly_after_signing_in(
    http: httpx.AsyncClient, developer: Developer, journey: Journey
) -> None:
    """A session that lies open does not hand out keys."""
    refreshed = await http.post(
        "/platform/sign-in", json={"email": developer.email, "password": PASSWORD}
    )
    await http.post("/dev/clock", json={"advanceSeconds": 601})
    token = (
        await http.post(
            "/platform/refresh", json={"refreshToken": refreshed.json()["refreshToken"]}
        )
    ).json()["token"]

    answer = await http.post(
        "/platform/keys/rotate",
        json={"overlapSeconds": 0},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert (401, "reauth_required") == (answer.status_code, answer.json()["code"])
    assert (await journey.track(developer, "u_1"))["allowed"]


async def test_somebody_elses_object_is_missing(
    http: httpx.AsyncClient, developer: Developer, stranger: Developer, journey: Journey
) -> None:
    """Word for word the answer of what never was."""
    await journey.track(stranger, "theirs")

    theirs = await http.get("/platform/dashboard/users/theirs", headers=developer.headers)
    nobody = await http.get("/platform/dashboard/users/nobody", headers=developer.headers)

    assert 404 == theirs.status_code
    assert without_id(nobody) == without_id(theirs)
