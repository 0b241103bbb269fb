"""Whoever knows only somebody's address can slow guessing down, and never keep the owner out.

ASVS 6.1.1: a limit against guessing must not be a way to lock people out.
"""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from dream_api.gateways.clock import MovableClock
from dream_api.kit.crypto import new_master_key
from dream_api.shared.identity import InvalidCode, InvalidCredentials, TooManyAttempts
from tests.integration.identity.conftest import OTHER_PASSWORD, PASSWORD, House
from tests.integration.identity.web import open_web

ADA = "ada@example.com"
REALM = "developers"
HOUR = 3_600
DAY = 24 * HOUR
SHORT, LONG = 6, 12
"""Digits of a code: as ever, and where too many wrong ones were tried."""


async def newest_link(house: House) -> str:
    """Give the token of the newest link that was mailed."""
    link = (await house.post.mails(ADA))[-1].mail.link
    assert link is not None, "the newest mail carries a link"
    return parse_qs(urlsplit(link).query)["token"][0]


async def burn(house: House) -> None:
    """Void the code that is under way, as a stranger can: by five wrong tries."""
    for _ in range(5):
        with pytest.raises(InvalidCode):
            await house.realm.reset_password(REALM, ADA, "no code", OTHER_PASSWORD)


async def guess_all_day(house: House) -> int:
    """Guess as often as one can for a day; give how many short codes were under way."""
    short = 0
    for _ in range(24):
        for _ in range(5):
            await house.realm.forgot_password(REALM, ADA)
            short += len(await house.post.code(ADA)) == SHORT
            await burn(house)
        house.clock.advance(HOUR)
    return short


async def test_a_day_of_guessing_is_twenty_guesses(developers: House) -> None:
    """Not six hundred: after twenty wrong codes the mails of this day carry long ones."""
    await developers.join(ADA)

    assert 4 == await guess_all_day(developers)


async def test_the_owner_of_a_guessed_at_address_types_a_longer_code(developers: House) -> None:
    """Guessing changes what the owner types, and does not keep them out."""
    await developers.join(ADA)
    for _ in range(4):
        await developers.realm.forgot_password(REALM, ADA)
        await burn(developers)
    await developers.realm.forgot_password(REALM, ADA)
    code = await developers.post.code(ADA)

    await developers.realm.reset_password(REALM, ADA, code, OTHER_PASSWORD)

    assert LONG == len(code)
    assert await developers.realm.sign_in(REALM, ADA, OTHER_PASSWORD)


async def test_codes_are_short_again_after_a_day(developers: House) -> None:
    """The window begins with its first wrong code, so nobody can make it last."""
    await developers.join(ADA)
    for _ in range(4):
        await developers.realm.forgot_password(REALM, ADA)
        await burn(developers)
    developers.clock.advance(DAY)
    await developers.realm.forgot_password(REALM, ADA)

    assert SHORT == len(await developers.post.code(ADA))


async def test_guessing_at_a_sign_up_leaves_the_reset_codes_short(developers: House) -> None:
    """Each purpose is counted by itself, and each address."""
    await developers.join(ADA)
    for _ in range(4):
        await developers.realm.forgot_password(REALM, ADA)
        await burn(developers)

    await developers.realm.sign_up(REALM, "bea@example.com", PASSWORD)

    assert SHORT == len(await developers.post.code("bea@example.com"))


async def test_tries_at_once_are_counted_one_by_one(developers: House) -> None:
    """Whoever sends many guesses together does not get more than five for one code."""
    await developers.join(ADA)
    await developers.realm.forgot_password(REALM, ADA)
    code = await developers.post.code(ADA)
    tries = [
        developers.realm.reset_password(REALM, ADA, "no code", OTHER_PASSWORD) for _ in range(6)
    ]

    await asyncio.gather(*tries, return_exceptions=True)

    with pytest.raises(InvalidCode):
        await developers.realm.reset_password(REALM, ADA, code, OTHER_PASSWORD)


async def test_the_count_of_wrong_codes_survives_a_restart(
    data_dir: Path, clock: MovableClock
) -> None:
    """Whoever makes the server fall over does not get twenty more guesses for it."""
    key = new_master_key()
    for _ in range(4):
        async with open_web(data_dir, clock, master_key=key) as web:
            if not await web.mails(ADA):
                await web.join(ADA)
            await web.post("/platform/password/forgot", {"email": ADA})
            wrong = {"email": ADA, "code": "no code", "password": OTHER_PASSWORD}
            for _ in range(5):
                await web.post("/platform/password/reset", wrong)
    async with open_web(data_dir, clock, master_key=key) as web:
        await web.post("/platform/password/forgot", {"email": ADA})

        assert LONG == len(await web.code(ADA))


async def test_wrong_tries_void_the_code_and_not_the_link(developers: House) -> None:
    """A link cannot be guessed, so nobody's tries are held against it."""
    await developers.join(ADA)
    await developers.realm.forgot_password(REALM, ADA)
    code, link = await developers.post.code(ADA), await newest_link(developers)
    await burn(developers)
    with pytest.raises(InvalidCode):
        await developers.realm.reset_password(REALM, ADA, code, OTHER_PASSWORD)

    await developers.realm.reset_password_by_link(REALM, link, OTHER_PASSWORD)

    assert await developers.realm.sign_in(REALM, ADA, OTHER_PASSWORD)


async def test_a_link_is_used_once(developers: House) -> None:
    """Whoever finds the mail later sets no other password."""
    await developers.join(ADA)
    await developers.realm.forgot_password(REALM, ADA)
    link = await newest_link(developers)
    await developers.realm.reset_password_by_link(REALM, link, OTHER_PASSWORD)

    with pytest.raises(InvalidCode):
        await developers.realm.reset_password_by_link(REALM, link, PASSWORD)


async def test_sign_ups_with_an_address_leave_its_reset_mails(developers: House) -> None:
    """Each purpose has mails of its own: no stranger uses up those by which the owner gets in."""
    await developers.join(ADA)
    for _ in range(10):
        await developers.realm.sign_up(REALM, ADA, OTHER_PASSWORD)
    before = len(await developers.post.mails(ADA))

    await developers.realm.forgot_password(REALM, ADA)

    assert before + 1 == len(await developers.post.mails(ADA))


async def test_whoever_spends_the_mails_leaves_a_link_that_works(developers: House) -> None:
    """Until the hour is over and there is a new mail, the last one's link is good."""
    await developers.join(ADA)
    for _ in range(10):
        await developers.realm.forgot_password(REALM, ADA)
    await burn(developers)
    link = await newest_link(developers)
    developers.clock.advance(HOUR - 60)
    await developers.realm.forgot_password(REALM, ADA)
    assert link == await newest_link(developers)

    await developers.realm.reset_password_by_link(REALM, link, OTHER_PASSWORD)

    assert await developers.realm.sign_in(REALM, ADA, OTHER_PASSWORD)


async def test_the_owner_gets_in_beside_a_guesser(developers: House) -> None:
    """The delay holds for the owner's password too; the way by mail ends it."""
    await developers.join(ADA)
    for _ in range(10):
        with pytest.raises(InvalidCredentials):
            await developers.realm.sign_in(REALM, ADA, OTHER_PASSWORD)
    with pytest.raises(TooManyAttempts):
        await developers.realm.sign_in(REALM, ADA, PASSWORD)

    await developers.realm.forgot_password(REALM, ADA)
    await burn(developers)
    await developers.realm.reset_password_by_link(REALM, await newest_link(developers), PASSWORD)

    assert await developers.realm.sign_in(REALM, ADA, PASSWORD)


async def test_the_count_of_failures_survives_a_restart(
    data_dir: Path, clock: MovableClock
) -> None:
    """Whoever makes the server fall over does not get ten more guesses for it."""
    guess, key = {"email": ADA, "password": OTHER_PASSWORD}, new_master_key()
    async with open_web(data_dir, clock, master_key=key) as web:
        await web.join(ADA)
        before = [(await web.post("/platform/sign-in", guess)).status_code for _ in range(9)]
    async with open_web(data_dir, clock, master_key=key) as web:
        after = [(await web.post("/platform/sign-in", guess)).status_code for _ in range(2)]
    async with open_web(data_dir, clock, master_key=key) as web:
        later = await web.post("/platform/sign-in", {"email": ADA, "password": PASSWORD})

    assert [401] * 9 == before
    assert [401, 429] == after
    assert 429 == later.status_code
    assert 0 < int(later.headers["retry-after"]) <= 30


async def test_the_tries_of_a_code_survive_a_restart(data_dir: Path, clock: MovableClock) -> None:
    """Five wrong tries are five, however often the server starts in between."""
    key = new_master_key()
    async with open_web(data_dir, clock, master_key=key) as web:
        await web.join(ADA)
        await web.post("/platform/password/forgot", {"email": ADA})
        right = {"email": ADA, "code": await web.code(ADA), "password": OTHER_PASSWORD}
        wrong = {**right, "code": "no code"}
        for _ in range(4):
            await web.post("/platform/password/reset", wrong)
    async with open_web(data_dir, clock, master_key=key) as web:
        await web.post("/platform/password/reset", wrong)

        assert 422 == (await web.post("/platform/password/reset", right)).status_code
