"""Links in mails: opening one changes nothing, pressing its button does what the code does."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dream_api.gateways.clock import MovableClock
from tests.integration.identity.conftest import OTHER_PASSWORD, PASSWORD
from tests.integration.identity.web import ORIGIN, Web, bearer, open_web
from tests.journeys.forms import submit

ADA = "ada@example.com"
NEW = "new@example.com"
HOUR = 3_600


@pytest.fixture
async def web(data_dir: Path, clock: MovableClock) -> AsyncIterator[Web]:
    """Give the running product."""
    async with open_web(data_dir, clock) as opened:
        yield opened


async def link_to(web: Web, email: str) -> str:
    """Give the newest link that was mailed to an address, and see that it leads to us."""
    link = str((await web.mails(email))[-1]["link"])
    assert link.startswith(f"{ORIGIN}/")
    return link


async def press(web: Web, link: str, **fields: str) -> httpx.Response:
    """Open a link in a browser without cookies and press its button."""
    page = await web.get(link)
    assert 200 == page.status_code, page.text
    return await submit(web.client, page, fields)


async def sign_up(web: Web) -> str:
    """Begin a developer's sign-up as a program does; give the link that was mailed."""
    await web.post("/platform/sign-up", {"email": ADA, "password": PASSWORD})
    return await link_to(web, ADA)


async def test_one_click_finishes_a_sign_up(web: Web) -> None:
    """The button verifies the address and signs this browser in."""
    answer = await press(web, await sign_up(web), password=PASSWORD)

    cookie = answer.headers["set-cookie"].split(";")[0]
    me = await web.get("/platform/me", headers={"Cookie": cookie})
    assert (303, "/setup") == (answer.status_code, answer.headers["location"])
    assert (200, ADA) == (me.status_code, me.json()["email"])


async def test_looking_at_a_link_changes_nothing(web: Web) -> None:
    """Programs that read mail open every link, often more than once: the code stays good."""
    link = await sign_up(web)

    for method in ("GET", "HEAD", "GET"):
        answer = await web.client.request(method, link)
        assert 200 == answer.status_code
        assert "set-cookie" not in answer.headers

    sign_in = {"email": ADA, "password": PASSWORD}
    assert 401 == (await web.post("/platform/sign-in", sign_in)).status_code
    proof = {"email": ADA, "code": await web.code(ADA)}
    assert 200 == (await web.post("/platform/verify-email", proof)).status_code


async def test_code_and_link_are_one_proof(web: Web) -> None:
    """Whichever is used first, the other is used up, and neither works twice."""
    link = await sign_up(web)
    proof = {"email": ADA, "code": await web.code(ADA)}

    first, second = [await press(web, link, password=PASSWORD) for _ in range(2)]
    typed = await web.post("/platform/verify-email", proof)

    assert [303, 422, 422] == [answer.status_code for answer in (first, second, typed)]


async def test_a_link_lives_for_an_hour(web: Web) -> None:
    """Its code is over after ten minutes."""
    late, proof = await sign_up(web), {"email": ADA, "code": await web.code(ADA)}
    web.clock.advance(HOUR)
    too_late = await press(web, late, password=PASSWORD)

    link = await sign_up(web)
    web.clock.advance(HOUR - 60)
    typed = await web.post("/platform/verify-email", proof)

    assert (422, 422) == (too_late.status_code, typed.status_code)
    assert "older than an hour" in too_late.text
    assert 303 == (await press(web, link, password=PASSWORD)).status_code


async def test_a_newer_mail_replaces_the_link(web: Web) -> None:
    """One link of a purpose works at a time: the newest."""
    older = await sign_up(web)
    newer = await sign_up(web)

    assert 422 == (await press(web, older, password=PASSWORD)).status_code
    assert 303 == (await press(web, newer, password=PASSWORD)).status_code


async def test_a_link_is_good_for_its_own_purpose_only(web: Web) -> None:
    """The link of a sign-up sets no password, and one that sets a password signs nobody in."""
    await web.join(ADA)
    await web.post("/platform/password/forgot", {"email": ADA})
    token = parse_qs(urlsplit(await link_to(web, ADA)).query)["token"][0]

    answer = await web.client.post("/confirm", data={"token": token}, headers={"Origin": ORIGIN})

    assert 422 == answer.status_code
    assert "set-cookie" not in answer.headers


async def test_a_link_sets_a_new_password(web: Web) -> None:
    """The mail names the address, the page asks for the password only; nobody is signed in."""
    await web.join(ADA)
    await web.post("/platform/password/forgot", {"email": ADA})
    link = await link_to(web, ADA)

    weak = await press(web, link, password="password")
    answer = await press(web, link, password=OTHER_PASSWORD)

    sign_in = {"email": ADA, "password": OTHER_PASSWORD}
    assert 422 == weak.status_code
    assert (303, "/sign-in?notice=password-reset") == (
        answer.status_code,
        answer.headers["location"],
    )
    assert "set-cookie" not in answer.headers
    assert 200 == (await web.post("/platform/sign-in", sign_in)).status_code


async def test_a_new_address_is_confirmed_by_the_person_who_asked(web: Web) -> None:
    """Whoever owns a mistyped address holds the link, and does not get the account with it."""
    tokens = await web.join(ADA)
    await web.post("/platform/email/change", {"email": NEW}, headers=bearer(tokens))
    link = await link_to(web, NEW)

    stranger = await web.get(link)
    forced = await web.client.post(
        "/confirm",
        data={"token": parse_qs(urlsplit(link).query)["token"][0]},
        headers={"Origin": ORIGIN},
    )
    page = await web.get(link, headers=bearer(tokens))
    answer = await web.client.post(
        "/confirm",
        data={"token": parse_qs(urlsplit(link).query)["token"][0]},
        headers={**bearer(tokens), "Origin": ORIGIN},
    )

    for led_away in (stranger, forced):
        assert 303 == led_away.status_code
        assert led_away.headers["location"].startswith("/reauth?next=%2Fconfirm")
    assert 200 == page.status_code
    assert "/dashboard/account?notice=email-changed" == answer.headers["location"]
    sign_in = {"email": NEW, "password": PASSWORD}
    assert 200 == (await web.post("/platform/sign-in", sign_in)).status_code


async def test_an_end_users_link_leads_to_their_platform(web: Web) -> None:
    """On the platform's own page, in its name; on another platform the token is nothing."""
    pk = await web.test_platform()
    headers = {"X-Publishable-Key": pk}
    await web.post("/v1/auth/sign-up", {"email": ADA, "password": PASSWORD}, headers=headers)
    link = await link_to(web, ADA)
    token = urlsplit(link).query
    other = await web.join("other@example.com")
    other_pk = (await web.get("/platform/me", headers=bearer(other))).json()["testPlatformId"]

    elsewhere = [f"/p/{other_pk}/confirm?{token}", f"/confirm?{token}"]
    answers = [await web.get(path) for path in elsewhere]
    answer = await press(web, link, password=PASSWORD)

    assert urlsplit(link).path == f"/p/{pk}/confirm"
    assert [422, 422] == [answer.status_code for answer in answers]
    assert (303, f"/p/{pk}/account") == (answer.status_code, answer.headers["location"])


@pytest.mark.parametrize("token", ["", "x", "v1.a.b.c", "é", "x" * 3_000, "v1.....", "\x00"])
async def test_a_token_that_we_did_not_seal_is_refused_in_words(web: Web, token: str) -> None:
    """Cut off, changed or made up: a page says that the link does not work."""
    shown = await web.get("/confirm", params={"token": token})
    pressed = await web.client.post(
        "/confirm", data={"token": token}, headers={"Origin": ORIGIN, "Accept": "text/html"}
    )

    assert (422, 422) == (shown.status_code, pressed.status_code) or "\x00" in token
    assert "This link does not work" in shown.text or "\x00" in token


async def test_another_site_cannot_press_the_button(web: Web) -> None:
    """A form of a stranger's page would sign somebody into the stranger's account."""
    token = parse_qs(urlsplit(await sign_up(web)).query)["token"][0]

    answer = await web.client.post(
        "/confirm", data={"token": token}, headers={"Origin": "https://evil.example"}
    )

    assert 403 == answer.status_code
