"""From a hosted page to an application: one code, once, for whoever holds the verifier."""

import base64
import hashlib

import pytest

from dream_api.kit.errors import ValidationFailed
from dream_api.shared.identity import InvalidCode, Principal, Unauthenticated
from tests.integration.identity.conftest import PLATFORM_A, PLATFORM_B, House

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:43]
CALLBACK = "https://app.example/callback"


async def _enter(house: House) -> Principal:
    signed_in = await house.join("ada@example.com")
    return await house.realm.authenticate_token(PLATFORM_A, signed_in.token)


async def _issue(house: House, principal: Principal) -> str:
    return await house.realm.issue_authorization_code(principal, CALLBACK, CHALLENGE)


async def test_a_code_becomes_a_session_of_its_own(customers: House) -> None:
    """The application is signed in as the person, as long ago as the person signed in."""
    principal = await _enter(customers)
    code = await _issue(customers, principal)
    customers.clock.advance(59)

    signed_in = await customers.realm.exchange_authorization_code(PLATFORM_A, code, VERIFIER)
    found = await customers.realm.authenticate_token(PLATFORM_A, signed_in.token)

    assert principal.user_id == found.user_id
    assert principal.session_id != found.session_id
    assert principal.signed_in_at == found.signed_in_at


async def test_a_code_works_once_and_betrays_its_thief(customers: House) -> None:
    """Whoever repeats it has it from somewhere: the session made from it ends."""
    code = await _issue(customers, await _enter(customers))
    first = await customers.realm.exchange_authorization_code(PLATFORM_A, code, VERIFIER)

    with pytest.raises(InvalidCode):
        await customers.realm.exchange_authorization_code(PLATFORM_A, code, VERIFIER)
    with pytest.raises(Unauthenticated):
        await customers.realm.authenticate_token(PLATFORM_A, first.token)


async def test_a_code_is_nothing_without_its_verifier(customers: House) -> None:
    """A thief of the redirect has only half, and spoils nothing by trying."""
    code = await _issue(customers, await _enter(customers))

    for verifier in (VERIFIER[:-1] + "x", CHALLENGE, "", "short"):
        with pytest.raises(InvalidCode):
            await customers.realm.exchange_authorization_code(PLATFORM_A, code, verifier)

    assert await customers.realm.exchange_authorization_code(PLATFORM_A, code, VERIFIER)


async def test_a_code_lives_sixty_seconds(customers: House) -> None:
    """A redirect takes less."""
    code = await _issue(customers, await _enter(customers))
    customers.clock.advance(60)

    with pytest.raises(InvalidCode):
        await customers.realm.exchange_authorization_code(PLATFORM_A, code, VERIFIER)


async def test_a_code_belongs_to_its_platform(customers: House) -> None:
    """Another app cannot use it."""
    code = await _issue(customers, await _enter(customers))

    with pytest.raises(InvalidCode):
        await customers.realm.exchange_authorization_code(PLATFORM_B, code, VERIFIER)


async def test_a_code_dies_with_the_session_it_came_from(customers: House) -> None:
    """Signed out is signed out."""
    principal = await _enter(customers)
    code = await _issue(customers, principal)
    await customers.realm.sign_out(PLATFORM_A, session_id=principal.session_id)

    with pytest.raises(InvalidCode):
        await customers.realm.exchange_authorization_code(PLATFORM_A, code, VERIFIER)


@pytest.mark.parametrize("challenge", ["", "plain", CHALLENGE + "=", "x" * 44, "ä" * 43], ids=repr)
async def test_what_is_no_challenge_gets_no_code(customers: House, challenge: str) -> None:
    """Only S256, in base64url without padding."""
    principal = await _enter(customers)

    with pytest.raises(ValidationFailed):
        await customers.realm.issue_authorization_code(principal, CALLBACK, challenge)
