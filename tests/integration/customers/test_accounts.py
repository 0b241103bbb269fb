"""The connected account's own life: whether it may be paid, and whether it is still the same."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from dream_api.customers.end_users import Changes
from dream_api.customers.platforms import Platforms, PlatformSettings, write_settings
from dream_api.customers.subscriptions import (
    Flag,
    NoSubscription,
    SubscriptionElsewhere,
    Subscriptions,
)
from dream_api.gateways.stripe import (
    BusinessNameMissing,
    ChargesNotEnabled,
    PriceNotOnSale,
    Stripe,
    StripeModes,
    TaxNotSetUp,
)
from dream_api.kit.keys import Mode, issue_key
from tests.integration.customers.owner import Owner
from tests.integration.customers.shop import BASIC, FREE, PRO, USER, Shop
from tests.stripe_server import approve

LIVE_URL = "http://localhost:8787"
DAY = 86_400


async def test_what_stripe_will_not_sell_is_named(shop: Shop, owner: Owner) -> None:
    """Each of Stripe's refusals has a name of ours, and opens nothing."""
    await owner.press("disable_charges")
    with pytest.raises(ChargesNotEnabled):
        await shop.open("pro")
    await owner.press("enable_charges")
    await owner.press("rename", business_name="")
    with pytest.raises(BusinessNameMissing):
        await shop.open("pro")
    await owner.press("rename", business_name="Acme")
    tokens, settings = shop.bindings.customer_tokens, PlatformSettings(automatic_tax=True)
    await shop.bindings.customers.write(
        lambda c: write_settings(c, tokens, shop.platform_id, settings)
    )
    with pytest.raises(TaxNotSetUp) as refused:
        await shop.open("pro")

    assert "dashboard.stripe.com/settings/tax" in refused.value.detail


async def test_an_archived_price_asks_for_the_tiers_again(shop: Shop) -> None:
    """Somebody archived it in Stripe's dashboard; the refusal says what brings it back."""
    pro = (await shop.tiers()).find("pro")
    assert pro is not None
    await shop.stripe.archive_price(shop.account_id, str(pro.price_id))

    with pytest.raises(PriceNotOnSale) as refused:
        await shop.open("pro")

    assert "/platform/create-products" in refused.value.detail


async def test_an_address_that_stripe_refuses_is_left_out(shop: Shop) -> None:
    """It only fills a field of the page, so nobody is kept from paying by it."""
    await shop.track()
    await shop.end_users.patch(shop.platform_id, USER, Changes(email="ada@example.com."))

    url, _ = await shop.open("pro")

    assert 303 == (await shop.pay(url)).status_code


@pytest.fixture
async def live_shop(closed_shop: Shop, stripe: Stripe) -> Shop:
    """Give a shop in live mode, where Stripe pauses accounts."""
    mine = closed_shop.bindings
    stripes = StripeModes(live=stripe, test=None)
    platforms = Platforms(mine.customers, mine.customer_tokens)
    live = replace(
        closed_shop,
        platform_id=issue_key("pk", Mode.LIVE),
        subscriptions=Subscriptions(
            mine.customers, platforms, closed_shop.end_users, stripes, closed_shop.clock, LIVE_URL
        ),
    )
    await live.connect()
    await live.sell(FREE, BASIC, PRO)
    return live


async def test_an_account_that_stripe_has_paused_sells_nothing_and_asks_before_it_says_so(
    live_shop: Shop, stripe_url: str
) -> None:
    """Told by the event; the end of the pause needs no event, since the refusal asks again."""
    owner = Owner(stripe_url, live_shop.account_id)
    await live_shop.open("pro")
    await owner.press("disable_charges")
    await live_shop.tell("account.updated", {"id": live_shop.account_id})

    with pytest.raises(ChargesNotEnabled) as refused:
        await live_shop.open("pro")
    await owner.press("enable_charges")
    url, _ = await live_shop.open("pro")

    assert "dashboard.stripe.com/account" in refused.value.detail
    assert url


async def connect_another(shop: Shop) -> Shop:
    """Connect another account to the same platform, as the bridge would."""
    back = await approve(
        shop.stripe.authorize_url(state="s", redirect_uri=f"{LIVE_URL}/oauth/callback")
    )
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    granted = await shop.stripe.exchange_code(code)
    moved = replace(shop, account_id=granted.account_id)
    await moved.connect()
    return moved


async def test_another_account_needs_the_tiers_again(shop: Shop) -> None:
    """Prices are the account's; submitting the tiers makes them there."""
    moved = await connect_another(shop)

    with pytest.raises(PriceNotOnSale):
        await moved.open("pro")
    await moved.sell(FREE, BASIC, PRO)
    await moved.subscribe("pro")

    assert "pro" == (await moved.row()).plan


async def test_whoever_pays_the_account_before_is_left_alone_and_flagged(shop: Shop) -> None:
    """Nothing can be known of them any more: a person looks, and nobody loses what they pay for."""
    await shop.subscribe("pro")
    moved = await connect_another(shop)

    found = await moved.subscriptions.reconcile(moved.platform_id)
    user = await moved.user()

    assert ("pro", "active", Flag.OTHER_ACCOUNT.value) == (
        user.plan,
        user.subscription_status,
        user.subscription_flag,
    )
    assert [{"flag"}] == [set(drift.changes) for drift in found.drifts]


async def test_what_nobody_can_confirm_ends_with_what_was_paid_for(shop: Shop) -> None:
    """The account before is closed to us: after the period there is no plan and no revenue."""
    await shop.subscribe("pro")
    moved = await connect_another(shop)
    await moved.sell(FREE, BASIC, PRO)
    moved.clock.advance(32 * DAY)
    found = await moved.subscriptions.reconcile(moved.platform_id)
    user = await moved.user()

    assert [-2900] == [drift.mrr_cents for drift in found.drifts]
    assert ("free", "canceled", 0) == (user.plan, user.subscription_status, user.mrr_cents)
    await moved.subscribe("pro")
    assert "pro" == (await moved.user()).plan


async def test_what_is_on_the_account_before_says_where_it_ends(shop: Shop) -> None:
    """Buying, switching and managing are refused alike, and keep what was paid for."""
    await shop.subscribe("basic")
    moved = await connect_another(shop)
    await moved.sell(FREE, BASIC, PRO)
    asked = (
        lambda: moved.open("pro"),
        lambda: moved.subscriptions.change_plan(moved.platform_id, USER, "pro", preview=True),
        lambda: moved.subscriptions.portal(moved.platform_id, USER, "https://app.example"),
    )

    for verb in asked:
        with pytest.raises(SubscriptionElsewhere) as refused:
            await verb()
        assert "subscriptionEnded" in refused.value.detail

    assert "basic" == (await moved.row()).plan


async def test_a_subscription_that_ended_on_the_account_before_is_let_go(shop: Shop) -> None:
    """Its owner says so: revenue goes, and the user may buy from the account that is connected."""
    await shop.subscribe("basic")
    moved = await connect_another(shop)
    await moved.sell(FREE, BASIC, PRO)

    await moved.subscriptions.end_elsewhere(moved.platform_id, USER)
    let_go = await moved.user()
    await moved.subscribe("pro")

    assert ("free", "canceled", 0) == (let_go.plan, let_go.subscription_status, let_go.mrr_cents)
    assert ("pro", 2_900) == ((await moved.row()).plan, (await moved.row()).mrr_cents)
    with pytest.raises(NoSubscription):
        await moved.subscriptions.end_elsewhere(moved.platform_id, USER)
    assert "pro" == (await moved.row()).plan


async def test_what_was_let_go_too_early_is_found_where_it_runs(shop: Shop) -> None:
    """The account before is connected again, and what was said to have ended still runs there."""
    await shop.subscribe("basic")
    moved = await connect_another(shop)
    await moved.sell(FREE, BASIC, PRO)
    await moved.subscriptions.end_elsewhere(moved.platform_id, USER)
    await shop.connect()

    found = await shop.subscriptions.reconcile(shop.platform_id)

    assert [1_000] == [drift.mrr_cents for drift in found.drifts]
    assert 1_000 == (await shop.row()).mrr_cents


async def test_the_same_account_again_changes_nothing(shop: Shop) -> None:
    """Connecting twice is harmless."""
    await shop.subscribe("pro")
    await shop.connect()

    found = await shop.subscriptions.reconcile(shop.platform_id)

    assert (1, ()) == (found.asked, found.drifts)
