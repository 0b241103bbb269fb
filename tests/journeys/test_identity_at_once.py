"""Many people, or one stranger many times, in the same moment: on both engines, over HTTP."""

import asyncio
import secrets
from collections import Counter
from typing import Any

import httpx

from tests.journeys.driver import PASSWORD, Developer, Journey

MANY = 12
OK, CREATED, REFUSED = 200, 201, 422


async def together(*calls: Any) -> Counter[int]:
    """Send all of these at once; count the answers by status."""
    answers = await asyncio.gather(*calls)
    return Counter(answer.status_code for answer in answers)


def post(journey: Journey, path: str, body: dict[str, Any], **how: Any) -> Any:
    """Send JSON from a program that keeps no cookies."""

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(base_url=journey.base_url, timeout=30) as client:
            return await client.post(path, json=body, **how)

    return send()


def new_address() -> str:
    """Make an address that nobody has used."""
    return f"ada-{secrets.token_hex(4)}@example.com"


async def test_sign_ups_with_one_address_at_once_are_all_answered(journey: Journey) -> None:
    """Alike: nobody learns from an error that somebody else signs up just now."""
    body = {"email": new_address(), "password": PASSWORD}

    assert {CREATED: MANY} == await together(
        *(post(journey, "/platform/sign-up", body) for _ in range(MANY))
    )


async def test_a_code_that_is_sent_many_times_at_once_works_once(journey: Journey) -> None:
    """One account, and no second session for whoever saw the code."""
    email = new_address()
    await post(journey, "/platform/sign-up", {"email": email, "password": PASSWORD})
    proof = {"email": email, "code": await journey.code_for(email)}

    answers = await together(*(post(journey, "/platform/verify-email", proof) for _ in range(MANY)))

    assert {OK: 1, REFUSED: MANY - 1} == answers


async def test_five_guesses_are_five_however_many_come_at_once(journey: Journey) -> None:
    """The right code after them opens nothing."""
    email = new_address()
    await post(journey, "/platform/sign-up", {"email": email, "password": PASSWORD})
    code = await journey.code_for(email)
    wrong = {"email": email, "code": f"{(int(code) + 1) % 1_000_000:06}"}

    guesses = await together(*(post(journey, "/platform/verify-email", wrong) for _ in range(5)))
    right = await post(journey, "/platform/verify-email", {"email": email, "code": code})

    assert {REFUSED: 5} == guesses
    assert REFUSED == right.status_code


async def test_forgotten_passwords_at_once_are_all_answered(journey: Journey) -> None:
    """Also for an address that nobody has, since the answer must not differ."""
    developer = await journey.sign_up()
    asks = [
        post(journey, "/platform/password/forgot", {"email": email})
        for email in (developer.email, new_address())
        for _ in range(MANY)
    ]

    assert {202: 2 * MANY} == await together(*asks)


async def test_an_address_that_two_people_prove_at_once_is_one_persons(journey: Journey) -> None:
    """A sign-up and a change of address meet: one of them gets it, the other a refusal."""
    for _ in range(3):
        wanted = new_address()
        owner = await journey.sign_up()
        sign_up = {"email": wanted, "password": PASSWORD}
        begun = (await post(journey, "/platform/sign-up", sign_up)).json()
        proof = {"email": wanted, "code": await journey.code_for(wanted)}
        change = await change_code(journey, owner, wanted)

        answers = await together(
            post(journey, "/platform/verify-email", {**proof, "userId": begun["userId"]}),
            post(
                journey,
                "/platform/verify-email",
                {"email": wanted, "code": change},
                headers=owner.headers,
            ),
        )

        assert {OK: 1, REFUSED: 1} == answers


async def change_code(journey: Journey, developer: Developer, email: str) -> str:
    """Ask for another address; give the code that was mailed to it."""
    before = await journey.code_for(email)
    asked = await post(
        journey, "/platform/email/change", {"email": email}, headers=developer.headers
    )
    assert 202 == asked.status_code, asked.text
    for _ in range(100):
        if (code := await journey.code_for(email)) != before:
            return code
        await asyncio.sleep(0.05)
    message = "no second code came"
    raise AssertionError(message)
