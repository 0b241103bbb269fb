"""Changing plans: dearer now, cheaper when what was paid for ends; and the portal."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dream_api.customers.end_users import Changes
from dream_api.customers.subscriptions import (
    ChangeNotPossible,
    NoSubscription,
    PlanChange,
)
from dream_api.gateways.stripe import CardDeclined
from dream_api.kit.errors import NotFound, ValidationFailed
from tests.integration.customers.owner import Owner
from tests.integration.customers.shop import (
    BASIC,
    FAILS_LATER_CARD,
    FREE,
    PRO,
    TEAM,
    USER,
    Shop,
)

RETURN_URL = "https://app.example/account"
MONTH = timedelta(days=31)


async def _change(shop: Shop, tier: str, *, preview: bool = False) -> PlanChange:
    return await shop.subscriptions.change_plan(shop.platform_id, USER, tier, preview=preview)


async def _let_the_period_end(shop: Shop, subscription_id: str) -> None:
    """Move the clock past the renewal; Stripe then tells of it."""
    shop.clock.advance(int(MONTH.total_seconds()) + 3_600)
    await shop.tell_of(subscription_id, "evt_renewed")


async def test_an_upgrade_begins_now_and_is_prorated(shop: Shop) -> None:
    """Right after paying for basic, pro costs the difference."""
    await shop.subscribe("basic")

    change = await _change(shop, "pro")
    row = await shop.row()

    assert ("pro", True, 1_900, "usd") == (
        change.plan,
        change.is_now,
        change.amount_due_now_cents,
        change.currency,
    )
    assert ("pro", 2_900, 1_000) == (row.plan, row.mrr_cents, row.limit)


async def test_a_preview_costs_what_the_change_costs_and_changes_nothing(shop: Shop) -> None:
    """People see the amount before they agree."""
    await shop.subscribe("basic")

    preview = await _change(shop, "pro", preview=True)
    before = await shop.row()
    change = await _change(shop, "pro")

    assert (True, "basic") == (preview.is_preview, before.plan)
    assert preview.amount_due_now_cents == change.amount_due_now_cents


async def test_an_upgrade_that_the_card_declines_changes_nothing(shop: Shop) -> None:
    """Nobody gets a dearer tier unpaid."""
    await shop.subscribe("basic", card=FAILS_LATER_CARD)

    with pytest.raises(CardDeclined):
        await _change(shop, "pro")

    assert ("basic", 1_000) == ((await shop.row()).plan, (await shop.row()).mrr_cents)


async def test_a_downgrade_waits_for_the_end_of_what_was_paid(shop: Shop) -> None:
    """The tier stays, nothing is due, and the next bill is the smaller one."""
    subscription_id = await shop.subscribe("pro")

    change = await _change(shop, "basic")
    state = await shop.subscriptions.state(shop.platform_id, USER)

    assert ("pro", False, 0) == (change.plan, change.is_now, change.amount_due_now_cents)
    assert state is not None
    assert ("pro", "basic", subscription_id) == (
        state["tier"],
        state["nextTier"],
        state["subscriptionId"],
    )
    assert (await shop.decision()).limit == 1_000


async def test_a_downgrade_begins_when_the_period_has_ended(shop: Shop) -> None:
    """The renewal's event makes us look, and the held tier has run out."""
    subscription_id = await shop.subscribe("pro")
    await _change(shop, "basic")

    await _let_the_period_end(shop, subscription_id)
    row = await shop.row()

    assert ("basic", 1_000, 100) == (row.plan, row.mrr_cents, row.limit)


async def test_a_downgrade_begins_without_any_event(shop: Shop) -> None:
    """The sweep lets go of tiers that were held until a moment that has passed."""
    await shop.subscribe("pro")
    await _change(shop, "basic")
    shop.clock.advance(int(MONTH.total_seconds()) + 3_600)

    await shop.subscriptions.reconcile_stale()

    assert "basic" == (await shop.row()).plan


async def test_a_downgrade_is_taken_back_for_nothing(shop: Shop) -> None:
    """Naming the tier that was paid for restores it: it is paid for."""
    subscription_id = await shop.subscribe("pro")
    await _change(shop, "basic")

    change = await _change(shop, "pro")
    await _let_the_period_end(shop, subscription_id)

    assert (0, "pro", 2_900) == (
        change.amount_due_now_cents,
        (await shop.row()).plan,
        (await shop.row()).mrr_cents,
    )


async def test_an_upgrade_after_a_downgrade_costs_the_difference_to_what_was_paid(
    shop: Shop,
) -> None:
    """The smaller price of the next bill is not what the person has paid."""
    await shop.subscribe("pro")
    direct = await _change(shop, "team", preview=True)
    await _change(shop, "basic")

    change = await _change(shop, "team")

    assert direct.amount_due_now_cents == pytest.approx(change.amount_due_now_cents, abs=5)
    assert "team" == (await shop.row()).plan


async def test_moving_to_the_free_tier_ends_the_subscription_with_its_period(shop: Shop) -> None:
    """What was paid for is had; then the user is on free, and on no bill."""
    subscription_id = await shop.subscribe("pro")

    change = await _change(shop, "free")
    meanwhile = await shop.row()
    await _let_the_period_end(shop, subscription_id)
    row = await shop.row()

    assert (False, "pro", "active") == (
        change.is_now,
        meanwhile.plan,
        meanwhile.subscription_status,
    )
    assert ("free", "canceled", 0) == (row.plan, row.subscription_status, row.mrr_cents)


async def test_an_end_is_taken_back_by_naming_the_tier_again(shop: Shop) -> None:
    """Until the period ends, the subscription goes on as if nothing had been said."""
    subscription_id = await shop.subscribe("pro")
    await _change(shop, "free")

    await _change(shop, "pro")
    await _let_the_period_end(shop, subscription_id)

    assert "active" == (await shop.row()).subscription_status


async def test_the_same_tier_again_is_refused(shop: Shop) -> None:
    """There is nothing to change, and nothing is."""
    await shop.subscribe("pro")

    with pytest.raises(ChangeNotPossible):
        await _change(shop, "pro")


async def test_without_a_subscription_there_is_nothing_to_change(shop: Shop) -> None:
    """The refusal leads to Checkout."""
    await shop.track()

    with pytest.raises(NoSubscription):
        await _change(shop, "pro")


async def test_nobody_changes_the_plan_of_an_unknown_user(shop: Shop) -> None:
    """Unlike Checkout, a change makes no user."""
    with pytest.raises(NotFound):
        await _change(shop, "pro")


async def test_a_tier_that_is_not_on_sale_is_refused(shop: Shop) -> None:
    """The refusal lists what is."""
    await shop.subscribe("pro")

    with pytest.raises(ValidationFailed):
        await _change(shop, "gold")


async def test_a_grant_beats_the_change(shop: Shop) -> None:
    """The subscription moves, the plan in force stays the one given by hand."""
    await shop.subscribe("basic")
    await shop.end_users.patch(shop.platform_id, USER, Changes(plan="team"))

    change = await _change(shop, "pro")

    assert ("team", "pro") == (change.plan, change.tier)


async def test_the_portal_opens_with_settings_made_once(shop: Shop) -> None:
    """An account without settings would refuse it."""
    await shop.subscribe("pro")

    urls = [await shop.subscriptions.portal(shop.platform_id, USER, RETURN_URL) for _ in range(2)]

    assert all(url.startswith("http") for url in urls)


async def test_who_never_subscribed_has_no_portal(shop: Shop) -> None:
    """There is no customer at Stripe to manage."""
    await shop.track()

    with pytest.raises(NoSubscription):
        await shop.subscriptions.portal(shop.platform_id, USER, RETURN_URL)


async def _price_of(shop: Shop, tier: str) -> str:
    found = (await shop.tiers()).find(tier)
    assert found is not None
    assert found.price_id is not None
    return found.price_id


async def test_a_downgrade_is_taken_back_although_its_price_was_archived_meanwhile(
    shop: Shop,
) -> None:
    """The developer raised the price in between: what was paid for is had again, and archived."""
    subscription_id = await shop.subscribe("pro")
    paid_price = await _price_of(shop, "pro")
    await _change(shop, "basic")
    await shop.sell(FREE, BASIC, replace(PRO, price_cents=4_900, revision=2), TEAM)
    await shop.stripe.archive_price(shop.account_id, paid_price)

    change = await _change(shop, "pro")
    found = await shop.stripe.get_subscription(shop.account_id, subscription_id)
    price = await shop.stripe.get_price(shop.account_id, paid_price)

    assert ("pro", 0) == (change.plan, change.amount_due_now_cents)
    assert paid_price == found["items"]["data"][0]["price"]["id"]
    assert ("pro", 2_900) == ((await shop.row()).plan, (await shop.row()).mrr_cents)
    assert not price["active"]


async def test_an_upgrade_from_an_archived_price_costs_the_difference_to_it(shop: Shop) -> None:
    """Previewed and charged alike, although nobody could buy the old price any more."""
    await shop.subscribe("pro")
    paid_price = await _price_of(shop, "pro")
    await _change(shop, "basic")
    await shop.stripe.archive_price(shop.account_id, paid_price)

    preview = await _change(shop, "team", preview=True)
    change = await _change(shop, "team")

    assert 87_100 == pytest.approx(change.amount_due_now_cents, abs=5)
    assert preview.amount_due_now_cents == pytest.approx(change.amount_due_now_cents, abs=5)
    assert "team" == (await shop.row()).plan


async def test_a_declined_upgrade_leaves_the_downgrade_waiting(shop: Shop, owner: Owner) -> None:
    """It was decided before; a card that fails takes nothing back."""
    subscription_id = await shop.subscribe("pro")
    await _change(shop, "basic")
    customer = str((await shop.user()).stripe_customer_id)
    card = await owner.ask(
        "POST", "/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=customer
    )
    path = f"/v1/subscriptions/{subscription_id}"
    await owner.ask("POST", path, default_payment_method=card["id"])

    with pytest.raises(CardDeclined):
        await _change(shop, "team")
    await shop.tell_of(subscription_id)
    state = await shop.subscriptions.state(shop.platform_id, USER)

    assert state is not None
    assert ("pro", "basic", 1_000) == (state["tier"], state["nextTier"], state["mrrCents"])


async def test_a_change_in_a_trial_costs_nothing_today(shop: Shop) -> None:
    """Nothing was paid yet; the dearer tier is had at once, and paid for when the trial ends."""
    subscription_id = await shop.subscribe("trial")

    preview = await _change(shop, "pro", preview=True)
    change = await _change(shop, "pro")
    row = await shop.row()
    shop.clock.advance(15 * 86_400)
    await shop.tell_of(subscription_id)

    assert (0, 0) == (preview.amount_due_now_cents, change.amount_due_now_cents)
    assert ("pro", "trialing", 0) == (row.plan, row.subscription_status, row.mrr_cents)
    assert ("active", 2_900) == (
        (await shop.row()).subscription_status,
        (await shop.row()).mrr_cents,
    )


async def test_a_portal_whose_settings_were_switched_off_gets_new_ones(
    shop: Shop, owner: Owner
) -> None:
    """Somebody tidied up in Stripe's dashboard; people still reach their invoices."""
    await shop.subscribe("pro")
    await shop.subscriptions.portal(shop.platform_id, USER, RETURN_URL)
    (settings,) = (await owner.ask("GET", "/v1/billing_portal/configurations"))["data"]
    path = f"/v1/billing_portal/configurations/{settings['id']}"
    await owner.ask("POST", path, active="false")

    url = await shop.subscriptions.portal(shop.platform_id, USER, RETURN_URL)

    assert url.startswith("http")
