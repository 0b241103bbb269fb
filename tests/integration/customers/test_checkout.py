"""Checkout: a tier is sold once, and the plan follows the money."""

import asyncio
from dataclasses import replace

import pytest

from dream_api.customers.subscriptions import (
    CheckoutNotComplete,
    StripeNotConnected,
    SubscriptionExists,
)
from dream_api.kit.errors import NotFound, ValidationFailed
from tests.integration.customers.shop import (
    BASIC,
    DECLINED_CARD,
    FREE,
    PRO,
    USER,
    Shop,
)


async def test_a_paid_checkout_puts_the_user_on_the_tier(shop: Shop) -> None:
    """Plan, status and revenue are there when the person is back."""
    await shop.subscribe("pro")

    row = await shop.row()

    assert ("pro", "active", 2_900, 1_000) == (
        row.plan,
        row.subscription_status,
        row.mrr_cents,
        row.limit,
    )


async def test_metering_hears_of_the_plan_at_once(shop: Shop) -> None:
    """The usage row and the table change in one transaction; usage stays."""
    await shop.track(10)
    before = await shop.track()
    await shop.subscribe("pro")
    after = await shop.track()

    assert ("usage_limit_reached", 10) == (before.reason, before.usage)
    assert (True, "pro", 11, 1_000) == (after.allowed, after.plan, after.usage, after.limit)


async def test_the_person_goes_on_to_where_the_caller_said(shop: Shop) -> None:
    """Stripe leads to us; we settle, then lead on, with the session where it was asked for."""
    url, session_id = await shop.open("pro")
    back = await shop.pay(url)

    goes_to = await shop.subscriptions.settle_checkout(shop.platform_id, session_id)

    assert 303 == back.status_code
    assert (
        f"http://localhost:8787/p/{shop.platform_id}/checkout/return?session_id={session_id}"
        == back.headers["location"]
    )
    assert f"https://app.example/welcome?s={session_id}" == goes_to


async def test_settling_twice_changes_nothing(shop: Shop) -> None:
    """People reload; the event comes as well."""
    url, session_id = await shop.open("pro")
    await shop.pay(url)

    settled = [
        await shop.subscriptions.settle_checkout(shop.platform_id, session_id) for _ in range(2)
    ]

    assert 1 == len(set(settled))
    assert 2_900 == (await shop.row()).mrr_cents


async def test_a_checkout_that_was_not_paid_gives_nothing(shop: Shop) -> None:
    """Who opens the return address by hand is on no tier by it."""
    _, session_id = await shop.open("pro")

    with pytest.raises(CheckoutNotComplete):
        await shop.subscriptions.settle_checkout(shop.platform_id, session_id)

    assert "free" == (await shop.row()).plan


async def test_a_declined_card_leaves_everything_as_it_was(shop: Shop) -> None:
    """The form comes back with the reason; another card may be tried."""
    url, _ = await shop.open("pro")
    declined = await shop.pay(url, DECLINED_CARD)

    assert (402, "free") == (declined.status_code, (await shop.row()).plan)


async def test_another_platforms_session_is_not_found(shop: Shop) -> None:
    """A session belongs to the platform that opened it."""
    url, session_id = await shop.open("pro")
    await shop.pay(url)

    with pytest.raises(NotFound):
        await shop.subscriptions.settle_checkout("pk_test_other", session_id)


async def test_a_running_subscription_is_not_sold_twice(shop: Shop) -> None:
    """The refusal says to change the plan instead."""
    await shop.subscribe("pro")

    with pytest.raises(SubscriptionExists) as refused:
        await shop.open("basic")

    assert "/v1/change-plan" in refused.value.detail


async def test_a_subscription_we_have_not_heard_of_is_not_sold_twice(shop: Shop) -> None:
    """Paid in one tab, a new Checkout in another before any event came."""
    await shop.subscribe_unheard("pro")

    with pytest.raises(SubscriptionExists):
        await shop.open("basic")

    assert "pro" == (await shop.row()).plan


async def test_a_new_checkout_closes_the_old_one(shop: Shop) -> None:
    """Nobody can pay two tabs one after the other."""
    _, first = await shop.open("basic")
    await shop.open("pro")

    assert "expired" == (await shop.stripe.get_checkout(shop.account_id, first)).status


async def test_checkouts_at_the_same_moment_leave_one_open(shop: Shop) -> None:
    """Verbs about one user wait for each other."""
    opened = await asyncio.gather(*(shop.open("pro") for _ in range(3)))
    sessions = [await shop.stripe.get_checkout(shop.account_id, name) for _, name in opened]

    assert ["expired", "expired", "open"] == sorted(session.status for session in sessions)


@pytest.mark.parametrize("tier", ["free", "nothing", "gone"])
async def test_what_is_not_on_sale_is_not_sold(shop: Shop, tier: str) -> None:
    """Free, unknown and archived tiers are refused by name."""
    await shop.sell(FREE, BASIC, replace(PRO, name="gone", archived=True))

    with pytest.raises(ValidationFailed) as refused:
        await shop.open(tier)

    assert "tier" == refused.value.errors[0].param


async def test_nothing_is_sold_before_stripe_is_connected(closed_shop: Shop) -> None:
    """The refusal leads to /configure."""
    await closed_shop.sell(FREE, PRO)

    with pytest.raises(StripeNotConnected):
        await closed_shop.open("pro")


async def test_a_returning_customer_is_the_same_customer(shop: Shop) -> None:
    """Cards and invoices stay together at Stripe."""
    subscription_id = await shop.subscribe("pro")
    customer = (await shop.user()).stripe_customer_id
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
    await shop.tell_of(subscription_id)
    await shop.subscribe("basic")

    assert customer == (await shop.user()).stripe_customer_id


async def test_a_customer_of_an_account_connected_before_is_forgotten(shop: Shop) -> None:
    """The developer connects another account: its buyers are new there."""
    await shop.track()
    url, _ = await shop.open("pro")
    await shop.bindings.customers.write(
        lambda connection: connection.exec_driver_sql(
            "UPDATE users SET stripe_customer_id = 'cus_elsewhere'"
        )
    )

    _, session_id = await shop.open("pro")

    assert url
    assert (await shop.stripe.get_checkout(shop.account_id, session_id)).customer is None


async def test_a_trial_gives_access_and_brings_nothing_yet(shop: Shop) -> None:
    """Trialing is access; revenue begins with the first payment."""
    await shop.subscribe("trial")

    row = await shop.row()

    assert ("trial", "trialing", 0) == (row.plan, row.subscription_status, row.mrr_cents)


async def test_a_trial_is_had_once(shop: Shop) -> None:
    """Who comes back pays from the first day."""
    subscription_id = await shop.subscribe("trial")
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
    await shop.tell_of(subscription_id)
    await shop.subscribe("trial")

    assert "active" == (await shop.row()).subscription_status


async def test_a_buyer_nobody_knew_becomes_a_user(shop: Shop) -> None:
    """Like track, Checkout makes an unknown user, on the free tier until it is paid."""
    await shop.open("pro", "u_new")

    assert "free" == (await shop.row("u_new")).plan


async def test_a_lost_event_and_a_closed_browser_are_made_good(shop: Shop) -> None:
    """The sweep settles sessions that should have ended long ago."""
    await shop.subscribe_unheard("pro")
    shop.clock.advance(25 * 3600)

    await shop.subscriptions.reconcile_stale()

    assert "pro" == (await shop.row(USER)).plan
