"""Sign-in: guessing is slow, and answers tell nobody which addresses have an account."""

import asyncio
from typing import Any

import pytest

from dream_api.kit.errors import ValidationFailed
from dream_api.shared.identity import InvalidCredentials, TooManyAttempts
from tests.integration.identity.conftest import OTHER_PASSWORD, PASSWORD, House

ADA = "ada@example.com"
REALM = "developers"


async def _fail(house: House, times: int, email: str = ADA) -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            await house.realm.sign_in(REALM, email, OTHER_PASSWORD)


async def test_address_and_password_open_a_session(developers: House) -> None:
    """Writing the address in capitals changes nothing."""
    joined = await developers.join(ADA)

    signed_in = await developers.realm.sign_in(REALM, "ADA@example.com", PASSWORD)

    assert joined.user_id == signed_in.user_id
    assert joined.session_id != signed_in.session_id


@pytest.mark.parametrize("email", [ADA, "nobody@example.com"])
async def test_the_eleventh_try_has_to_wait(developers: House, email: str) -> None:
    """Ten failures in a row start a delay, for addresses without an account as well."""
    await developers.join(ADA)
    await _fail(developers, 10, email)

    with pytest.raises(TooManyAttempts) as refusal:
        await developers.realm.sign_in(REALM, email, PASSWORD)

    assert 30 == refusal.value.retry_after_seconds


async def test_the_right_password_works_after_the_delay(developers: House) -> None:
    """Nobody is locked out for good."""
    await developers.join(ADA)
    await _fail(developers, 10)
    developers.clock.advance(31)

    assert await developers.realm.sign_in(REALM, ADA, PASSWORD)


async def test_the_delay_grows_and_ends_at_a_quarter_of_an_hour(developers: House) -> None:
    """Each further failure doubles it, up to the cap."""
    await developers.join(ADA)
    await _fail(developers, 9)
    delays = []
    for _ in range(7):
        await _fail(developers, 1)
        with pytest.raises(TooManyAttempts) as refusal:
            await developers.realm.sign_in(REALM, ADA, PASSWORD)
        delays.append(refusal.value.retry_after_seconds)
        developers.clock.advance(901)

    assert [30, 60, 120, 240, 480, 900, 900] == delays


async def test_a_success_clears_the_count(developers: House) -> None:
    """Only failures in a row are counted."""
    await developers.join(ADA)
    await _fail(developers, 9)
    await developers.realm.sign_in(REALM, ADA, PASSWORD)

    await _fail(developers, 9)


async def test_one_victim_delays_nobody_else(developers: House) -> None:
    """The counter is the address's, not the realm's."""
    await developers.join(ADA)
    await _fail(developers, 10, "bob@example.com")

    assert await developers.realm.sign_in(REALM, ADA, PASSWORD)


async def test_a_reset_ends_the_delay(developers: House) -> None:
    """An attacker cannot keep the owner of the mailbox out."""
    await developers.join(ADA)
    await _fail(developers, 10)
    await developers.realm.forgot_password(REALM, ADA)
    code = await developers.post.code(ADA)
    await developers.realm.reset_password(REALM, ADA, code, OTHER_PASSWORD)

    assert await developers.realm.sign_in(REALM, ADA, OTHER_PASSWORD)


async def test_guesses_that_come_at_once_are_counted_one_by_one(developers: House) -> None:
    """Thirty guesses in parallel get no more tries than thirty in a row."""
    await developers.join(ADA)

    outcomes = await asyncio.gather(
        *(developers.realm.sign_in(REALM, ADA, OTHER_PASSWORD) for _ in range(30)),
        return_exceptions=True,
    )

    assert 10 == sum(isinstance(outcome, InvalidCredentials) for outcome in outcomes)


async def test_an_endless_password_costs_no_work(developers: House) -> None:
    """A megabyte is refused before anything is hashed."""
    with pytest.raises(ValidationFailed):
        await developers.realm.sign_in(REALM, ADA, "x" * 1_000_000)


async def test_passwords_that_share_a_long_prefix_differ(developers: House) -> None:
    """Nothing is cut off, whatever bcrypt once did at 72 bytes."""
    shared = "correct horse battery staple " * 4
    await developers.realm.sign_up(REALM, ADA, shared + "one")
    await developers.realm.verify_email(REALM, ADA, await developers.post.code(ADA))

    with pytest.raises(InvalidCredentials):
        await developers.realm.sign_in(REALM, ADA, shared + "two")


async def test_a_password_may_be_typed_on_any_keyboard(developers: House) -> None:
    """Composed and decomposed letters are the same password."""
    await developers.realm.sign_up(REALM, ADA, "zu\u0308rich caf\u00e9 lamp")
    await developers.realm.verify_email(REALM, ADA, await developers.post.code(ADA))

    assert await developers.realm.sign_in(REALM, ADA, "z\u00fcrich cafe\u0301 lamp")


async def test_a_password_that_is_replaced_meanwhile_opens_nothing(
    developers: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between comparing and signing in the owner set a new one: the old one is too late."""
    await developers.join(ADA)
    attempts = developers.realm._attempts  # noqa: SLF001 - the moment between lies inside.
    compare = attempts.check

    async def compare_and_be_late(*call: Any) -> Any:
        person = await compare(*call)
        await developers.realm.forgot_password(REALM, ADA)
        code = await developers.post.code(ADA)
        await developers.realm.reset_password(REALM, ADA, code, OTHER_PASSWORD)
        return person

    monkeypatch.setattr(attempts, "check", compare_and_be_late)

    with pytest.raises(InvalidCredentials):
        await developers.realm.sign_in(REALM, ADA, PASSWORD)
