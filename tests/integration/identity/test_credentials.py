"""Passwords and addresses: how people replace what they sign in with."""

import pytest

from dream_api.kit.errors import ValidationFailed
from dream_api.shared.identity import (
    Caller,
    InvalidCode,
    InvalidCredentials,
    Principal,
    ReauthRequired,
    Unauthenticated,
)
from tests.integration.identity.conftest import OTHER_PASSWORD, PASSWORD, House

ADA = "ada@example.com"
NEW = "ada@new.example"
REALM = "developers"


async def _enter(house: House) -> Principal:
    signed_in = await house.join(ADA)
    return await house.realm.authenticate_token(REALM, signed_in.token)


async def test_a_reset_ends_every_session_and_signs_nobody_in(developers: House) -> None:
    """Whoever had the old password is out; the new one signs in."""
    before = await developers.join(ADA)
    await developers.realm.forgot_password(REALM, ADA)
    code = await developers.post.code(ADA)

    await developers.realm.reset_password(REALM, ADA, code, OTHER_PASSWORD)

    with pytest.raises(Unauthenticated):
        await developers.realm.authenticate_token(REALM, before.token)
    with pytest.raises(InvalidCredentials):
        await developers.realm.sign_in(REALM, ADA, PASSWORD)
    assert await developers.realm.sign_in(REALM, ADA, OTHER_PASSWORD)


async def test_an_unknown_address_gets_no_mail(developers: House) -> None:
    """Asking is answered as ever, and nothing is sent."""
    await developers.realm.forgot_password(REALM, "nobody@example.com")

    assert [] == await developers.post.mails()


async def test_the_code_of_nobody_resets_nothing(developers: House) -> None:
    """An unknown address has a code that no digits open."""
    await developers.realm.forgot_password(REALM, "nobody@example.com")

    with pytest.raises(InvalidCode):
        await developers.realm.reset_password(REALM, "nobody@example.com", "000000", PASSWORD)


async def test_a_weak_password_leaves_the_code_alone(developers: House) -> None:
    """A refused password is no try."""
    await developers.join(ADA)
    await developers.realm.forgot_password(REALM, ADA)
    code = await developers.post.code(ADA)
    with pytest.raises(ValidationFailed):
        await developers.realm.reset_password(REALM, ADA, code, "password")

    await developers.realm.reset_password(REALM, ADA, code, OTHER_PASSWORD)

    assert await developers.realm.sign_in(REALM, ADA, OTHER_PASSWORD)


async def test_a_code_for_one_purpose_is_worth_nothing_for_another(developers: House) -> None:
    """A reset code verifies no address."""
    await developers.join(ADA)
    await developers.realm.forgot_password(REALM, ADA)

    with pytest.raises(InvalidCode):
        await developers.realm.verify_email(REALM, ADA, await developers.post.code(ADA))


async def test_a_new_password_ends_the_other_sessions(developers: House) -> None:
    """The session that changed it goes on, and the owner is told by mail."""
    principal = await _enter(developers)
    other = await developers.realm.sign_in(REALM, ADA, PASSWORD)

    await developers.realm.change_password(principal, PASSWORD, OTHER_PASSWORD)

    assert await developers.realm.sign_in(REALM, ADA, OTHER_PASSWORD)
    assert 2 == len(await developers.realm.sessions(REALM, principal.user_id))
    assert "password" in (await developers.post.mails(ADA))[-1].mail.subject
    with pytest.raises(Unauthenticated):
        await developers.realm.refresh(REALM, other.refresh_token)


async def test_a_new_password_needs_the_old_one(developers: House) -> None:
    """A laptop left open does not give the account away."""
    principal = await _enter(developers)

    with pytest.raises(ValidationFailed) as refusal:
        await developers.realm.change_password(principal, "not the password", OTHER_PASSWORD)

    assert "currentPassword" == refusal.value.param


async def test_a_new_password_voids_the_reset_code_under_way(developers: House) -> None:
    """A code that was asked for before is none after."""
    principal = await _enter(developers)
    await developers.realm.forgot_password(REALM, ADA)
    code = await developers.post.code(ADA)
    await developers.realm.change_password(principal, PASSWORD, OTHER_PASSWORD)

    with pytest.raises(InvalidCode):
        await developers.realm.reset_password(REALM, ADA, code, PASSWORD)


async def test_an_old_sign_in_changes_nothing(developers: House) -> None:
    """After ten minutes the password is asked for again."""
    principal = await _enter(developers)
    developers.clock.advance(600)

    with pytest.raises(ReauthRequired):
        await developers.realm.change_password(principal, PASSWORD, OTHER_PASSWORD)
    with pytest.raises(ReauthRequired):
        await developers.realm.request_email_change(principal, NEW)


async def test_a_new_address_counts_once_its_code_came_back(developers: House) -> None:
    """Until then the old one signs in; after it the old address is told."""
    principal = await _enter(developers)
    await developers.realm.request_email_change(principal, NEW)
    code = await developers.post.code(NEW)
    assert await developers.realm.sign_in(REALM, ADA, PASSWORD)

    await developers.realm.verify_email(REALM, NEW, code, caller=Caller(principal=principal))

    assert principal.user_id == (await developers.realm.sign_in(REALM, NEW, PASSWORD)).user_id
    assert NEW in (await developers.post.mails(ADA))[-1].mail.text
    assert NEW == developers.world.verified[-1][1].email
    with pytest.raises(InvalidCredentials):
        await developers.realm.sign_in(REALM, ADA, PASSWORD)


async def test_a_signed_in_caller_confirms_without_naming_themselves(developers: House) -> None:
    """The session says who asks."""
    principal = await _enter(developers)
    await developers.realm.request_email_change(principal, NEW)

    signed_in = await developers.realm.verify_email(
        REALM, NEW, await developers.post.code(NEW), caller=Caller(principal=principal)
    )

    assert principal.user_id == signed_in.user_id


async def test_a_new_address_voids_what_was_mailed_to_the_old_one(developers: House) -> None:
    """Whoever reads the old mailbox sets no password any more, by code or by link."""
    joined = await developers.join(ADA)
    await developers.realm.forgot_password(REALM, ADA)
    mail = (await developers.post.mails(ADA))[-1].mail
    assert mail.code is not None
    assert mail.link is not None
    principal = await developers.realm.authenticate_token(REALM, joined.token)
    await developers.realm.request_email_change(principal, "new@example.com")
    code = await developers.post.code("new@example.com")
    caller = Caller(principal=principal)
    await developers.realm.verify_email(REALM, "new@example.com", code, caller=caller)

    with pytest.raises(InvalidCode):
        await developers.realm.reset_password(REALM, ADA, mail.code, OTHER_PASSWORD)
    with pytest.raises(InvalidCode):
        await developers.realm.reset_password_by_link(
            REALM, mail.link.partition("token=")[2], OTHER_PASSWORD
        )
    assert await developers.realm.sign_in(REALM, "new@example.com", PASSWORD)


async def test_a_mistyped_address_does_not_get_the_account(developers: House) -> None:
    """Its owner holds the code, but is nobody we know."""
    principal = await _enter(developers)
    await developers.realm.request_email_change(principal, NEW)

    with pytest.raises(InvalidCode):
        await developers.realm.verify_email(REALM, NEW, await developers.post.code(NEW))


async def test_an_address_that_is_taken_cannot_be_moved_to(developers: House) -> None:
    """Its owner is told; the answer gives nothing away and no code exists."""
    await developers.join(NEW)
    principal = await _enter(developers)

    await developers.realm.request_email_change(principal, NEW)

    assert (await developers.post.mails(NEW))[-1].mail.code is None


async def test_an_address_that_was_taken_meanwhile_cannot_be_moved_to(developers: House) -> None:
    """Whoever proves it first has it."""
    principal = await _enter(developers)
    await developers.realm.request_email_change(principal, NEW)
    code = await developers.post.code(NEW)
    await developers.join(NEW)

    with pytest.raises(InvalidCode):
        await developers.realm.verify_email(REALM, NEW, code, principal.user_id)

    assert await developers.realm.sign_in(REALM, ADA, PASSWORD)
