"""Sign-up: an address is somebody's only after a code proved it."""

import pytest

from dream_api.kit.errors import ValidationFailed
from dream_api.shared.identity import InvalidCode, InvalidCredentials
from tests.integration.identity.conftest import OTHER_PASSWORD, PASSWORD, House

ADA = "ada@example.com"


async def test_the_mailed_code_signs_the_newcomer_in(developers: House) -> None:
    """A verified sign-up is a person, is known to the world, and counts as a sign-in."""
    user_id = await developers.realm.sign_up("developers", ADA, PASSWORD, "Ada")

    signed_in = await developers.realm.verify_email(
        "developers", ADA, await developers.post.code(ADA), user_id
    )
    principal = await developers.realm.authenticate_token("developers", signed_in.token)

    assert user_id == signed_in.user_id == principal.user_id
    assert (ADA, "Ada") == (principal.email, principal.name)
    assert [user_id] == [identity.user_id for _, identity in developers.world.verified]


async def test_nobody_signs_in_before_the_code(developers: House) -> None:
    """The right password of an unverified sign-up is as wrong as any other."""
    await developers.realm.sign_up("developers", ADA, PASSWORD)

    with pytest.raises(InvalidCredentials):
        await developers.realm.sign_in("developers", ADA, PASSWORD)


async def test_a_known_address_gets_another_mail_and_no_code(developers: House) -> None:
    """The owner learns of it, the caller does not: an id is answered as ever."""
    first = await developers.join(ADA)

    user_id = await developers.realm.sign_up("developers", "ADA@Example.com", OTHER_PASSWORD)
    newest = (await developers.post.mails())[-1].mail

    assert user_id != first.user_id
    assert newest.code is None
    assert "already" in newest.subject


async def test_a_second_sign_up_cannot_slip_its_password_under_the_first(
    developers: House,
) -> None:
    """Each code activates the sign-up it was mailed for; the other sign-up is forgotten."""
    await developers.realm.sign_up("developers", ADA, OTHER_PASSWORD)
    mine = await developers.realm.sign_up("developers", ADA, PASSWORD)

    await developers.realm.verify_email("developers", ADA, await developers.post.code(ADA), mine)
    await developers.realm.sign_in("developers", ADA, PASSWORD)

    with pytest.raises(InvalidCredentials):
        await developers.realm.sign_in("developers", ADA, OTHER_PASSWORD)


async def test_a_code_is_useless_for_another_sign_up_of_the_address(developers: House) -> None:
    """Whoever passes the id of their own sign-up cannot be tricked into somebody else's."""
    mine = await developers.realm.sign_up("developers", ADA, PASSWORD)
    await developers.realm.sign_up("developers", ADA, OTHER_PASSWORD)

    with pytest.raises(InvalidCode):
        await developers.realm.verify_email(
            "developers", ADA, await developers.post.code(ADA), mine
        )


async def test_a_newer_code_ends_the_older(developers: House) -> None:
    """Only the newest mail counts."""
    await developers.realm.sign_up("developers", ADA, PASSWORD)
    older = await developers.post.code(ADA)
    await developers.realm.sign_up("developers", ADA, PASSWORD)

    with pytest.raises(InvalidCode):
        await developers.realm.verify_email("developers", ADA, older)


async def test_a_code_works_once(developers: House) -> None:
    """A code that was used is no code."""
    await developers.join(ADA)
    code = next(m.mail.code for m in await developers.post.mails(ADA) if m.mail.code)

    with pytest.raises(InvalidCode):
        await developers.realm.verify_email("developers", ADA, code)


async def test_a_code_lives_ten_minutes(developers: House) -> None:
    """One second later it is too late."""
    await developers.realm.sign_up("developers", ADA, PASSWORD)
    code = await developers.post.code(ADA)
    developers.clock.advance(600)

    with pytest.raises(InvalidCode):
        await developers.realm.verify_email("developers", ADA, code)


async def test_five_wrong_tries_burn_a_code(developers: House) -> None:
    """After them the right code is wrong, too."""
    await developers.realm.sign_up("developers", ADA, PASSWORD)
    code = await developers.post.code(ADA)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"

    for _ in range(5):
        with pytest.raises(InvalidCode):
            await developers.realm.verify_email("developers", ADA, wrong)
    with pytest.raises(InvalidCode):
        await developers.realm.verify_email("developers", ADA, code)


async def test_four_wrong_tries_do_not(developers: House) -> None:
    """People mistype."""
    await developers.realm.sign_up("developers", ADA, PASSWORD)
    code = await developers.post.code(ADA)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"

    for _ in range(4):
        with pytest.raises(InvalidCode):
            await developers.realm.verify_email("developers", ADA, wrong)

    assert await developers.realm.verify_email("developers", ADA, code)


async def test_an_address_gets_five_mails_an_hour(developers: House) -> None:
    """Of each purpose; an hour later the allowance is full again."""
    await developers.join(ADA)
    for _ in range(8):
        await developers.realm.forgot_password("developers", ADA)
    within_the_hour = len(await developers.post.mails(ADA))
    developers.clock.advance(3600)
    await developers.realm.forgot_password("developers", ADA)

    assert (1 + 5, 1 + 6) == (within_the_hour, len(await developers.post.mails(ADA)))


async def test_a_mail_that_is_not_sent_ends_no_code(developers: House) -> None:
    """Whoever floods an address cannot void the code that its owner already holds."""
    ids = [await developers.realm.sign_up("developers", ADA, PASSWORD) for _ in range(5)]
    code = await developers.post.code(ADA)
    await developers.realm.sign_up("developers", ADA, OTHER_PASSWORD)

    signed_in = await developers.realm.verify_email("developers", ADA, code, ids[-1])

    assert ids[-1] == signed_in.user_id


@pytest.mark.parametrize(
    "email",
    ["ada", "ada@", "@example.com", "a@b@c", "a@x.com, b@x.com", "a@x.com\nBcc: b@x.com", "a@x\0"],
)
async def test_what_is_no_single_address_is_refused(developers: House, email: str) -> None:
    """Nothing reaches a mail header that is not exactly one address."""
    with pytest.raises(ValidationFailed):
        await developers.realm.sign_up("developers", email, PASSWORD)


@pytest.mark.parametrize("password", ["short", "password", "ada@example.com", "x" * 129])
async def test_weak_and_endless_passwords_are_refused(developers: House, password: str) -> None:
    """What everybody guesses first is no password, nor is one's own address."""
    with pytest.raises(ValidationFailed) as refusal:
        await developers.realm.sign_up("developers", ADA, password)

    assert "password" == refusal.value.param


async def test_one_address_on_two_platforms_is_two_people(customers: House) -> None:
    """Populations know nothing of each other."""
    on_a = await customers.join(ADA, realm_id="pk_test_drm_A")
    on_b = await customers.join(ADA, realm_id="pk_test_drm_B")

    assert on_a.user_id != on_b.user_id


async def test_a_code_of_one_platform_is_nothing_on_another(customers: House) -> None:
    """Codes belong to their population."""
    await customers.realm.sign_up("pk_test_drm_A", ADA, PASSWORD)

    with pytest.raises(InvalidCode):
        await customers.realm.verify_email("pk_test_drm_B", ADA, await customers.post.code(ADA))


async def test_mails_name_the_app(customers: House) -> None:
    """An end user has never heard of us: the developer's app is who writes."""
    await customers.realm.sign_up("pk_test_drm_A", ADA, PASSWORD)
    mail = (await customers.post.mails(ADA))[-1].mail

    assert "Acme A" in mail.subject
    assert "Acme A" in mail.text


async def test_the_other_sign_ups_of_an_address_are_forgotten(developers: House) -> None:
    """Once somebody has proved the address, nothing is kept of whoever else typed it."""
    for name in ("Eve", "Mallory"):
        await developers.realm.sign_up("developers", ADA, OTHER_PASSWORD, name)
    newest = await developers.realm.sign_up("developers", ADA, PASSWORD, "Ada")
    await developers.realm.sign_up("developers", "other@example.com", PASSWORD, "Other")

    await developers.realm.verify_email("developers", ADA, await developers.post.code(ADA), newest)

    kept = await developers.store.read(
        lambda connection: (
            connection.exec_driver_sql("SELECT name FROM identity_users ORDER BY name")
            .scalars()
            .all()
        )
    )
    assert ["Ada", "Other"] == list(kept)
