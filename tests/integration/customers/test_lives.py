"""Whole lives of subscriptions, by the moved clock: plan, status and revenue are right each day."""

from dataclasses import replace

import pytest

from dream_api.customers.end_users import Changes
from dream_api.customers.platforms import PlatformSettings, Tier, write_settings
from dream_api.customers.subscriptions import Flag
from dream_api.customers.subscriptions.mrr import mrr_cents
from tests.integration.customers.owner import Owner, press_in_portal
from tests.integration.customers.shop import (
    BASIC,
    FAILS_LATER_CARD,
    FREE,
    GOOD_CARD,
    PRO,
    USER,
    Shop,
)

DAY = 86_400
MONTH = 31 * DAY
AFTER_THE_LAST_RETRY = MONTH + 16 * DAY
RETURN_URL = "https://app.example/account"


async def _lives_on(shop: Shop, subscription_id: str, seconds: int) -> tuple[str | None, ...]:
    """Move the clock, hear of it, and give plan, status and revenue."""
    shop.clock.advance(seconds)
    await shop.tell_of(subscription_id, f"evt_{shop.clock.now().timestamp()}")
    row = await shop.row()
    return row.plan, row.subscription_status, str(row.mrr_cents)


async def test_a_trial_becomes_revenue_when_it_ends(shop: Shop) -> None:
    """Access from the first day; revenue from the first payment."""
    subscription_id = await shop.subscribe("trial")

    days = [await _lives_on(shop, subscription_id, seconds) for seconds in (0, 13 * DAY, 2 * DAY)]

    assert [
        ("trial", "trialing", "0"),
        ("trial", "trialing", "0"),
        ("trial", "active", "500"),
    ] == days


async def test_renewals_change_nothing_but_the_period(shop: Shop) -> None:
    """Three months on, the same plan and revenue, and the period that runs."""
    subscription_id = await shop.subscribe("pro")

    lived = await _lives_on(shop, subscription_id, 3 * MONTH)
    user = await shop.user()

    assert ("pro", "active", "2900") == lived
    assert user.current_period_end is not None
    assert user.current_period_end > shop.clock.now()


@pytest.mark.parametrize(
    ("dunning", "end"),
    [
        ("cancel", ("free", "canceled", "0")),
        ("unpaid", ("free", "unpaid", "0")),
        ("past_due", ("pro", "past_due", "2900")),
    ],
)
async def test_a_card_that_fails_is_retried_and_then_given_up(
    shop: Shop, owner: Owner, dunning: str, end: tuple[str, ...]
) -> None:
    """Access while Stripe retries; afterwards what the account's owner has chosen."""
    await owner.press("billing", dunning=dunning)
    subscription_id = await shop.subscribe("pro", card=FAILS_LATER_CARD)

    retried = await _lives_on(shop, subscription_id, MONTH + 2 * DAY)
    given_up = await _lives_on(shop, subscription_id, 16 * DAY)

    assert ("pro", "past_due", "2900") == retried
    assert end == given_up


async def test_a_new_card_and_a_payment_bring_the_plan_back(shop: Shop, owner: Owner) -> None:
    """All in the portal; nobody has to subscribe anew."""
    await owner.press("billing", dunning="unpaid")
    subscription_id = await shop.subscribe("pro", card=FAILS_LATER_CARD)
    await _lives_on(shop, subscription_id, AFTER_THE_LAST_RETRY)
    portal = await shop.subscriptions.portal(shop.platform_id, USER, RETURN_URL)
    await press_in_portal(portal, "update_card", card_number=GOOD_CARD, exp="12/34", cvc="123")
    await press_in_portal(portal, "pay")

    assert ("pro", "active", "2900") == await _lives_on(shop, subscription_id, 0)


async def test_an_end_in_the_portal_is_an_end_of_the_period(shop: Shop) -> None:
    """And can be taken back there until then."""
    subscription_id = await shop.subscribe("pro")
    portal = await shop.subscriptions.portal(shop.platform_id, USER, RETURN_URL)
    await press_in_portal(portal, "cancel")
    await shop.tell_of(subscription_id)
    is_ending = (await shop.user()).cancel_at_period_end
    await press_in_portal(portal, "resume")
    taken_back = await _lives_on(shop, subscription_id, MONTH)
    portal = await shop.subscriptions.portal(shop.platform_id, USER, RETURN_URL)
    await press_in_portal(portal, "cancel")

    assert is_ending
    assert ("pro", "active", "2900") == taken_back
    assert ("free", "canceled", "0") == await _lives_on(shop, subscription_id, MONTH)


async def test_a_pause_without_invoices_brings_nothing(shop: Shop, owner: Owner) -> None:
    """Paused by the owner: access as Stripe's status says, and no revenue meanwhile."""
    subscription_id = await shop.subscribe("pro")
    path = f"/v1/subscriptions/{subscription_id}"
    await owner.ask("POST", path, **{"pause_collection[behavior]": "void"})
    paused = await _lives_on(shop, subscription_id, MONTH)
    await owner.ask("POST", path, pause_collection="")

    assert ("pro", "active", "0") == paused
    assert ("pro", "active", "2900") == await _lives_on(shop, subscription_id, MONTH)


async def test_a_refund_is_noted_and_changes_no_plan(shop: Shop, owner: Owner) -> None:
    """Who gives money back may mean well; the subscription says whether it goes on."""
    await shop.subscribe("pro")
    (charge,) = await owner.charges()
    await owner.press("refund", charge=charge["id"], amount="900")
    await shop.tell("charge.refunded", {"id": charge["id"]})
    state = await shop.subscriptions.state(shop.platform_id, USER)

    assert state is not None
    assert (900, None, None) == (state["refundedCents"], state["disputeStatus"], state["flag"])
    assert ("pro", 2_900) == ((await shop.row()).plan, (await shop.row()).mrr_cents)


async def test_a_dispute_is_flagged_until_it_is_decided(shop: Shop, owner: Owner) -> None:
    """A person should look, and sees afterwards how it went."""
    await shop.subscribe("pro")
    (charge,) = await owner.charges()
    await owner.press("dispute", charge=charge["id"])
    await shop.tell("charge.dispute.created", {"id": "dp_1", "charge": charge["id"]})
    disputed = await shop.subscriptions.state(shop.platform_id, USER)
    await owner.press("win", charge=charge["id"])
    await shop.tell("charge.dispute.closed", {"id": "dp_1", "charge": charge["id"]}, "evt_2")
    decided = await shop.subscriptions.state(shop.platform_id, USER)

    assert disputed is not None
    assert decided is not None
    assert ("needs_response", Flag.DISPUTED.value) == (
        disputed["disputeStatus"],
        disputed["flag"],
    )
    assert ("won", None) == (decided["disputeStatus"], decided["flag"])


async def test_a_charge_of_somebody_else_is_left_alone(shop: Shop, owner: Owner) -> None:
    """The developer sells other things on the same account."""
    await shop.subscribe("pro")
    (charge,) = await owner.charges()
    await shop.bindings.customers.write(
        lambda c: c.exec_driver_sql("UPDATE users SET stripe_customer_id = 'cus_other'")
    )
    await shop.tell("charge.refunded", {"id": charge["id"]})
    state = await shop.subscriptions.state(shop.platform_id, USER)

    assert state is not None
    assert 0 == state["refundedCents"]


async def test_a_quantity_that_the_owner_sets_multiplies_the_revenue(
    shop: Shop, owner: Owner
) -> None:
    """Three seats, sold by hand in Stripe's dashboard."""
    subscription_id = await shop.subscribe("pro")
    item = await owner.item_of(subscription_id)
    await owner.ask(
        "POST",
        f"/v1/subscriptions/{subscription_id}",
        **{"items[0][id]": item["id"], "items[0][quantity]": "3"},
    )

    assert ("pro", "active", "8700") == await _lives_on(shop, subscription_id, 0)


async def test_an_interval_that_the_owner_sets_is_spread_over_the_month(
    shop: Shop, owner: Owner
) -> None:
    """From a monthly tier to a yearly one, by hand: the plan follows the price."""
    subscription_id = await shop.subscribe("pro")
    item = await owner.item_of(subscription_id)
    team = (await shop.tiers()).find("team")
    assert team is not None
    await owner.ask(
        "POST",
        f"/v1/subscriptions/{subscription_id}",
        **{"items[0][id]": item["id"], "items[0][price]": str(team.price_id)},
    )

    assert ("team", "active", "7500") == await _lives_on(shop, subscription_id, 0)


async def test_a_zero_decimal_currency_has_no_cents(shop: Shop) -> None:
    """2,900 yen are 2,900 minor units, and 2,900 major ones."""
    await shop.sell(FREE, Tier("yen", "Yen", 2_900, currency="jpy", limit=5))
    await shop.subscribe("yen")
    row = await shop.row()

    assert (2_900, "jpy", 2_900.0) == (row.mrr_cents, row.currency, row.to_wire()["mrr"])


async def test_two_checkouts_paid_at_once_are_both_kept_and_flagged(shop: Shop) -> None:
    """Nobody loses what they paid for: the dearer tier counts, and both are revenue."""
    first, first_id = await shop.open("basic")
    # A session that was opened a moment before the other was closed.
    user = await shop.user()
    assert user.stripe_customer_id is None
    await shop.pay(first)
    await shop.bindings.customers.write(
        lambda c: c.exec_driver_sql("UPDATE subscriptions_checkouts SET status = 'expired'")
    )
    second, second_id = await shop.open("pro")
    await shop.pay(second)
    for session_id in (second_id, first_id):
        await shop.subscriptions.settle_checkout(shop.platform_id, session_id)
    user = await shop.user()

    assert ("pro", 3_900, Flag.SEVERAL_SUBSCRIPTIONS.value) == (
        user.plan,
        user.mrr_cents,
        user.subscription_flag,
    )


async def test_a_grant_outlives_the_subscription_and_ends_without_it(shop: Shop) -> None:
    """Given by hand it beats what Stripe says, until it is taken back."""
    subscription_id = await shop.subscribe("basic")
    await shop.end_users.patch(shop.platform_id, USER, Changes(plan="team"))
    granted = await _lives_on(shop, subscription_id, 0)
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
    ended = await _lives_on(shop, subscription_id, 0)
    await shop.end_users.patch(shop.platform_id, USER, Changes(plan=None))

    assert ("team", "active", "1000") == granted
    assert ("team", "canceled", "0") == ended
    assert "free" == (await shop.row()).plan


async def test_a_tier_that_was_archived_keeps_whoever_is_on_it(shop: Shop) -> None:
    """It is not sold any more; who has it renews at the old price."""
    subscription_id = await shop.subscribe("pro")
    price_id = (await shop.subscriptions.refresh(shop.platform_id, subscription_id)).price_id
    await shop.sell(FREE, BASIC, replace(PRO, archived=True, price_id=price_id))
    await shop.stripe.archive_price(shop.account_id, str(price_id))

    assert ("pro", "active", "2900") == await _lives_on(shop, subscription_id, 2 * MONTH)


async def test_checkout_offers_what_the_settings_say(shop: Shop, owner: Owner) -> None:
    """Promotion codes and tax are the platform's choice; a lasting code lowers the revenue."""
    await owner.press("billing", dunning="cancel", tax_percent="10")
    coupon = await owner.ask("POST", "/v1/coupons", percent_off="50", duration="forever")
    await owner.ask(
        "POST",
        "/v1/promotion_codes",
        **{"code": "HALF", "promotion[type]": "coupon", "promotion[coupon]": coupon["id"]},
    )
    settings = PlatformSettings(allow_promotion_codes=True, automatic_tax=True)
    tokens = shop.bindings.customer_tokens
    await shop.bindings.customers.write(
        lambda c: write_settings(c, tokens, shop.platform_id, settings)
    )
    url, session_id = await shop.open("pro")
    await shop.pay(url, promotion_code="half")
    await shop.subscriptions.settle_checkout(shop.platform_id, session_id)
    (charge,) = await owner.charges()

    assert 1_595 == charge["amount"]
    assert 1_450 == (await shop.row()).mrr_cents


async def test_somebody_who_comes_back_may_be_taxed_too(shop: Shop, owner: Owner) -> None:
    """A customer without an address keeps the one of the page."""
    await owner.press("billing", dunning="cancel", tax_percent="10")
    subscription_id = await shop.subscribe("basic")
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
    await shop.tell_of(subscription_id)
    tokens, settings = shop.bindings.customer_tokens, PlatformSettings(automatic_tax=True)
    await shop.bindings.customers.write(
        lambda c: write_settings(c, tokens, shop.platform_id, settings)
    )

    again = await shop.subscribe("pro")
    found = await shop.stripe.get_subscription(shop.account_id, again)

    assert found["automatic_tax"]["enabled"]
    assert 2_900 == mrr_cents(found)
