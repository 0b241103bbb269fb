"""Guessing from one network: one password on many addresses is slowed down, and nobody else is."""

from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from dream_api.app import open_product
from dream_api.gateways.clock import MovableClock
from dream_api.kit.crypto import new_master_key
from dream_api.settings import Settings
from dream_api.shared.identity import Caller, InvalidCode, InvalidCredentials, TooManyAttempts
from tests.integration.identity.conftest import OTHER_PASSWORD, PASSWORD, PLATFORM_A, House

ADA = "ada@example.com"
HERE, THERE = Caller(network="203.0.113.7"), Caller(network="2001:db8::/64")
ALLOWED = 30
MINUTE = 60


async def guess(house: House, number: int, caller: Caller = HERE) -> None:
    """Try one password on one of many addresses."""
    with pytest.raises(InvalidCredentials):
        await house.realm.sign_in(
            house.realm_id, f"victim-{number}@example.com", OTHER_PASSWORD, caller=caller
        )


async def test_thirty_failures_a_minute_from_one_network(customers: House) -> None:
    """The next sign-in from there waits, also with the right password; a minute later it works."""
    await customers.join(ADA)
    for number in range(ALLOWED):
        await guess(customers, number)

    with pytest.raises(TooManyAttempts) as refused:
        await customers.realm.sign_in(PLATFORM_A, ADA, PASSWORD, caller=HERE)
    customers.clock.advance(MINUTE)
    signed_in = await customers.realm.sign_in(PLATFORM_A, ADA, PASSWORD, caller=HERE)

    assert refused.value.retry_after_seconds is not None
    assert 0 < refused.value.retry_after_seconds <= MINUTE
    assert signed_in.token


async def test_another_network_is_not_slowed_down(customers: House) -> None:
    """A guesser costs nobody else anything: other networks, and callers whom nobody can place."""
    await customers.join(ADA)
    for number in range(ALLOWED):
        await guess(customers, number)

    for caller in (THERE, Caller()):
        assert (await customers.realm.sign_in(PLATFORM_A, ADA, PASSWORD, caller=caller)).token


async def test_people_who_know_their_password_are_not_counted(customers: House) -> None:
    """An office behind one address signs in all morning."""
    await customers.join(ADA)

    for _ in range(ALLOWED + 1):
        assert (await customers.realm.sign_in(PLATFORM_A, ADA, PASSWORD, caller=HERE)).token


async def test_failures_are_counted_within_a_minute(customers: House) -> None:
    """Now and then somebody mistypes; that adds up to nothing."""
    for number in range(ALLOWED + 5):
        await guess(customers, number)
        customers.clock.advance(3)


async def test_a_stranger_does_not_spend_the_mails_of_others(customers: House) -> None:
    """Whoever signs up with somebody's address all day does not keep them from signing up."""
    for _ in range(10):
        await customers.realm.sign_up(PLATFORM_A, ADA, OTHER_PASSWORD, caller=THERE)
    before = len(await customers.post.mails(ADA))

    user_id = await customers.realm.sign_up(PLATFORM_A, ADA, PASSWORD, caller=HERE)

    code = await customers.post.code(ADA)
    assert (5, 6) == (before, len(await customers.post.mails(ADA)))
    assert await customers.realm.verify_email(PLATFORM_A, ADA, code, user_id)


async def test_many_networks_together_send_twenty_mails_an_hour(customers: House) -> None:
    """One address, one purpose: from wherever they are asked for."""
    await customers.join(ADA)
    for number in range(30):
        caller = Caller(network=f"198.51.100.{number}")
        await customers.realm.forgot_password(PLATFORM_A, ADA, caller=caller)

    assert 1 + 20 == len(await customers.post.mails(ADA))


async def test_a_network_asks_for_a_hundred_mails_a_minute(customers: House) -> None:
    """To whomever: nobody has us write to all the world. The answer says how long to wait."""
    for number in range(100):
        email = f"somebody-{number}@example.com"
        await customers.realm.forgot_password(PLATFORM_A, email, caller=HERE)

    with pytest.raises(TooManyAttempts) as refused:
        await customers.realm.sign_up(PLATFORM_A, ADA, PASSWORD, caller=HERE)
    with pytest.raises(TooManyAttempts):
        await customers.realm.forgot_password(PLATFORM_A, ADA, caller=HERE)
    await customers.realm.sign_up(PLATFORM_A, ADA, PASSWORD, caller=THERE)
    customers.clock.advance(MINUTE)
    await customers.realm.sign_up(PLATFORM_A, ADA, PASSWORD, caller=HERE)

    assert refused.value.retry_after_seconds is not None


async def test_codes_are_guessed_from_one_network_as_seldom(customers: House) -> None:
    """One guess at each of many addresses is guessing, too; a link does not have to wait."""
    await customers.join(ADA)
    await customers.realm.forgot_password(PLATFORM_A, ADA)
    mail = (await customers.post.mails(ADA))[-1].mail
    assert mail.code is not None
    assert mail.link is not None
    for number in range(ALLOWED):
        with pytest.raises(InvalidCode):
            await customers.realm.verify_email(
                PLATFORM_A, f"victim-{number}@example.com", "000000", caller=HERE
            )

    with pytest.raises(TooManyAttempts) as refused:
        await customers.realm.reset_password(
            PLATFORM_A, ADA, mail.code, OTHER_PASSWORD, caller=HERE
        )
    token = mail.link.partition("token=")[2]
    await customers.realm.reset_password_by_link(PLATFORM_A, token, OTHER_PASSWORD)

    assert "link" in refused.value.detail
    assert await customers.realm.sign_in(PLATFORM_A, ADA, OTHER_PASSWORD, caller=THERE)


async def test_a_named_proxys_word_counts_and_nobody_elses(
    data_dir: Path, clock: MovableClock
) -> None:
    """Behind a proxy that is named callers are told apart by what it says, and by nothing else."""
    settings = Settings(
        data_dir=data_dir,
        master_key=Settings.read_list(new_master_key()),
        public_url="https://dream.example",
        stripe_test_secret_key=SecretStr("sk_test_nobody_calls"),
        stripe_api_base="http://127.0.0.1:9",
        trusted_proxies=(ip_network("10.0.0.0/8"),),
    )

    async def failing(peer: str, forwarded: str, times: int) -> list[int]:
        transport = httpx.ASGITransport(app=product.asgi, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="https://dream.example") as http:
            return [
                (
                    await http.post(
                        "/platform/sign-in",
                        json={"email": f"a{number}@example.com", "password": OTHER_PASSWORD},
                        headers={"X-Forwarded-For": forwarded.format(number)},
                    )
                ).status_code
                for number in range(times)
            ]

    async with open_product(settings, clock=clock) as product:
        proxied = await failing("10.0.0.1", "1.1.1.{0}, 203.0.113.9", ALLOWED + 1)
        elsewhere = await failing("10.0.0.1", "203.0.113.10", 1)
        forged = await failing("8.8.8.8", "203.0.113.{0}", ALLOWED + 1)

    assert [401] * ALLOWED + [429] == proxied
    assert [401] == elsewhere
    assert [401] * ALLOWED + [429] == forged
