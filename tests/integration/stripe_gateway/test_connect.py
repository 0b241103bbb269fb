"""Connecting an account: one try, and every failure has a name of ours."""

from urllib.parse import parse_qs, urlsplit

import pytest

from dream_api.gateways.stripe import (
    AccountGone,
    NewProduct,
    OauthRefused,
    Stripe,
    StripeUnavailable,
)
from tests.stripe_server import BrokenStripe, gateway, serving


async def test_a_code_becomes_an_account(stripe: Stripe, code: str) -> None:
    """The account, what it allows and its mode; no credential of theirs is read."""
    granted = await stripe.exchange_code(code)

    assert granted.account_id.startswith("acct_")
    assert ("read_write", False) == (granted.scope, granted.livemode)


async def test_the_way_to_stripe_asks_for_everything_the_product_needs() -> None:
    """Stripe's default scope is read-only, so it is spelt out; the mail address is prefilled."""
    async with gateway("http://127.0.0.1:9") as stripe:
        url = stripe.authorize_url(state="s1", redirect_uri="http://a/b", email="ada@example.com")
    asked = parse_qs(urlsplit(url).query)

    assert {
        "response_type": ["code"], "scope": ["read_write"], "state": ["s1"],
        "redirect_uri": ["http://a/b"], "stripe_user[email]": ["ada@example.com"],
        "client_id": ["ca_simulator"], "stripe_landing": ["login"],
    } == asked  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, '{"error": "api_error"}'),
        (503, '{"error": {"message": "down", "type": "api_error"}}'),
        (500, "<html>"),
        (200, "[]"),
        (200, '{"stripe_user_id": 7}'),
    ],
)
async def test_a_code_is_sent_once_whatever_stripe_answers(status: int, body: str) -> None:
    """A code that arrives twice revokes the connection, so there is no second try."""
    broken = BrokenStripe(status, body)
    with serving(broken) as url:
        async with gateway(url) as stripe:
            with pytest.raises((StripeUnavailable, OauthRefused)):
                await stripe.exchange_code("ac_1")

    assert ["/oauth/token"] == broken.asked


async def test_a_used_code_is_refused(stripe: Stripe, code: str) -> None:
    """The reason is Stripe's own."""
    await stripe.exchange_code(code)

    with pytest.raises(OauthRefused) as refused:
        await stripe.exchange_code(code)

    assert "invalid_grant" == refused.value.stripe_code


async def test_an_account_that_took_its_access_back_is_gone(stripe: Stripe, account: str) -> None:
    """Every later call says so, and so does giving the access back a second time."""
    await stripe.deauthorize(account)

    with pytest.raises(AccountGone):
        await stripe.create_product(account, NewProduct("Pro"), idempotency_key="k-gone")
    with pytest.raises(OauthRefused):
        await stripe.deauthorize(account)


async def test_a_connected_account_can_be_looked_at(stripe: Stripe, account: str) -> None:
    """Its name decides whether Checkout works."""
    found = await stripe.get_account(account)

    assert account == found.id
    assert found.business_name


async def test_a_stripe_that_is_not_there_is_unavailable() -> None:
    """Nobody listens: the caller may repeat, and hears when."""
    async with gateway("http://127.0.0.1:9") as stripe:
        with pytest.raises(StripeUnavailable) as refused:
            await stripe.create_product(None, NewProduct("Pro"), idempotency_key="k")

    assert 503 == refused.value.status
    assert (refused.value.retry_after_seconds or 0) > 0
