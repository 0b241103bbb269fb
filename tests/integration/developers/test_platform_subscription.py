"""Paying us: once, for oneself, whatever order the news comes in."""

import asyncio

import pytest

from dream_api.developers.platform_subscription import (
    NoPlatformSubscription,
    Plan,
    SubscriptionExists,
)
from dream_api.gateways.clock import MovableClock
from dream_api.kit.errors import NotFound
from dream_api.kit.ids import new_id
from dream_api.shared.inbox import EventQuarantined, InboxEvent, InboxState
from tests.integration.developers.conftest import DECLINED_CARD, Payer


def event(clock: MovableClock, customer: object) -> InboxEvent:
    """Build an event about a customer, as the inbox hands it over."""
    now = clock.now()
    return InboxEvent(
        "inb_1", "stripe:live", "evt_1", "customer.subscription.updated", None, None,
        {"customer": customer}, InboxState.PENDING, 1, now, now, None, None,
    )  # fmt: skip


async def test_the_first_payment_mints_the_live_platform(payer: Payer) -> None:
    """Before it there is none; with it the plan is paid."""
    assert await payer.live_platform() is None

    await payer.pay()

    assert (await payer.room().get(payer.developer_id)).is_paid
    assert (await payer.live_platform() or "").startswith("pk_live_drm_")


async def test_asking_again_leads_to_the_same_page(payer: Payer) -> None:
    """Two clicks on Pay open one page, in this process and in another."""
    first, again = await payer.open_checkout(), await payer.open_checkout()

    assert first == again


async def test_only_one_page_of_a_developer_is_open(payer: Payer) -> None:
    """A page with other return addresses closes the one before: nobody can pay through both."""
    first = await payer.open_checkout()
    other = await payer.room().create_checkout(
        payer.developer_id, "ada@example.com", "https://app.example/thanks"
    )

    assert other.session_id != first.session_id
    assert "expired" == (await payer.stripe.get_checkout(None, first.session_id)).status


async def test_who_pays_cannot_pay_twice(payer: Payer) -> None:
    """A running subscription is managed, never doubled."""
    await payer.pay()

    with pytest.raises(SubscriptionExists):
        await payer.open_checkout()

    assert 1 == len(await payer.subscriptions())


async def test_a_payment_that_nobody_told_us_of_is_found_before_another(payer: Payer) -> None:
    """Paid, and neither the return nor the webhook arrived: asking again finds it."""
    await payer.fill_in(await payer.open_checkout())

    with pytest.raises(SubscriptionExists):
        await payer.open_checkout()

    assert (await payer.room().get(payer.developer_id)).is_paid


async def test_a_declined_card_changes_nothing(payer: Payer) -> None:
    """The plan stays free, and the page stays open for another card."""
    checkout = await payer.open_checkout()

    refused = await payer.fill_in(checkout, DECLINED_CARD)
    standing = await payer.room().settle_checkout(payer.developer_id, checkout.session_id)

    assert 402 == refused.status_code
    assert Plan.FREE is standing.plan
    assert checkout == await payer.open_checkout()


async def test_somebody_elses_payment_is_no_payment(payer: Payer) -> None:
    """The session in an address bar counts only for the developer it was opened for."""
    session_id = await payer.pay()
    thief = new_id("dev", payer.clock.now())

    with pytest.raises(NotFound):
        await payer.room().settle_checkout(thief, session_id)

    assert Plan.FREE is (await payer.room().get(thief)).plan


@pytest.mark.parametrize("session_id", ["", "cs_test_nobody", "../customers", "cs_x?expand=y"])
async def test_a_made_up_session_is_no_payment(payer: Payer, session_id: str) -> None:
    """Whatever stands in the address bar reaches Stripe as an id or not at all."""
    with pytest.raises(NotFound):
        await payer.room().settle_checkout(payer.developer_id, session_id)


async def test_an_end_begins_the_days_of_grace(payer: Payer) -> None:
    """After the end the plan is free, and the end's moment is told; the platform stays."""
    await payer.pay()
    platform_id = await payer.live_platform()
    (subscription,) = await payer.subscriptions()

    await payer.stripe.cancel_subscription(None, subscription["id"])
    await payer.room().on_event(event(payer.clock, subscription["customer"]))

    standing = await payer.room().get(payer.developer_id)
    assert Plan.FREE is standing.plan
    assert standing.active_until is not None
    assert platform_id == await payer.live_platform()


async def test_grace_begins_once_however_often_the_end_is_told(payer: Payer) -> None:
    """Events repeat; the first end of a subscription is its end."""
    await payer.pay()
    (subscription,) = await payer.subscriptions()
    await payer.stripe.cancel_subscription(None, subscription["id"])
    news = event(payer.clock, subscription["customer"])
    await payer.room().on_event(news)
    first = await payer.room().get(payer.developer_id)

    payer.clock.advance(3_600)
    await payer.room().on_event(news)

    assert first == await payer.room().get(payer.developer_id)


async def test_who_left_may_come_back(payer: Payer) -> None:
    """A new subscription ends the grace and opens the same live platform."""
    await payer.pay()
    platform_id = await payer.live_platform()
    await payer.room().cancel(payer.developer_id)

    await payer.pay()

    standing = await payer.room().get(payer.developer_id)
    assert standing.is_paid
    assert standing.active_until is None
    assert platform_id == await payer.live_platform()


async def test_return_and_webhook_may_race(payer: Payer) -> None:
    """Both do the same work; whichever is first, the state is one."""
    checkout = await payer.open_checkout()
    await payer.fill_in(checkout)
    (subscription,) = await payer.subscriptions()

    await asyncio.gather(
        payer.room().settle_checkout(payer.developer_id, checkout.session_id),
        payer.room().on_event(event(payer.clock, {"id": subscription["customer"]})),
        payer.room().settle_checkout(None, checkout.session_id),
    )

    assert (await payer.room().get(payer.developer_id)).is_paid


@pytest.mark.parametrize("customer", ["cus_nobody", None, 7])
async def test_news_about_a_stranger_is_put_aside(payer: Payer, customer: object) -> None:
    """An event of our account about nobody we know changes nothing and is not retried."""
    with pytest.raises(EventQuarantined):
        await payer.room().on_event(event(payer.clock, customer))


async def test_the_portal_is_for_those_who_have_subscribed(payer: Payer) -> None:
    """Before the first subscription there is nothing to manage; afterwards there is."""
    with pytest.raises(NoPlatformSubscription):
        await payer.room().billing_portal(payer.developer_id)

    await payer.pay()

    assert (await payer.room().billing_portal(payer.developer_id)).startswith("http")


async def test_leaving_ends_what_could_still_be_charged(payer: Payer) -> None:
    """A developer who deletes the account is not billed again; repeating is harmless."""
    await payer.pay()

    await payer.room().cancel(payer.developer_id)
    await payer.room().cancel(payer.developer_id)

    assert ["canceled"] == [one["status"] for one in await payer.subscriptions()]


async def test_a_lost_end_is_found_within_a_day_and_published(payer: Payer) -> None:
    """Nobody told us; the nightly look does, and the customers' world hears of it once."""
    await payer.pay()
    (subscription,) = await payer.subscriptions()
    await payer.stripe.cancel_subscription(None, subscription["id"])
    published: list[str] = []

    async def publish(developer_id: str) -> None:
        published.append(developer_id)

    at_once = await payer.room().reconcile_stale(publish)
    payer.clock.advance(25 * 3_600)
    looked = [await payer.room().reconcile_stale(publish) for _ in range(2)]

    assert (0, [1, 0], [payer.developer_id]) == (at_once, looked, published)
    assert "canceled" == (await payer.room().get(payer.developer_id)).status


async def test_a_lost_payment_is_found_within_a_day(payer: Payer) -> None:
    """Paid, and neither the return nor the event arrived."""
    await payer.fill_in(await payer.open_checkout())
    payer.clock.advance(25 * 3_600)

    async def publish(_developer_id: str) -> None:
        """Nobody listens here."""

    await payer.room().reconcile_stale(publish)

    assert (await payer.room().get(payer.developer_id)).is_paid


async def test_the_portal_has_one_configuration_however_often_we_start(payer: Payer) -> None:
    """Every process finds the one that stands; nothing piles up on our account."""
    await payer.pay()
    for _ in range(3):
        await payer.room().billing_portal(payer.developer_id)
    first = await payer.stripe.own_account.ensure_portal()

    assert first == await payer.stripe.own_account.ensure_portal()
