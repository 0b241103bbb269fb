"""Comparing with Stripe: what drifted is healed, and told with its money."""

from datetime import timedelta

from dream_api.customers.subscriptions import ChargeDrift, Drift, Flag, read_revenue
from tests.integration.customers.owner import Owner
from tests.integration.customers.shop import USER, Shop

DAY = 86_400


async def _drifts(shop: Shop) -> tuple[Drift, ...]:
    found = (await shop.subscriptions.reconcile(shop.platform_id)).drifts
    return tuple(drift for drift in found if isinstance(drift, Drift))


async def _charge_drifts(shop: Shop) -> list[ChargeDrift]:
    found = (await shop.subscriptions.reconcile(shop.platform_id)).drifts
    return [drift for drift in found if isinstance(drift, ChargeDrift)]


async def test_where_nothing_drifted_nothing_is_told(shop: Shop) -> None:
    """Asking is no drift."""
    await shop.subscribe("pro")

    assert () == await _drifts(shop)


async def test_an_end_that_nobody_told_of_is_healed_with_its_money(shop: Shop) -> None:
    """The line names whose, what and how much a month."""
    subscription_id = await shop.subscribe("pro")
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)

    (drift,) = await _drifts(shop)

    assert ("free", "canceled") == (
        (await shop.row()).plan,
        (await shop.row()).subscription_status,
    )
    assert (("active", "canceled"), -2_900, "usd") == (
        drift.changes["status"],
        drift.mrr_cents,
        drift.currency,
    )
    assert (
        f"{shop.platform_id} {USER} {subscription_id}: status active → canceled" in drift.describe()
    )
    assert drift.describe().endswith("(-$29 a month)")


async def test_a_payment_that_we_never_heard_of_is_found_on_the_account(shop: Shop) -> None:
    """No event, no return, no row of a Checkout: the account still lists it."""
    subscription_id = await shop.subscribe_unheard("pro")
    await shop.bindings.customers.write(
        lambda c: c.exec_driver_sql("DELETE FROM subscriptions_checkouts")
    )

    (drift,) = await _drifts(shop)

    assert (subscription_id, True, 2_900) == (
        drift.subscription_id,
        drift.is_unheard_of,
        drift.mrr_cents,
    )
    assert "pro" == (await shop.row()).plan
    assert () == await _drifts(shop)


async def test_a_refund_that_nobody_told_of_is_noted_with_its_money(
    shop: Shop, owner: Owner
) -> None:
    """Once; a refund changes no monthly revenue."""
    await shop.subscribe("pro")
    (charge,) = await owner.charges()
    await owner.press("refund", charge=charge["id"], amount="900")

    (drift,) = await _charge_drifts(shop)
    state = await shop.subscriptions.state(shop.platform_id, USER)

    assert state is not None
    assert (900, 0, 900) == (drift.refunded_cents, drift.mrr_cents, state["refundedCents"])
    assert drift.describe() == (
        f"{shop.platform_id} {USER} {charge['id']}: refunded_cents 0 → 900 ($9 more went back)"
    )
    assert [] == await _charge_drifts(shop)


async def test_a_dispute_is_followed_although_nobody_tells_of_it(shop: Shop, owner: Owner) -> None:
    """From its beginning to its end, which may come long after a listing would show it."""
    await shop.subscribe("pro")
    (charge,) = await owner.charges()
    await owner.press("dispute", charge=charge["id"])
    opened = await _charge_drifts(shop)
    flagged = (await shop.user()).subscription_flag
    shop.clock.advance(60 * DAY)
    await owner.press("win", charge=charge["id"])
    decided = await _charge_drifts(shop)

    assert [(None, "needs_response")] == [drift.changes["dispute_status"] for drift in opened]
    assert [("needs_response", "won")] == [drift.changes["dispute_status"] for drift in decided]
    assert (Flag.DISPUTED.value, None) == (flagged, (await shop.user()).subscription_flag)


async def test_refunds_of_what_the_developer_sells_besides_are_left_alone(
    shop: Shop, owner: Owner
) -> None:
    """Their account is theirs."""
    subscription_id = await shop.subscribe_unheard("pro")
    path = f"/v1/subscriptions/{subscription_id}"
    await owner.ask("POST", path, **{"metadata[dreamapi_platform_id]": "another"})
    (charge,) = await owner.charges()
    await owner.press("refund", charge=charge["id"], amount="900")

    found = await shop.subscriptions.reconcile(shop.platform_id)

    assert () == found.drifts


async def test_every_platform_is_compared_once_a_day(shop: Shop) -> None:
    """The worker asks again and again; each night there is something to do once."""
    await shop.subscribe("pro")
    first = [await shop.subscriptions.reconcile_overdue() for _ in range(2)]
    shop.clock.advance(int(timedelta(hours=25).total_seconds()))
    next_day = [await shop.subscriptions.reconcile_overdue() for _ in range(2)]

    assert [1, 0, 1, 0] == [*first, *next_day]


async def test_a_stripe_that_is_away_is_asked_again_later(
    shop: Shop, shop_without_stripe: Shop
) -> None:
    """The night is not lost: the platform stays on the list."""
    await shop.subscribe("pro")

    assert 0 == await shop_without_stripe.subscriptions.reconcile_overdue()
    assert 1 == await shop.subscriptions.reconcile_overdue()


async def _movements(shop: Shop) -> dict[str, int]:
    now = shop.clock.now()
    start, end = now - timedelta(days=365), now + timedelta(seconds=1)
    revenue = await shop.bindings.customers.read(
        lambda c: read_revenue(c, shop.platform_id, (start, end))[0]
    )
    return dict(revenue.movements.get("usd", {}))


async def test_movements_tell_how_the_revenue_came_to_be(shop: Shop) -> None:
    """New, up, down, gone; their sum is the revenue of the day."""
    subscription_id = await shop.subscribe("basic")
    await shop.subscriptions.change_plan(shop.platform_id, USER, "pro")
    await shop.subscriptions.change_plan(shop.platform_id, USER, "basic")
    meanwhile = await _movements(shop)
    await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
    await shop.tell_of(subscription_id)
    gone = await _movements(shop)

    assert {"new": 1_000, "expansion": 1_900, "contraction": -1_900} == meanwhile
    assert meanwhile | {"churn": -1_000} == gone
    assert 0 == sum(gone.values())


async def test_looking_again_moves_nothing(shop: Shop) -> None:
    """However often an event comes."""
    subscription_id = await shop.subscribe("pro")
    for number in range(3):
        await shop.tell_of(subscription_id, f"evt_{number}")

    assert {"new": 2_900} == await _movements(shop)


async def test_an_erased_user_is_lost_revenue_without_a_name(shop: Shop) -> None:
    """The sums of the past stay; nobody is named in them."""
    await shop.subscribe("pro")

    async def forget(_platform_id: str, _user_id: str) -> None:
        """Users made by a server have none."""

    await shop.subscriptions.erase(shop.platform_id, USER, forget)
    names = await shop.bindings.customers.read(
        lambda c: [
            row[0] for row in c.exec_driver_sql("SELECT user_id FROM subscriptions_movements")
        ]
    )

    assert {"new": 2_900, "churn": -2_900} == await _movements(shop)
    assert 2 == len(names)
    assert not any(USER in name for name in names)


async def test_rates_are_shares_of_who_there_was(shop: Shop) -> None:
    """Two pay at the start, one of them leaves; of two trials one becomes revenue."""
    for user in ("stays", "leaves"):
        await shop.subscribe("basic", user)
    trials = {user: await shop.subscribe("trial", user) for user in ("converts", "gives_up")}
    await shop.stripe.cancel_subscription(shop.account_id, trials["gives_up"])
    shop.clock.advance(2)
    since = shop.clock.now()
    leaving = str((await shop.user("leaves")).stripe_subscription_id)
    await shop.stripe.cancel_subscription(shop.account_id, leaving)
    shop.clock.advance(15 * DAY)
    await shop.subscriptions.reconcile(shop.platform_id)
    until = shop.clock.now() + timedelta(seconds=1)
    revenue = await shop.bindings.customers.read(
        lambda c: read_revenue(c, shop.platform_id, (since, until))[0]
    )

    assert (2, 1, 0.5) == (revenue.paying_at_start, revenue.churned, revenue.churn_rate)
    assert (2, 1, 0.5) == (
        revenue.trials_ended,
        revenue.trials_converted,
        revenue.trial_conversion_rate,
    )
