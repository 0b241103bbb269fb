"""The mirror: order, repetition and loss of events lead to the same state; nobody comes back."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from dream_api.customers.platforms import write_tiers
from dream_api.customers.subscriptions import Flag
from dream_api.gateways.stripe import NewPrice, NewProduct, SubscriptionChange
from dream_api.kit.errors import NotFound
from dream_api.shared.inbox import EventQuarantined, InboxState
from tests.integration.customers.owner import Owner
from tests.integration.customers.shop import (
    BASIC,
    FREE,
    PRO,
    USER,
    Shop,
)

HOUR = 3_600
LIFE = (
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)


async def _forget_identity(_platform_id: str, _user_id: str) -> None:
    """Users made by a server have none."""


async def test_an_event_puts_the_user_on_the_tier(shop: Shop) -> None:
    """Nobody came back from Checkout; the event alone does it."""
    subscription_id = await shop.subscribe_unheard("pro")

    await shop.tell("customer.subscription.created", {"id": subscription_id})

    assert "pro" == (await shop.row()).plan


async def test_a_checkout_event_does_what_the_return_does(shop: Shop) -> None:
    """The same verb serves both."""
    url, session_id = await shop.open("pro")
    await shop.pay(url)

    await shop.tell(
        "checkout.session.completed",
        {"id": session_id, "metadata": {"dreamapi_platform_id": shop.platform_id}},
    )

    assert "pro" == (await shop.row()).plan


async def test_an_invoice_event_leads_to_its_subscription(shop: Shop) -> None:
    """Whatever changed, we look at the subscription."""
    subscription_id = await shop.subscribe_unheard("pro")

    await shop.tell(
        "invoice.paid", {"parent": {"subscription_details": {"subscription": subscription_id}}}
    )

    assert "pro" == (await shop.row()).plan


@pytest.mark.parametrize("order", list(itertools.permutations(LIFE)), ids=str)
async def test_every_order_of_a_life_ends_alike(shop: Shop, order: tuple[str, ...]) -> None:
    """Created, updated and deleted may arrive in any order, and each of them twice."""
    subscription_id = await shop.subscribe_unheard("pro")
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)

    for number, event_type in enumerate(order + order):
        # What an old event says of the status is not believed.
        stale = {"id": subscription_id, "status": "active"}
        await shop.tell(event_type, stale, f"evt_{number}")
    row = await shop.row()

    assert ("free", "canceled", 0) == (row.plan, row.subscription_status, row.mrr_cents)


async def test_refreshes_at_the_same_moment_end_alike(shop: Shop) -> None:
    """The lock of a subscription keeps an older answer from overwriting a newer one."""
    subscription_id = await shop.subscribe_unheard("pro")

    await asyncio.gather(
        *(shop.subscriptions.refresh(shop.platform_id, subscription_id) for _ in range(5))
    )

    assert 2_900 == (await shop.row()).mrr_cents


async def test_an_ended_subscription_falls_back_to_the_free_tier(shop: Shop) -> None:
    """Metering hears of it in the same transaction."""
    subscription_id = await shop.subscribe("pro")
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
    await shop.tell_of(subscription_id)

    decision = await shop.decision()

    assert ("free", 10, True) == (decision.plan, decision.limit, decision.allowed)


async def test_an_ended_subscription_without_a_free_tier_is_inactive(shop: Shop) -> None:
    """Who has had one is told so, not that there is no plan."""
    await shop.sell(PRO)
    subscription_id = await shop.subscribe("pro")
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
    await shop.tell_of(subscription_id)

    assert "subscription_inactive" == (await shop.decision()).reason
    assert (await shop.row()).plan is None


async def test_a_failed_renewal_keeps_access_while_it_is_past_due(shop: Shop) -> None:
    """Dunning is the grace; revenue counts until Stripe gives up."""
    subscription_id = await shop.subscribe("trial", card="4000 0000 0000 0341")
    shop.clock.advance(15 * 24 * HOUR)
    await shop.tell_of(subscription_id)
    row = await shop.row()

    assert ("trial", "past_due", 500) == (row.plan, row.subscription_status, row.mrr_cents)


async def test_an_older_price_keeps_its_tier(shop: Shop) -> None:
    """The developer raised the price: who subscribed before stays, at the old revenue."""
    subscription_id = await shop.subscribe("pro")
    dearer = PRO.__class__("pro", "Pro", 4_900, limit=2_000, revision=2)
    await shop.sell(FREE, BASIC, dearer)
    await shop.tell_of(subscription_id)
    row = await shop.row()

    assert ("pro", 2_900, 2_000) == (row.plan, row.mrr_cents, row.limit)


async def _price_by_hand(shop: Shop) -> str:
    product = await shop.stripe.create_product(
        shop.account_id, NewProduct("By hand"), idempotency_key=f"{shop.account_id}-hand"
    )
    price = NewPrice(product, 7_700, "usd", "month")
    return await shop.stripe.create_price(
        shop.account_id, price, idempotency_key=f"{shop.account_id}-hand-price"
    )


async def test_a_price_of_no_tier_is_visible_and_takes_nothing_away(shop: Shop) -> None:
    """Changed by hand in Stripe: the plan stays, the revenue is right, a person is told."""
    subscription_id = await shop.subscribe("pro")
    found = await shop.stripe.get_subscription(shop.account_id, subscription_id)
    change = SubscriptionChange(
        item_id=found["items"]["data"][0]["id"], price_id=await _price_by_hand(shop)
    )
    await shop.stripe.update_subscription(shop.account_id, subscription_id, change)
    await shop.tell_of(subscription_id)
    user = await shop.user()

    assert ("pro", 7_700, Flag.UNKNOWN_PRICE.value) == (
        user.plan,
        user.mrr_cents,
        user.subscription_flag,
    )


async def test_a_subscription_of_another_platform_is_quarantined(shop: Shop) -> None:
    """Metadata names a platform; an event for another one writes nothing anywhere."""
    subscription_id = await shop.subscribe_unheard("pro")
    renamed = SubscriptionChange(metadata={"dreamapi_platform_id": "pk_test_other"})
    await shop.stripe.update_subscription(shop.account_id, subscription_id, renamed)

    await shop.tell_of(subscription_id)

    assert [InboxState.QUARANTINED] == [event.state for event in (await shop.log()).events]
    assert "free" == (await shop.row()).plan


async def test_a_subscription_of_an_unknown_user_is_quarantined(shop: Shop) -> None:
    """Nothing that Stripe says makes a user."""
    subscription_id = await shop.subscribe_unheard("pro")
    renamed = SubscriptionChange(metadata={"dreamapi_user_id": "u_stranger"})
    await shop.stripe.update_subscription(shop.account_id, subscription_id, renamed)

    await shop.tell_of(subscription_id)

    assert InboxState.QUARANTINED is (await shop.log()).events[0].state
    assert await shop.end_users.find(shop.platform_id, "u_stranger") is None


async def test_a_subscription_that_stripe_does_not_know_is_quarantined(shop: Shop) -> None:
    """Trying again would not find it."""
    await shop.tell_of("sub_unknown")

    assert InboxState.QUARANTINED is (await shop.log()).events[0].state


@pytest.mark.parametrize(
    ("event_type", "thing"),
    [
        ("checkout.session.completed", {"id": "cs_other", "metadata": {}}),
        ("invoice.paid", {"id": "in_1", "parent": None}),
    ],
)
async def test_what_the_developer_sells_besides_is_left_alone(
    shop: Shop, event_type: str, thing: object
) -> None:
    """Their account is theirs: other Checkouts and invoices concern us not."""
    await shop.tell(event_type, thing)

    assert InboxState.DONE is (await shop.log()).events[0].state


async def test_erasing_ends_the_subscription_first(shop: Shop) -> None:
    """Nobody pays for an account that is gone."""
    subscription_id = await shop.subscribe("pro")

    await shop.subscriptions.erase(shop.platform_id, USER, _forget_identity)
    found = await shop.stripe.get_subscription(shop.account_id, subscription_id)

    assert "canceled" == found["status"]
    assert await shop.end_users.find(shop.platform_id, USER) is None


async def test_erasing_ends_a_subscription_we_have_not_heard_of(shop: Shop) -> None:
    """Paid a moment ago in a Checkout that we thought open."""
    subscription_id = await shop.subscribe_unheard("pro")

    await shop.subscriptions.erase(shop.platform_id, USER, _forget_identity)
    found = await shop.stripe.get_subscription(shop.account_id, subscription_id)

    assert "canceled" == found["status"]


async def test_a_later_event_does_not_bring_an_erased_user_back(shop: Shop) -> None:
    """Stripe still tells of the end; there is nobody to tell it of."""
    subscription_id = await shop.subscribe("pro")
    await shop.subscriptions.erase(shop.platform_id, USER, _forget_identity)

    await shop.tell_of(subscription_id)

    assert await shop.end_users.find(shop.platform_id, USER) is None


async def test_whoever_comes_after_an_erased_user_inherits_nothing(shop: Shop) -> None:
    """The same id later is somebody new: what is older than the erasure is not theirs."""
    subscription_id = await shop.subscribe("pro")
    await shop.subscriptions.erase(shop.platform_id, USER, _forget_identity)
    await shop.track()

    with pytest.raises(EventQuarantined):
        await shop.subscriptions.refresh(shop.platform_id, subscription_id)

    row = await shop.row()
    assert ("free", None, 1) == (row.plan, row.subscription_status, row.usage_count)


async def test_an_erased_user_may_start_anew(shop: Shop) -> None:
    """A subscription that is younger than the erasure counts."""
    await shop.subscribe("pro")
    await shop.subscriptions.erase(shop.platform_id, USER, _forget_identity)
    shop.clock.advance(2)

    await shop.subscribe("basic")

    assert "basic" == (await shop.row()).plan


async def test_nobody_is_erased_twice(shop: Shop) -> None:
    """The second time there is no such user."""
    await shop.track()
    await shop.subscriptions.erase(shop.platform_id, USER, _forget_identity)

    with pytest.raises(NotFound):
        await shop.subscriptions.erase(shop.platform_id, USER, _forget_identity)


async def test_a_reconcile_makes_lost_events_good(shop: Shop) -> None:
    """Every subscription that can still change is read again."""
    subscription_id = await shop.subscribe("pro")
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)

    found = await shop.subscriptions.reconcile(shop.platform_id)

    assert (1, "free") == (found.asked, (await shop.row()).plan)


async def test_the_sweep_asks_once_a_day(shop: Shop) -> None:
    """What was read within a day is believed."""
    await shop.subscribe("pro")
    at_once = await shop.subscriptions.reconcile_stale()
    shop.clock.advance(int(timedelta(hours=25).total_seconds()))

    assert (0, 1, 0) == (
        at_once,
        await shop.subscriptions.reconcile_stale(),
        await shop.subscriptions.reconcile_stale(),
    )


async def test_a_disconnected_account_stops_nothing_else(shop: Shop) -> None:
    """Its events are put aside; reconciling goes on with the others."""
    subscription_id = await shop.subscribe("pro")
    tokens = shop.bindings.customer_tokens
    await shop.bindings.customers.write(
        lambda c: tokens.delete(c, f"platform:{shop.platform_id}:stripe")
    )

    await shop.tell_of(subscription_id)

    assert InboxState.QUARANTINED is (await shop.log()).events[0].state
    assert 1 == (await shop.subscriptions.reconcile(shop.platform_id)).asked


async def test_a_tier_that_is_gone_from_the_list_keeps_its_user(shop: Shop) -> None:
    """Even a list of tiers that was broken by hand takes nothing from who has paid."""
    subscription_id = await shop.subscribe("pro")
    tiers = await shop.sell(FREE)
    await shop.bindings.customers.write(
        lambda c: write_tiers(c, shop.bindings.customer_tokens, shop.platform_id, tiers)
    )

    await shop.tell_of(subscription_id)
    user = await shop.user()

    assert ("pro", Flag.UNKNOWN_PRICE.value) == (user.plan, user.subscription_flag)


async def test_a_refund_told_of_before_its_subscription_is_noted(shop: Shop, owner: Owner) -> None:
    """Events know no order; whose money it was is asked, and the rest follows."""
    await shop.subscribe_unheard("pro")
    (charge,) = await owner.charges()
    await owner.press("refund", charge=charge["id"], amount="900")
    await shop.tell("charge.refunded", {"id": charge["id"]})
    state = await shop.subscriptions.state(shop.platform_id, USER)

    assert state is not None
    assert (900, "active") == (state["refundedCents"], state["status"])
