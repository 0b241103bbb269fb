"""A stranger signs up with somebody's address while they do: nobody gets the other's password.

A mail proves the address; who chose the password proves the sign-up. The owner of an address holds
the mail of every sign-up with it, so the two must not be taken for one.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dream_api.gateways.clock import MovableClock
from tests.integration.identity.conftest import OTHER_PASSWORD, PASSWORD
from tests.integration.identity.web import ORIGIN, Web, bearer, open_web
from tests.journeys.forms import submit

ADA = "ada@example.com"
MINUTE = 60


@dataclass
class Town:
    """One world's hosted pages and JSON routes, and the people who use them."""

    web: Web
    pages: str
    api: str
    verify_path: str
    landing: str
    headers: dict[str, str]

    def browser(self) -> httpx.AsyncClient:
        """Open a browser of somebody's own."""
        transport = self.web.client._transport  # noqa: SLF001 - another client of the same app.
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN)

    async def sign_up_in(self, browser: httpx.AsyncClient, password: str) -> None:
        """Sign up with Ada's address on the page."""
        page = await browser.get(f"{self.pages}/sign-up")
        answer = await submit(browser, page, {"email": ADA, "password": password})
        assert 303 == answer.status_code, answer.text

    async def sign_up(self, password: str) -> str:
        """Sign up with Ada's address as a program does; give the id."""
        body = {"email": ADA, "password": password}
        answer = await self.web.post(f"{self.api}/sign-up", body, headers=self.headers)
        return str(answer.json()["userId"])

    async def verify(self, **fields: str) -> httpx.Response:
        """Type the newest code as a program does."""
        body = {"email": ADA, "code": await self.web.code(ADA), **fields}
        answer: httpx.Response = await self.web.post(self.verify_path, body, headers=self.headers)
        return answer

    async def link(self) -> str:
        """Give the newest link in Ada's mailbox."""
        return str((await self.web.mails(ADA))[-1]["link"])

    async def signs_in(self, password: str) -> bool:
        """Tell whether this password opens the account with Ada's address."""
        body = {"email": ADA, "password": password}
        answer = await self.web.post(f"{self.api}/sign-in", body, headers=self.headers)
        return bool(answer.status_code == httpx.codes.OK)


@pytest.fixture(params=["developers", "customers"])
async def town(
    request: pytest.FixtureRequest, data_dir: Path, clock: MovableClock
) -> AsyncIterator[Town]:
    """Give each world in turn."""
    async with open_web(data_dir, clock) as web:
        if request.param == "developers":
            yield Town(web, "", "/platform", "/platform/verify-email", "/setup", {})
        else:
            pk = await web.test_platform()
            headers = {"X-Publishable-Key": pk}
            landing = f"/p/{pk}/account"
            yield Town(web, f"/p/{pk}", "/v1/auth", "/v1/auth/verify", landing, headers)


async def test_the_link_is_one_click_in_the_browser_that_signed_up(town: Town) -> None:
    """No password is asked for where it was chosen."""
    browser = town.browser()
    await town.sign_up_in(browser, PASSWORD)

    page = await browser.get(await town.link())
    answer = await submit(browser, page, {})

    assert 'type="password"' not in page.text
    assert (303, town.landing) == (answer.status_code, answer.headers["location"])


async def test_a_strangers_newer_link_activates_nothing_for_them(town: Town) -> None:
    """The victim presses the newest mail's button; the stranger's password opens nothing."""
    victim = town.browser()
    await town.sign_up_in(victim, PASSWORD)
    await town.sign_up_in(town.browser(), OTHER_PASSWORD)

    page = await victim.get(await town.link())
    token = parse_qs(urlsplit(str(page.url)).query)["token"][0]
    pressed = await victim.post(
        f"{town.pages}/confirm", data={"token": token}, headers={"Origin": ORIGIN}
    )

    assert 422 == pressed.status_code
    assert not await town.signs_in(OTHER_PASSWORD)


async def test_a_stranger_who_signs_up_first_gains_nothing(town: Town) -> None:
    """Somebody presses the button of a mail that they did not ask for."""
    await town.sign_up_in(town.browser(), OTHER_PASSWORD)

    page = await town.browser().get(await town.link())
    pressed = await submit(town.browser(), page, {"password": PASSWORD})

    assert 'type="password"' in page.text
    assert 422 == pressed.status_code
    assert "sign up again" in pressed.text
    assert not await town.signs_in(OTHER_PASSWORD)


async def test_the_victim_gets_in_after_the_race(town: Town) -> None:
    """They sign up again, as the page says, and their own password is the account's."""
    victim = town.browser()
    await town.sign_up_in(victim, PASSWORD)
    await town.sign_up_in(town.browser(), OTHER_PASSWORD)
    await town.sign_up_in(victim, PASSWORD)

    answer = await submit(victim, await victim.get(await town.link()), {})

    assert 303 == answer.status_code
    assert await town.signs_in(PASSWORD)
    assert not await town.signs_in(OTHER_PASSWORD)


async def test_on_another_device_the_password_confirms(town: Town) -> None:
    """A mail that is read on a phone works there, for whoever chose the password."""
    await town.sign_up(PASSWORD)
    phone = town.browser()

    answer = await submit(phone, await phone.get(await town.link()), {"password": PASSWORD})

    assert (303, town.landing) == (answer.status_code, answer.headers["location"])


async def test_guessing_the_password_of_a_sign_up_is_slowed_down(town: Town) -> None:
    """After ten wrong ones the right one waits, too; a sign-in elsewhere does not."""
    await town.sign_up(PASSWORD)
    phone = town.browser()
    page = await phone.get(await town.link())

    wrong = [await submit(phone, page, {"password": OTHER_PASSWORD}) for _ in range(10)]
    blocked = await submit(phone, page, {"password": PASSWORD})
    town.web.clock.advance(MINUTE)
    answer = await submit(phone, page, {"password": PASSWORD})

    assert [422] * 10 == [one.status_code for one in wrong]
    assert 429 == blocked.status_code
    assert "sign up again" in blocked.text
    assert 303 == answer.status_code


async def test_a_used_link_is_no_way_to_guess_a_password(town: Town) -> None:
    """Whoever finds an old mail is told that it does not work, whatever they type."""
    await town.sign_up(PASSWORD)
    link, phone = await town.link(), town.browser()
    page = await phone.get(link)
    await submit(phone, page, {"password": PASSWORD})

    answers = [await submit(phone, page, {"password": one}) for one in (PASSWORD, OTHER_PASSWORD)]

    assert [422, 422] == [answer.status_code for answer in answers]
    assert all("The link was used" in answer.text for answer in answers)


async def test_a_code_alone_does_not_choose_between_two_sign_ups(town: Town) -> None:
    """A program that does not say whose code it is would take the stranger's sign-up."""
    mine = await town.sign_up(PASSWORD)
    await town.sign_up(OTHER_PASSWORD)

    unnamed, named = await town.verify(), await town.verify(userId=mine)

    assert [422, 422] == [unnamed.status_code, named.status_code]
    assert "userId" in unnamed.json()["detail"]
    assert not await town.signs_in(OTHER_PASSWORD)


async def test_a_code_with_its_sign_up_is_enough(town: Town) -> None:
    """The id that the sign-up was answered with says whose it is."""
    await town.sign_up(OTHER_PASSWORD)
    mine = await town.sign_up(PASSWORD)

    assert 200 == (await town.verify(userId=mine)).status_code
    assert await town.signs_in(PASSWORD)


async def test_a_keepsake_that_we_did_not_make_is_nothing(town: Town) -> None:
    """What a browser keeps is sealed: neither made up nor changed."""
    browser = town.browser()
    await town.sign_up_in(browser, PASSWORD)
    (name, kept), *_ = browser.cookies.items()
    link = await town.link()

    for value in ("x", "v1.a.b.c", kept[:-2] + "AA", "é".encode().hex(), "x" * 3_000):
        page = await town.browser().get(link, headers={"Cookie": f"{name}={value}"})
        assert 'type="password"' in page.text


async def test_another_sign_ups_keepsake_is_nothing_here(town: Town) -> None:
    """A stranger's own, of this population or of another, opens nothing for the victim's mail."""
    stranger, elsewhere = town.browser(), town.browser()
    await town.sign_up_in(stranger, OTHER_PASSWORD)
    pages = "" if town.pages else f"/p/{await town.web.test_platform()}"
    page = await elsewhere.get(f"{pages}/sign-up")
    await submit(elsewhere, page, {"email": ADA, "password": OTHER_PASSWORD})
    await town.sign_up(PASSWORD)
    link, (name, _) = await town.link(), next(iter(stranger.cookies.items()))

    for kept in (*stranger.cookies.values(), *elsewhere.cookies.values()):
        opened = await town.browser().get(link, headers={"Cookie": f"{name}={kept}"})
        assert 'type="password"' in opened.text


async def test_the_page_of_a_link_tells_nobody_the_link(town: Town) -> None:
    """No address of it reaches another site, a frame or a cache."""
    await town.sign_up(PASSWORD)

    headers = (await town.browser().get(await town.link())).headers

    assert "same-origin" == headers["referrer-policy"]
    assert "no-store" in headers["cache-control"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_a_new_address_is_not_attached_by_its_owners_click(town: Town) -> None:
    """A stranger names the victim's address as theirs; code, id and link in hand change nothing."""
    eve = "eve@example.com"
    body = {"email": eve, "password": PASSWORD}
    begun = await town.web.post(f"{town.api}/sign-up", body, headers=town.headers)
    proof = {"email": eve, "code": await town.web.code(eve), "userId": begun.json()["userId"]}
    tokens = (await town.web.post(town.verify_path, proof, headers=town.headers)).json()
    how = {"headers": {**bearer(tokens), **town.headers}}
    await town.web.post(f"{town.api}/email/change", {"email": ADA}, **how)

    typed = [await town.verify(), await town.verify(userId=tokens["userId"])]
    opened = await town.browser().get(await town.link())

    assert [422, 422] == [answer.status_code for answer in typed]
    assert 303 == opened.status_code
    assert f"{town.pages}/reauth" == urlsplit(opened.headers["location"]).path
    assert not await town.signs_in(PASSWORD)
