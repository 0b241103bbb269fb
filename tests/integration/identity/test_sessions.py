"""Sessions and tokens: what a sign-in gives, and how it ends."""

import asyncio
from typing import Any

import jwt
import pytest

from dream_api.kit.errors import NotFound
from dream_api.shared.identity import Caller, Unauthenticated
from tests.integration.identity.conftest import PLATFORM_A, PLATFORM_B, PUBLIC_URL, House

ADA = "ada@example.com"
CONTRACT = {
    *("userId", "platformId", "plan", "iss", "sub", "aud", "iat", "nbf", "exp", "jti", "sid")
}


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def test_a_token_carries_the_contract_and_nothing_else(customers: House) -> None:
    """No address, no name: a token travels through strangers' logs."""
    signed_in = await customers.join(ADA)
    claims = _claims(signed_in.token)

    assert claims.keys() == CONTRACT
    assert signed_in.user_id == claims["sub"] == claims["userId"]
    assert PLATFORM_A == claims["aud"] == claims["platformId"]
    assert f"{PUBLIC_URL}/realms/{PLATFORM_A}" == claims["iss"]
    assert 300 == claims["exp"] - claims["iat"]


async def test_a_developers_token_lives_a_quarter_of_an_hour(developers: House) -> None:
    """And is for us alone."""
    claims = _claims((await developers.join(ADA)).token)

    assert (900, "dream-api") == (claims["exp"] - claims["iat"], claims["aud"])
    assert f"{PUBLIC_URL}/realms/developers" == claims["iss"]


async def test_a_token_is_refused_in_another_population(customers: House) -> None:
    """Platform A's token is nothing on platform B, although one key signs for both."""
    signed_in = await customers.join(ADA, realm_id=PLATFORM_A)

    with pytest.raises(Unauthenticated):
        await customers.realm.authenticate_token(PLATFORM_B, signed_in.token)


async def test_a_token_is_refused_in_the_other_world(developers: House, customers: House) -> None:
    """The two realms share no key, in either direction."""
    developer, user = await developers.join(ADA), await customers.join(ADA)

    for realm, token in [(developers, user.token), (customers, developer.token)]:
        with pytest.raises(Unauthenticated):
            await realm.realm.authenticate_token(realm.realm_id, token)


async def test_a_cookie_is_refused_in_another_population(customers: House) -> None:
    """A session belongs to its realm."""
    secret = (await customers.join(ADA, realm_id=PLATFORM_A)).session_secret
    assert secret is not None

    with pytest.raises(Unauthenticated):
        await customers.realm.authenticate_session(PLATFORM_B, secret)


async def test_a_token_ends_on_the_second(customers: House) -> None:
    """Five minutes are five minutes."""
    token = (await customers.join(ADA)).token
    customers.clock.advance(300)

    with pytest.raises(Unauthenticated):
        await customers.realm.authenticate_token(PLATFORM_A, token)


async def test_signing_out_ends_token_cookie_and_refresh_at_once(customers: House) -> None:
    """Nothing of a session survives its end, although the token itself would live on."""
    signed_in = await customers.join(ADA)
    assert signed_in.session_secret is not None

    await customers.realm.sign_out(PLATFORM_A, refresh_token=signed_in.refresh_token)

    with pytest.raises(Unauthenticated):
        await customers.realm.authenticate_token(PLATFORM_A, signed_in.token)
    with pytest.raises(Unauthenticated):
        await customers.realm.authenticate_session(PLATFORM_A, signed_in.session_secret)
    with pytest.raises(Unauthenticated):
        await customers.realm.refresh(PLATFORM_A, signed_in.refresh_token)


async def test_a_refresh_gives_a_fresh_pair_with_todays_plan(customers: House) -> None:
    """An upgrade shows in the next token."""
    signed_in = await customers.join(ADA)
    customers.world.plans[signed_in.user_id] = "pro"

    refreshed = await customers.realm.refresh(PLATFORM_A, signed_in.refresh_token)

    assert ("free", "pro") == (_claims(signed_in.token)["plan"], _claims(refreshed.token)["plan"])
    assert signed_in.refresh_token != refreshed.refresh_token
    assert signed_in.session_id == refreshed.session_id


async def test_a_refresh_token_that_is_used_again_ends_the_session(customers: House) -> None:
    """Whoever shows a used token stole it, or was stolen from: both lose the session."""
    signed_in = await customers.join(ADA)
    refreshed = await customers.realm.refresh(PLATFORM_A, signed_in.refresh_token)
    customers.clock.advance(11)

    with pytest.raises(Unauthenticated):
        await customers.realm.refresh(PLATFORM_A, signed_in.refresh_token)
    with pytest.raises(Unauthenticated):
        await customers.realm.authenticate_token(PLATFORM_A, refreshed.token)
    with pytest.raises(Unauthenticated):
        await customers.realm.refresh(PLATFORM_A, refreshed.refresh_token)


async def test_two_tabs_may_refresh_at_once(customers: House) -> None:
    """Within ten seconds both get a pair of one living session."""
    signed_in = await customers.join(ADA)

    pairs = await asyncio.gather(
        *(customers.realm.refresh(PLATFORM_A, signed_in.refresh_token) for _ in range(2))
    )
    again = [await customers.realm.refresh(PLATFORM_A, pair.refresh_token) for pair in pairs]

    assert {signed_in.session_id} == {pair.session_id for pair in [*pairs, *again]}


async def test_an_idle_session_ends(developers: House) -> None:
    """A day without use is the end for a developer, whatever the cookie says."""
    secret = (await developers.join(ADA)).session_secret
    assert secret is not None
    developers.clock.advance(24 * 3600)

    with pytest.raises(Unauthenticated):
        await developers.realm.authenticate_session("developers", secret)


async def test_a_used_session_lives_on_but_not_for_ever(developers: House) -> None:
    """Use pushes the idle end away, never the absolute one of 14 days."""
    secret = (await developers.join(ADA)).session_secret
    assert secret is not None
    for _ in range(27):
        developers.clock.advance(12 * 3600)
        await developers.realm.authenticate_session("developers", secret)
    developers.clock.advance(12 * 3600)

    with pytest.raises(Unauthenticated):
        await developers.realm.authenticate_session("developers", secret)


async def test_a_person_sees_and_ends_their_sessions(developers: House) -> None:
    """A revoked session is refused on the next request; the others stay."""
    first = await developers.join(ADA)
    laptop = await developers.realm.sign_in(
        "developers", ADA, "violet anchor sandwich", caller=Caller(device="Laptop")
    )

    listed = await developers.realm.sessions("developers", first.user_id)
    await developers.realm.revoke_session("developers", first.user_id, first.session_id)

    assert ["Laptop", ""] == [session.device for session in listed]
    assert await developers.realm.authenticate_token("developers", laptop.token)
    with pytest.raises(Unauthenticated):
        await developers.realm.authenticate_token("developers", first.token)


async def test_nobody_ends_another_persons_session(developers: House) -> None:
    """Somebody else's session is as missing as none."""
    ada, bob = await developers.join(ADA), await developers.join("bob@example.com")

    with pytest.raises(NotFound):
        await developers.realm.revoke_session("developers", bob.user_id, ada.session_id)

    assert await developers.realm.authenticate_token("developers", ada.token)


async def test_a_person_has_a_hundred_sessions_at_most(
    developers: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more ends the oldest."""
    monkeypatch.setattr("dream_api.shared.identity.sessions.SESSIONS_MAX", 3)
    first = await developers.join(ADA)
    for _ in range(3):
        await developers.realm.sign_in("developers", ADA, "violet anchor sandwich")

    with pytest.raises(Unauthenticated):
        await developers.realm.refresh("developers", first.refresh_token)


async def test_a_deleted_person_is_signed_out_everywhere(customers: House) -> None:
    """Token, refresh token and password die with the person; the world is told."""
    signed_in = await customers.join(ADA)

    await customers.realm.delete(PLATFORM_A, signed_in.user_id)

    assert [(PLATFORM_A, signed_in.user_id)] == customers.world.deleted
    with pytest.raises(Unauthenticated):
        await customers.realm.authenticate_token(PLATFORM_A, signed_in.token)


async def test_no_secret_of_a_session_is_in_the_file(customers: House) -> None:
    """The file, its log included, holds hashes only."""
    signed_in = await customers.join(ADA)
    assert signed_in.session_secret is not None
    folder = customers.clock._path.parent  # noqa: SLF001 - the clock lies beside the data.

    stored = b"".join(path.read_bytes() for path in folder.glob("customers.db*"))

    assert b"identity_sessions" in stored
    for secret in (signed_in.session_secret, signed_in.refresh_token, signed_in.token):
        assert secret.encode() not in stored


async def test_what_is_over_is_swept_away(customers: House) -> None:
    """Rows of ended sessions, codes and counters do not pile up."""
    signed_in = await customers.join(ADA)
    await customers.realm.refresh(PLATFORM_A, signed_in.refresh_token)
    customers.clock.advance(31 * 24 * 3600)

    assert 0 < await customers.realm.clean_up()
    assert 0 == await customers.realm.clean_up()
