"""Before a change of plan: what is due now, what the next invoice says, and when it comes."""

from datetime import timedelta

import pytest

from dream_api.customers.subscriptions import (
    ChangeNotPossible,
    NoSubscription,
    PlanChange,
    SubscriptionExists,
)
from tests.integration.customers.owner import Owner
from tests.integration.customers.shop import FAILS_LATER_CARD, USER, Shop

DAY = 86_400
UNTIL_UNPAID = 47 * DAY
LEADS_TO_THE_PORTAL = r"is unpaid.*POST /v1/portal"


async def _preview(shop: Shop, tier: str) -> PlanChange:
    return await shop.subscriptions.change_plan(shop.platform_id, USER, tier, preview=True)


async def _change(shop: Shop, tier: str) -> PlanChange:
    return await shop.subscriptions.change_plan(shop.platform_id, USER, tier)


@pytest.mark.parametrize(
    ("paid", "target", "next_cents"),
    [("basic", "pro", 2_900), ("pro", "basic", 1_000), ("trial", "pro", 2_900)],
    ids=["dearer", "cheaper", "in a trial"],
)
async def test_the_next_invoice_is_the_new_price_when_the_period_ends(
    shop: Shop, paid: str, target: str, next_cents: int
) -> None:
    """Whether the tier begins now or then."""
    await shop.subscribe(paid)
    period_end = (await shop.user()).current_period_end
    shop.clock.advance(3 * DAY)

    preview = await _preview(shop, target)

    assert preview.next_invoice is not None
    assert (next_cents, period_end) == (preview.next_invoice.amount_cents, preview.next_invoice.at)


async def test_after_a_move_to_a_yearly_tier_the_next_invoice_is_a_year_away(shop: Shop) -> None:
    """The year is paid now, so that it begins now."""
    await shop.subscribe("pro")

    preview = await _preview(shop, "team")

    assert preview.next_invoice is not None
    assert 90_000 == preview.next_invoice.amount_cents
    assert timedelta(days=365) == preview.next_invoice.at - shop.clock.now().replace(microsecond=0)


async def test_after_a_move_to_the_free_tier_no_invoice_comes(shop: Shop) -> None:
    """None is told, and the move is still a preview."""
    await shop.subscribe("pro")

    preview = await _preview(shop, "free")

    assert (None, True, "pro") == (preview.next_invoice, preview.is_preview, preview.plan)


async def test_an_end_that_would_be_taken_back_has_a_next_invoice_again(shop: Shop) -> None:
    """Stripe knows of no invoice after an end; the preview asks as if it were taken back."""
    await shop.subscribe("pro")
    await _change(shop, "free")

    stays, leaves = await _preview(shop, "pro"), await _preview(shop, "team")

    assert stays.next_invoice is not None
    assert leaves.next_invoice is not None
    assert (2_900, 90_000) == (stays.next_invoice.amount_cents, leaves.next_invoice.amount_cents)
    assert (await shop.user()).cancel_at_period_end


async def test_a_downgrade_that_would_be_taken_back_bills_what_was_paid(shop: Shop) -> None:
    """The next invoice is that of the tier which goes on."""
    await shop.subscribe("pro")
    await _change(shop, "basic")

    preview = await _preview(shop, "pro")

    assert preview.next_invoice is not None
    assert (0, 2_900) == (preview.amount_due_now_cents, preview.next_invoice.amount_cents)


async def test_a_change_that_was_made_names_no_next_invoice(shop: Shop) -> None:
    """Only a preview asks for it."""
    await shop.subscribe("basic")

    change = await _change(shop, "pro")

    assert (None, False) == (change.next_invoice, change.is_preview)


async def _sold_by_hand(shop: Shop, owner: Owner, subscription_id: str) -> None:
    """Move a subscription to a price of 77 dollars that no tier has."""
    product = await owner.ask("POST", "/v1/products", name="By hand")
    price = await owner.ask(
        "POST",
        "/v1/prices",
        product=product["id"],
        unit_amount="7700",
        currency="usd",
        **{"recurring[interval]": "month"},
    )
    item = await owner.item_of(subscription_id)
    await owner.ask(
        "POST",
        f"/v1/subscriptions/{subscription_id}",
        **{"items[0][id]": item["id"], "items[0][price]": price["id"]},
    )
    await shop.tell_of(subscription_id, "evt_by_hand")


async def test_from_a_price_of_no_tier_the_way_back_waits_with_the_plan_held(
    shop: Shop, owner: Owner
) -> None:
    """Cheaper than what was sold by hand: the plan stays until the period ends, and after."""
    subscription_id = await shop.subscribe("pro")
    await _sold_by_hand(shop, owner, subscription_id)

    preview = await _preview(shop, "pro")
    change = await _change(shop, "pro")
    user = await shop.user()

    assert (False, 0) == (preview.is_now, preview.amount_due_now_cents)
    assert (False, "pro") == (change.is_now, change.plan)
    assert ("pro", 2_900, None) == (user.plan, user.mrr_cents, user.subscription_flag)


async def test_what_was_not_sold_here_is_refused_alike_with_and_without_preview(
    shop: Shop, owner: Owner
) -> None:
    """There is no tier to hold; the preview promises nothing that the change would refuse."""
    subscription_id = await shop.subscribe("pro")
    path = f"/v1/subscriptions/{subscription_id}"
    await owner.ask("POST", path, **{"metadata[dreamapi_tier]": ""})
    await shop.bindings.customers.write(
        lambda c: c.exec_driver_sql("UPDATE subscriptions SET tier = NULL")
    )
    await _sold_by_hand(shop, owner, subscription_id)

    for ask in (_preview, _change):
        with pytest.raises(ChangeNotPossible):
            await ask(shop, "pro")


async def test_an_unpaid_subscription_leads_to_the_portal(shop: Shop, owner: Owner) -> None:
    """Neither a second Checkout nor another tier heals it: paying does."""
    await owner.press("billing", dunning="unpaid")
    subscription_id = await shop.subscribe("pro", card=FAILS_LATER_CARD)
    shop.clock.advance(UNTIL_UNPAID)
    await shop.tell_of(subscription_id)

    with pytest.raises(NoSubscription, match=LEADS_TO_THE_PORTAL):
        await _change(shop, "basic")
    with pytest.raises(SubscriptionExists, match=LEADS_TO_THE_PORTAL):
        await shop.open("basic")
