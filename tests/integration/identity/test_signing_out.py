"""Signing out, here and everywhere, and the sessions that signing in again ends."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dream_api.gateways.clock import MovableClock
from tests.integration.identity.conftest import PASSWORD
from tests.integration.identity.web import ORIGIN, Web, bearer, open_web

ADA = "ada@example.com"
COOKIE = "da_dev"


@pytest.fixture
async def web(data_dir: Path, clock: MovableClock) -> AsyncIterator[Web]:
    """Give the running product."""
    async with open_web(data_dir, clock) as opened:
        yield opened


async def test_signing_out_ends_the_session_not_only_the_cookie(web: Web) -> None:
    """A copied cookie opens nothing afterwards, nor does the token of that session."""
    await web.join(ADA)
    answer = await web.post("/platform/sign-in", {"email": ADA, "password": PASSWORD})
    cookie = {"Cookie": answer.headers["set-cookie"].split(";")[0]}

    out = await web.post("/platform/sign-out", headers=cookie)

    assert 204 == out.status_code
    assert f'{COOKIE}=""; ' in out.headers["set-cookie"]
    for headers in (cookie, bearer(answer.json())):
        assert 401 == (await web.get("/platform/me", headers=headers)).status_code


async def test_signing_out_with_a_refresh_token_needs_no_access_token(web: Web) -> None:
    """An app whose access token has run out can still end the session."""
    tokens = await web.join(ADA)
    refresh = {"refreshToken": tokens["refreshToken"]}

    assert 204 == (await web.post("/platform/sign-out", refresh)).status_code
    assert 401 == (await web.post("/platform/refresh", refresh)).status_code


async def test_signing_out_everywhere_ends_every_session(web: Web) -> None:
    """One proof is enough: a token, a cookie or a refresh token; another person stays."""
    ada, eve = await web.join(ADA), await web.join("eve@example.com")
    sign_in = {"email": ADA, "password": PASSWORD}

    for proof in ("token", "cookie", "refreshToken"):
        others = [(await web.post("/platform/sign-in", sign_in)).json() for _ in range(2)]
        answer = await web.post("/platform/sign-in", sign_in)
        body: dict[str, object] = {"everywhere": True}
        headers = {}
        if proof == "token":
            headers = bearer(answer.json())
        elif proof == "cookie":
            headers = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
        else:
            body["refreshToken"] = answer.json()["refreshToken"]
        ended = await web.post("/platform/sign-out", body, headers=headers)

        assert 204 == ended.status_code, ended.text
        for tokens in (ada, *others, answer.json()):
            assert 401 == (await web.get("/platform/me", headers=bearer(tokens))).status_code
    assert 200 == (await web.get("/platform/me", headers=bearer(eve))).status_code


async def test_an_end_user_signs_out_everywhere_on_their_platform(web: Web) -> None:
    """The same address on another platform is somebody else, and stays signed in."""
    pk = await web.test_platform()
    owner = await web.join("second@example.com")
    other_pk = (await web.get("/platform/me", headers=bearer(owner))).json()["testPlatformId"]
    here, there = await web.join_app(pk, ADA), await web.join_app(other_pk, ADA)
    again = (
        await web.post(
            "/v1/auth/sign-in",
            {"email": ADA, "password": PASSWORD},
            headers={"X-Publishable-Key": pk},
        )
    ).json()

    ended = await web.post("/v1/auth/sign-out", {"everywhere": True}, headers=bearer(again, pk))

    assert 204 == ended.status_code
    for tokens in (here, again):
        assert 401 == (await web.get("/v1/me", headers=bearer(tokens, pk))).status_code
    assert 200 == (await web.get("/v1/me", headers=bearer(there, other_pk))).status_code


async def test_a_session_that_is_over_signs_nobody_out_everywhere(web: Web) -> None:
    """An old refresh token proves nothing any more: it ends itself at most."""
    old = await web.join(ADA)
    web.clock.advance(2 * 24 * 3600)
    new = (await web.post("/platform/sign-in", {"email": ADA, "password": PASSWORD})).json()

    body = {"everywhere": True, "refreshToken": old["refreshToken"]}
    assert 204 == (await web.post("/platform/sign-out", body)).status_code

    assert 200 == (await web.get("/platform/me", headers=bearer(new))).status_code


async def test_signing_in_ends_the_session_that_the_browser_had(web: Web) -> None:
    """A cookie that was stolen before, or planted, is worth nothing after the next sign-in."""
    await web.join(ADA)
    form = {"email": ADA, "password": PASSWORD}
    first = await web.client.post("/sign-in", data=form, headers={"Origin": ORIGIN})
    stolen = {"Cookie": first.headers["set-cookie"].split(";")[0]}
    before = (await web.get("/platform/me", headers=stolen)).status_code

    again = await web.client.post("/reauth", data=form, headers={"Origin": ORIGIN, **stolen})
    fresh = {"Cookie": again.headers["set-cookie"].split(";")[0]}

    assert (200, 401) == (before, (await web.get("/platform/me", headers=stolen)).status_code)
    assert 200 == (await web.get("/platform/me", headers=fresh)).status_code


async def test_a_program_may_sign_several_people_in(web: Web) -> None:
    """Its library keeps cookies unasked; the tokens that it was given before go on."""
    ada = await web.join(ADA)
    form = {"email": ADA, "password": PASSWORD}
    first = await web.client.post("/platform/sign-in", json=form)
    kept = {"Cookie": first.headers["set-cookie"].split(";")[0]}

    again = await web.client.post("/platform/sign-in", json=form, headers=kept)

    assert 200 == again.status_code
    for tokens in (ada, first.json(), again.json()):
        assert 200 == (await web.get("/platform/me", headers=bearer(tokens))).status_code


async def test_the_account_page_signs_out_everywhere(web: Web) -> None:
    """One button; it names the devices that it is about."""
    ada = await web.join(ADA)
    form = {"email": ADA, "password": PASSWORD}
    device = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15"
    headers = {"Origin": ORIGIN, "User-Agent": device}
    signed_in = await web.client.post("/sign-in", data=form, headers=headers)
    cookie = {"Cookie": signed_in.headers["set-cookie"].split(";")[0], "Origin": ORIGIN}

    page = await web.get("/dashboard/account", headers=cookie)
    answer = await web.client.post(
        "/dashboard/account", data={"action": "sign-out-everywhere"}, headers=cookie
    )

    assert "Safari on Mac" in page.text
    assert "/sign-in?notice=signed-out-everywhere" == answer.headers["location"]
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert 401 == (await web.get("/platform/me", headers=bearer(ada))).status_code
