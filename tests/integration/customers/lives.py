"""Whole lives of subscriptions at Stripe: each is a function that lives one and notes its steps."""

from collections.abc import Awaitable, Callable

from tests.integration.customers.owner import press_in_portal
from tests.integration.customers.recording import Recorder
from tests.integration.customers.shop import FAILS_LATER_CARD, GOOD_CARD, USER

DAY = 86_400
MONTH = 31 * DAY
RETURN_URL = "https://app.example/account"

Life = Callable[[Recorder], Awaitable[None]]


async def _buy(life: Recorder, tier: str, card: str = GOOD_CARD) -> str:
    """Pay a Checkout and come back; give the subscription."""
    url, session_id = await life.open(tier, USER)
    await life.note()
    await life.shop.pay(url, card)
    await life.note()
    await life.shop.subscriptions.settle_checkout(life.shop.platform_id, session_id)
    session = await life.shop.stripe.get_checkout(life.shop.account_id, session_id)
    assert session.subscription is not None
    return session.subscription


async def _wait(life: Recorder, *days: int) -> None:
    """Let days pass, with a look after each number of them."""
    for number in days:
        life.shop.clock.advance(number * DAY)
        await life.owner.ask("GET", "/v1/subscriptions")  # Time moves when somebody looks.
        await life.note()


async def _change(life: Recorder, tier: str) -> None:
    """Change the plan through us."""
    await life.shop.subscriptions.change_plan(life.shop.platform_id, USER, tier)
    await life.note()


async def _set(life: Recorder, subscription_id: str, **parameters: str) -> None:
    """Change a subscription in Stripe's dashboard."""
    await life.owner.ask("POST", f"/v1/subscriptions/{subscription_id}", **parameters)
    await life.note()


async def _cancel(life: Recorder, subscription_id: str) -> None:
    await life.owner.ask("DELETE", f"/v1/subscriptions/{subscription_id}")
    await life.note()


async def _portal(life: Recorder, action: str, **fields: str) -> None:
    url = await life.shop.subscriptions.portal(life.shop.platform_id, USER, RETURN_URL)
    await press_in_portal(url, action, **fields)
    await life.note()


async def renewed_and_cancelled(life: Recorder) -> None:
    """Two months, then an end by the developer."""
    subscription_id = await _buy(life, "pro")
    await _wait(life, 32, 31)
    await _cancel(life, subscription_id)


async def tried_up_and_down(life: Recorder) -> None:
    """A trial that becomes revenue, an upgrade, and a downgrade when the period ends."""
    await _buy(life, "trial")
    await _wait(life, 12, 3)
    await _change(life, "pro")
    await _change(life, "basic")
    await _wait(life, 32)


async def given_up_after_retries(life: Recorder) -> None:
    """The card fails at the renewal, and Stripe cancels after the last retry."""
    await _buy(life, "pro", FAILS_LATER_CARD)
    await _wait(life, 32, 4, 6, 8)


async def unpaid_and_paid_again(life: Recorder) -> None:
    """Unpaid after the last retry; another card in the portal brings it back."""
    await life.owner.press("billing", dunning="unpaid")
    await _buy(life, "pro", FAILS_LATER_CARD)
    await _wait(life, 32, 16)
    await _portal(life, "update_card", card_number=GOOD_CARD, exp="12/50", cvc="123")
    await _portal(life, "pay")


async def changed_by_the_owner(life: Recorder) -> None:
    """Quantity, a yearly price, a price of no tier, and a pause, all in Stripe's dashboard."""
    subscription_id = await _buy(life, "pro")
    item = await life.owner.item_of(subscription_id)
    team = (await life.shop.tiers()).find("team")
    assert team is not None
    product = await life.owner.ask("POST", "/v1/products", name="By hand")
    by_hand = {"product": product["id"], "unit_amount": "7700", "currency": "usd"}
    price = await life.owner.ask(
        "POST", "/v1/prices", **by_hand, **{"recurring[interval]": "month"}
    )
    await _set(life, subscription_id, **{"items[0][id]": item["id"], "items[0][quantity]": "3"})
    for price_id in (str(team.price_id), price["id"]):
        moved = {"items[0][id]": item["id"], "items[0][price]": price_id}
        await _set(life, subscription_id, **moved, **{"items[0][quantity]": "1"})
    await _set(life, subscription_id, **{"pause_collection[behavior]": "void"})
    await _set(life, subscription_id, pause_collection="")


async def ended_and_taken_back(life: Recorder) -> None:
    """An end of the period, taken back, and meant the second time."""
    await _buy(life, "basic")
    await _portal(life, "cancel")
    await _portal(life, "resume")
    await _wait(life, 32)
    await _portal(life, "cancel")
    await _wait(life, 32)


async def refunded_and_disputed(life: Recorder) -> None:
    """Part of the money goes back, the rest is disputed, and the dispute is won."""
    await _buy(life, "pro")
    (charge,) = await life.owner.charges()
    await life.owner.press("refund", charge=charge["id"], amount="900")
    await life.note()
    await life.owner.press("dispute", charge=charge["id"])
    await life.note()
    await life.owner.press("win", charge=charge["id"])
    await life.note()


async def paid_twice_at_once(life: Recorder) -> None:
    """Two Checkouts are paid; the cheaper subscription is ended by the developer later."""
    first, _ = await life.open("basic", USER)
    await life.shop.bindings.customers.write(
        lambda c: c.exec_driver_sql("UPDATE subscriptions_checkouts SET status = 'expired'")
    )
    second, _ = await life.open("pro", USER)
    for url in (first, second):
        await life.shop.pay(url)
        await life.note()
    listed = await life.owner.ask("GET", "/v1/subscriptions")
    await _wait(life, 2)
    await _cancel(life, listed["data"][-1]["id"])
    await _wait(life, 32)


async def left_and_came_back(life: Recorder) -> None:
    """A first subscription ends; months later a second, dearer one begins."""
    subscription_id = await _buy(life, "basic")
    await _cancel(life, subscription_id)
    await life.shop.tell_of(subscription_id)
    await _wait(life, 40)
    await _buy(life, "pro")
    await _wait(life, 32)


async def tried_and_left(life: Recorder) -> None:
    """A trial that ends before it costs anything."""
    subscription_id = await _buy(life, "trial")
    await _wait(life, 5)
    await _cancel(life, subscription_id)


async def discounted_for_ever(life: Recorder) -> None:
    """A lasting coupon comes, the plan goes up and begins to go down."""
    subscription_id = await _buy(life, "basic")
    coupon = await life.owner.ask("POST", "/v1/coupons", percent_off="50", duration="forever")
    await _set(life, subscription_id, **{"discounts[0][coupon]": coupon["id"]})
    await _change(life, "pro")
    await _change(life, "free")
    await _change(life, "pro")
    await _change(life, "basic")


async def paused_without_a_card(life: Recorder) -> None:
    """Sold by the developer in Stripe's dashboard, tried without a card, paused, and resumed."""
    await life.shop.track(user_id=USER)
    pro = (await life.shop.tiers()).find("pro")
    assert pro is not None
    customer = await life.owner.ask("POST", "/v1/customers", email="ada@example.com")
    made = await life.owner.ask(
        "POST",
        "/v1/subscriptions",
        **{
            "customer": customer["id"],
            "items[0][price]": str(pro.price_id),
            "trial_period_days": "7",
            "trial_settings[end_behavior][missing_payment_method]": "pause",
            "metadata[dreamapi_platform_id]": life.shop.platform_id,
            "metadata[dreamapi_user_id]": USER,
        },
    )
    await life.note()
    await _wait(life, 8)
    paused = life.steps[-1].subscriptions[made["id"]]
    assert "paused" == paused["status"], "there is nothing to charge"
    path = "/v1/payment_methods/pm_card_visa/attach"
    card = await life.owner.ask("POST", path, customer=customer["id"])
    await _set(life, made["id"], default_payment_method=card["id"])
    await life.owner.ask("POST", f"/v1/subscriptions/{made['id']}/resume")
    await life.note()


LIVES: tuple[Life, ...] = (
    renewed_and_cancelled,
    tried_up_and_down,
    given_up_after_retries,
    unpaid_and_paid_again,
    changed_by_the_owner,
    ended_and_taken_back,
    refunded_and_disputed,
    paid_twice_at_once,
    left_and_came_back,
    tried_and_left,
    discounted_for_ever,
    paused_without_a_card,
)
