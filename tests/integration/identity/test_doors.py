"""Both sign-in doors, as their callers see them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from dream_api.gateways.clock import MovableClock
from tests.integration.identity.conftest import OTHER_PASSWORD, PASSWORD
from tests.integration.identity.web import ORIGIN, Web, bearer, open_web

ADA = "ada@example.com"
COOKIE = "da_dev"


@pytest.fixture
async def web(data_dir: Path, clock: MovableClock) -> AsyncIterator[Web]:
    """Give the running product."""
    async with open_web(data_dir, clock) as opened:
        yield opened


async def test_a_developer_signs_up_and_sees_what_is_left_to_do(web: Web) -> None:
    """From nothing to ``/platform/me``; the code is in the mailbox at once."""
    signed_up = await web.post("/platform/sign-up", {"email": ADA, "password": PASSWORD})
    user_id = signed_up.json()["userId"]
    body = {"email": ADA, "code": await web.code(ADA), "userId": user_id}
    verified = await web.post("/platform/verify-email", body)
    me = await web.get("/platform/me", headers=bearer(verified.json()))

    assert (201, {"userId": user_id, "emailVerified": False}) == (
        signed_up.status_code,
        signed_up.json(),
    )
    assert {"userId", "token", "refreshToken", "expiresAt"} == verified.json().keys()
    assert me.json().pop("testPlatformId").startswith("pk_test_drm_")
    assert {
        "userId": user_id,
        "email": ADA,
        "name": None,
        "plan": "free",
        "platformId": None,
        "onboarding": {"paid": False, "connected": False, "tiers": False, "keys": False},
    } == {name: value for name, value in me.json().items() if name != "testPlatformId"}


async def test_a_known_address_is_answered_like_a_new_one(web: Web) -> None:
    """Status, headers and the shape of the body give nothing away."""
    new = await web.post("/platform/sign-up", {"email": ADA, "password": PASSWORD})
    await web.post("/platform/verify-email", {"email": ADA, "code": await web.code(ADA)})
    known = await web.post("/platform/sign-up", {"email": ADA, "password": PASSWORD})

    assert (201, 201) == (new.status_code, known.status_code)
    assert new.json().keys() == known.json().keys()
    assert new.headers.keys() == known.headers.keys()
    assert (await web.mails(ADA))[-1]["code"] is None


async def test_a_sign_in_sets_the_consoles_cookie(web: Web) -> None:
    """Out of reach of scripts, sent to us only."""
    await web.join(ADA)
    answer = await web.post("/platform/sign-in", {"email": ADA, "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    me = await web.get("/platform/me", headers={"Cookie": cookie.split(";")[0]})

    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert ADA == me.json()["email"]


async def test_another_site_cannot_sign_anybody_in(web: Web) -> None:
    """Nor out: a stranger's page sends our cookie, and says where it comes from."""
    tokens = await web.post("/platform/sign-up", {"email": ADA, "password": PASSWORD})
    stranger = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    body = {"email": ADA, "password": PASSWORD}

    refused = [
        await web.post("/platform/sign-in", body, headers=stranger),
        await web.post("/platform/sign-out", headers=stranger),
    ]

    assert 201 == tokens.status_code
    assert [403, 403] == [answer.status_code for answer in refused]


async def test_wrong_passwords_are_told_nothing_and_slowed_down(web: Web) -> None:
    """The eleventh hears when to come back, as a problem and as a header."""
    await web.join(ADA)
    body = {"email": ADA, "password": OTHER_PASSWORD}
    answers = [await web.post("/platform/sign-in", body) for _ in range(11)]

    assert [401] * 10 + [429] == [answer.status_code for answer in answers]
    assert "invalid_credentials" == answers[0].json()["code"]
    assert "30" == answers[-1].headers["retry-after"]
    assert "application/problem+json" == answers[-1].headers["content-type"]


async def test_a_forgotten_password_is_replaced_by_mail(web: Web) -> None:
    """202 whoever asks; 204 for the code; then the new password signs in."""
    await web.join(ADA)
    nobody = await web.post("/platform/password/forgot", {"email": "nobody@example.com"})
    asked = await web.post("/platform/password/forgot", {"email": ADA})
    body = {"email": ADA, "code": await web.code(ADA), "password": OTHER_PASSWORD}
    reset = await web.post("/platform/password/reset", body)
    entered = await web.post("/platform/sign-in", {"email": ADA, "password": OTHER_PASSWORD})

    assert (202, 202) == (nobody.status_code, asked.status_code)
    assert nobody.content == asked.content
    assert (204, 200) == (reset.status_code, entered.status_code)
    assert "set-cookie" not in reset.headers


async def test_a_developer_changes_password_and_address(web: Web) -> None:
    """While the sign-in is fresh; afterwards both are asked to sign in again."""
    tokens = await web.join(ADA)
    change = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}

    changed = await web.post("/platform/password/change", change, headers=bearer(tokens))
    moved = await web.post(
        "/platform/email/change", {"email": "ada@new.example"}, headers=bearer(tokens)
    )
    confirmation = {"email": "ada@new.example", "code": await web.code("ada@new.example")}
    confirmed = await web.post("/platform/verify-email", confirmation, headers=bearer(tokens))
    me = await web.get("/platform/me", headers=bearer(tokens))
    web.clock.advance(601)
    late = await web.post("/platform/password/change", change, headers=bearer(tokens))

    assert [204, 202, 200] == [answer.status_code for answer in (changed, moved, confirmed)]
    assert "ada@new.example" == me.json()["email"]
    assert (401, "reauth_required") == (late.status_code, late.json()["code"])


async def test_a_developer_ends_one_of_two_sessions(web: Web) -> None:
    """The list says which one is asking; a stranger's session is as missing as none."""
    first = await web.join(ADA)
    second = (
        await web.post(
            "/platform/sign-in",
            {"email": ADA, "password": PASSWORD},
            headers={"User-Agent": "Laptop"},
        )
    ).json()
    listed = (await web.get("/platform/sessions", headers=bearer(second))).json()["sessions"]
    other = next(row["id"] for row in listed if not row["current"])
    stranger = await web.join("bob@example.com")

    foreign = await web.delete(f"/platform/sessions/{other}", headers=bearer(stranger))
    missing = await web.delete("/platform/sessions/ses_none", headers=bearer(stranger))
    ended = await web.delete(f"/platform/sessions/{other}", headers=bearer(second))

    assert ["Laptop"] == [row["device"] for row in listed if row["current"]]
    assert [404, 404, 204] == [answer.status_code for answer in (foreign, missing, ended)]
    assert 401 == (await web.get("/platform/me", headers=bearer(first))).status_code


async def test_a_developer_leaves(web: Web) -> None:
    """Afterwards neither token nor password is known, and the address is free again."""
    tokens = await web.join(ADA)
    left = await web.delete("/platform/me", headers=bearer(tokens))
    back = await web.post("/platform/sign-in", {"email": ADA, "password": PASSWORD})

    assert (204, 401) == (left.status_code, back.status_code)
    assert 401 == (await web.get("/platform/me", headers=bearer(tokens))).status_code
    assert (await web.join(ADA))["userId"] != tokens["userId"]


async def test_an_end_user_signs_up_with_the_publishable_key(web: Web) -> None:
    """Tokens, sessions, refresh and sign-out, and never a cookie."""
    pk = await web.test_platform()
    headers = {"X-Publishable-Key": pk}
    tokens = await web.join_app(pk, ADA)
    me = await web.get("/v1/me", headers=bearer(tokens, pk))
    refreshed = await web.post(
        "/v1/auth/refresh", {"refreshToken": tokens["refreshToken"]}, headers=headers
    )
    entered = await web.post(
        "/v1/auth/sign-in", {"email": ADA, "password": PASSWORD}, headers=headers
    )
    sessions = await web.get("/v1/auth/sessions", headers=bearer(tokens, pk))
    out = await web.post("/v1/auth/sign-out", headers=bearer(tokens, pk))

    assert (ADA, True) == (me.json()["email"], me.json()["emailVerified"])
    assert 2 == len(sessions.json()["sessions"])
    assert 204 == out.status_code
    assert all("set-cookie" not in answer.headers for answer in (refreshed, entered, out))
    assert 401 == (await web.get("/v1/me", headers=bearer(tokens, pk))).status_code


@pytest.mark.parametrize("headers", [{}, {"X-Publishable-Key": "pk_test_drm_nonsense"}], ids=str)
async def test_end_users_need_the_key_of_a_platform(web: Web, headers: dict[str, str]) -> None:
    """Without one nobody knows which app is meant."""
    answer = await web.post(
        "/v1/auth/sign-in", {"email": ADA, "password": PASSWORD}, headers=headers
    )

    assert 401 == answer.status_code


async def test_an_end_user_leaves(web: Web) -> None:
    """The person is erased; the address may sign up again as somebody new."""
    pk = await web.test_platform()
    tokens = await web.join_app(pk, ADA)

    left = await web.delete("/v1/auth/me", headers=bearer(tokens, pk))

    assert 204 == left.status_code
    assert 401 == (await web.get("/v1/me", headers=bearer(tokens, pk))).status_code


async def test_a_stock_verifier_finds_the_keys_by_discovery(web: Web) -> None:
    """In any browser, cached for five minutes, in both worlds."""
    pk = await web.test_platform()
    developer, user = await web.join("bob@example.com"), await web.join_app(pk, ADA)

    for realm, audience, token in [
        ("developers", "dream-api", developer["token"]),
        (pk, pk, user["token"]),
    ]:
        found = await web.get(
            f"/realms/{realm}/.well-known/openid-configuration",
            headers={"Origin": "https://anybody.example"},
        )
        keys = await web.get(found.json()["jwks_uri"].removeprefix(ORIGIN))
        claims = _decode(token, keys.json(), audience, found.json()["issuer"])

        assert "*" == found.headers["access-control-allow-origin"]
        assert "public, max-age=300" == keys.headers["cache-control"]
        assert f"{ORIGIN}/realms/{realm}" == claims["iss"]


async def test_an_unknown_platform_has_no_realm(web: Web) -> None:
    """Well-formed or not."""
    for name in ("pk_test_drm_nonsense", "nobody"):
        answer = await web.get(f"/realms/{name}/.well-known/jwks.json")

        assert (404, "not_found") == (answer.status_code, answer.json()["code"])


async def test_a_token_of_one_platform_is_nothing_on_another(web: Web) -> None:
    """The publishable key of the request decides which realm is asked."""
    first = await web.test_platform()
    tokens = await web.join_app(first, ADA)
    other = await web.join("other@example.com")
    second = (await web.get("/platform/me", headers=bearer(other))).json()["testPlatformId"]

    assert 401 == (await web.get("/v1/me", headers=bearer(tokens, second))).status_code
    assert 401 == (await web.get("/platform/me", headers=bearer(tokens))).status_code
    assert 401 == (await web.get("/v1/me", headers=bearer(other, first))).status_code


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/platform/sign-up", {"email": "ada", "password": PASSWORD}),
        ("/platform/sign-up", {"email": ADA, "password": "short"}),
        ("/platform/sign-up", {"email": ADA, "password": "password"}),
        ("/platform/sign-up", {"email": ADA, "password": "x" * 600}),
        ("/platform/sign-up", {"email": ADA, "password": PASSWORD, "plan": "paid"}),
        ("/platform/sign-up", {"email": ADA, "password": PASSWORD, "name": None}),
        ("/platform/sign-up", {"email": ADA}),
        ("/platform/sign-up", {"email": 1, "password": PASSWORD}),
        ("/platform/sign-up", {"email": "a@x.com\r\nBcc: b@x.com", "password": PASSWORD}),
        ("/platform/verify-email", {"email": ADA, "code": "000000"}),
        ("/platform/verify-email", {"email": ADA, "code": 123456}),
        ("/platform/password/reset", {"email": ADA, "code": "000000", "password": PASSWORD}),
        ("/platform/refresh", {}),
    ],
    ids=str,
)
async def test_what_cannot_be_accepted_is_a_422(web: Web, path: str, body: dict[str, Any]) -> None:
    """The answer names fields and rules, and never repeats what was sent."""
    answer = await web.post(path, body)

    assert httpx.codes.UNPROCESSABLE_ENTITY == answer.status_code
    assert PASSWORD not in answer.text


def _decode(token: str, keys: dict[str, Any], audience: str, issuer: str) -> dict[str, Any]:
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["ES256"], audience=audience, issuer=issuer
    )
    return claims


@pytest.mark.parametrize(
    "credential",
    [
        "Bearer",
        "Bearer ",
        "Bearer a.b.c",
        "Bearer " + "x" * 5_000,
        "Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoiYSJ9.e30.AA",
        "Basic dXNlcjpwYXNz",
        "bearer\ta.b.c",
    ],
    ids=lambda text: text[:20] + str(len(text)),
)
async def test_a_strange_credential_is_a_401(web: Web, credential: str) -> None:
    """Never an error of ours, and never overruled by a cookie."""
    tokens = await web.post("/platform/sign-up", {"email": ADA, "password": PASSWORD})
    verified = await web.post("/platform/verify-email", {"email": ADA, "code": await web.code(ADA)})
    cookie = verified.headers["set-cookie"].split(";")[0]

    answer = await web.get("/platform/me", headers={"Authorization": credential, "Cookie": cookie})

    assert 201 == tokens.status_code
    assert (401, "unauthenticated") == (answer.status_code, answer.json()["code"])
