"""Publishing tiers: products and prices on the developer's account, tiers for end users, a key."""

from dataclasses import replace

import pytest

from dream_api.bridge.catalog import NewTier, TierExists, TierInUse
from dream_api.bridge.connect import NotConnected, PaymentRequired
from dream_api.gateways.stripe import StripeModes, StripeUnavailable
from dream_api.kit.errors import NotFound, ValidationFailed
from dream_api.kit.keys import Mode, is_well_formed
from tests.integration.bridge.shop import FREE, MAX, PRO, Shop
from tests.stripe_server import gateway


async def test_the_first_submit_sells_the_tiers_and_shows_one_key(connected: Shop) -> None:
    """Products and prices stand on their account, tiers in their order, the key works."""
    published = await connected.catalog().create_products(
        connected.developer_id, Mode.LIVE, [PRO, FREE, MAX]
    )

    assert published.secret_key is not None
    assert is_well_formed(published.secret_key, "sk")
    assert await connected.works(published.secret_key)
    assert connected.platform_id == published.publishable_key
    assert ["pro", "free", "max"] == [listed.tier.name for listed in published.tiers]
    assert ["pro", "max"] == [name for name, _ in published.price_ids]
    assert {"Pro": [2900], "Max": [9900]} == await connected.on_sale()


async def test_the_free_tier_has_nothing_at_stripe(connected: Shop) -> None:
    """Nobody pays for it."""
    published = await connected.catalog().create_products(connected.developer_id, Mode.LIVE, [FREE])

    assert (None, None) == (
        published.tiers[0].tier.price_id, published.tiers[0].tier.product_id
    )  # fmt: skip
    assert [] == await connected.at_stripe("products")


async def test_the_same_submit_again_makes_nothing_and_shows_nothing(connected: Shop) -> None:
    """The second answer carries the same ids and no secret."""
    catalog = connected.catalog()
    first = await catalog.create_products(connected.developer_id, Mode.LIVE, [FREE, PRO])
    version = await connected.version()

    again = await catalog.create_products(connected.developer_id, Mode.LIVE, [FREE, PRO])

    assert again.secret_key is None
    assert first.price_ids == again.price_ids
    assert version == await connected.version()
    assert (1, 1) == (
        len(await connected.at_stripe("products")), len(await connected.at_stripe("prices"))
    )  # fmt: skip


async def test_a_new_price_takes_the_place_of_the_old_one(connected: Shop) -> None:
    """Same product, and only the new price is on sale."""
    catalog = connected.catalog()
    first = await catalog.create_products(connected.developer_id, Mode.LIVE, [PRO])

    second = await catalog.create_products(
        connected.developer_id, Mode.LIVE, [replace(PRO, price_cents=3900)]
    )

    assert first.price_ids != second.price_ids
    assert first.tiers[0].tier.product_id == second.tiers[0].tier.product_id
    assert {"Pro": [3900]} == await connected.on_sale()


async def test_going_back_to_an_earlier_amount_is_a_new_price(connected: Shop) -> None:
    """A price that was given up is not sold again, whatever Stripe remembers of its key."""
    catalog = connected.catalog()
    seen = [
        (
            await catalog.create_products(
                connected.developer_id, Mode.LIVE, [replace(PRO, price_cents=cents)]
            )
        ).price_ids[0][1]
        for cents in (2900, 3900, 2900)
    ]

    assert 3 == len(set(seen))
    assert {"Pro": [2900]} == await connected.on_sale()


async def test_a_tier_left_out_is_archived(connected: Shop) -> None:
    """It comes off sale and stays readable for those who are on it."""
    catalog = connected.catalog()
    await catalog.create_products(connected.developer_id, Mode.LIVE, [PRO, MAX])

    published = await catalog.create_products(connected.developer_id, Mode.LIVE, [MAX])
    left = (await connected.tiers()).find("pro")

    assert ["max"] == [listed.tier.name for listed in published.tiers]
    assert left is not None
    assert left.archived
    assert {"Max": [9900]} == await connected.on_sale()


async def test_an_archived_tier_comes_back_with_a_new_price(connected: Shop) -> None:
    """Its product is taken up again."""
    catalog = connected.catalog()
    first = await catalog.create_products(connected.developer_id, Mode.LIVE, [PRO, MAX])
    await catalog.delete_tier(connected.developer_id, Mode.LIVE, "pro")

    back = await catalog.add_tier(connected.developer_id, Mode.LIVE, PRO)

    assert not back.tier.archived
    assert first.tiers[0].tier.product_id == back.tier.product_id
    assert first.tiers[0].tier.price_id != back.tier.price_id
    assert {"Pro": [2900], "Max": [9900]} == await connected.on_sale()


@pytest.mark.parametrize("wanted", [[FREE], [replace(PRO, price_cents=0)]])
async def test_a_tier_with_end_users_stays(connected: Shop, wanted: list[NewTier]) -> None:
    """It is neither left out nor made free, and nothing else of the submit happens."""
    catalog = connected.catalog()
    await catalog.create_products(connected.developer_id, Mode.LIVE, [PRO])
    before = await connected.tiers()
    connected.end_users = {"pro": 2}

    with pytest.raises(TierInUse) as refused:
        await catalog.create_products(connected.developer_id, Mode.LIVE, wanted)

    assert "'pro'" in refused.value.detail
    assert before == await connected.tiers()


async def test_a_new_name_shows_at_stripe(connected: Shop) -> None:
    """The person who pays reads it there."""
    catalog = connected.catalog()
    await catalog.create_products(connected.developer_id, Mode.LIVE, [PRO])

    changed = await catalog.update_tier(
        connected.developer_id, Mode.LIVE, "pro", replace(PRO, display_name="Professional", limit=5)
    )

    assert 5 == changed.tier.limit
    assert {"Professional": [2900]} == await connected.on_sale()


async def test_one_tier_at_a_time_keeps_the_others(connected: Shop) -> None:
    """Add, change, delete; names are unique and do not change."""
    catalog, developer_id = connected.catalog(), connected.developer_id
    await catalog.create_products(developer_id, Mode.LIVE, [FREE, PRO])

    await catalog.add_tier(developer_id, Mode.LIVE, MAX)
    with pytest.raises(TierExists):
        await catalog.add_tier(developer_id, Mode.LIVE, MAX)
    with pytest.raises(ValidationFailed):
        await catalog.update_tier(developer_id, Mode.LIVE, "pro", MAX)
    with pytest.raises(ValidationFailed):
        await catalog.add_tier(developer_id, Mode.LIVE, replace(FREE, name="also-free"))
    with pytest.raises(NotFound):
        await catalog.delete_tier(developer_id, Mode.LIVE, "missing")
    await catalog.delete_tier(developer_id, Mode.LIVE, "pro")
    connected.end_users = {"free": 3}
    listed = await catalog.list_tiers(developer_id, Mode.LIVE)

    assert [("free", False, 3), ("max", False, 0), ("pro", True, 0)] == [
        (one.tier.name, one.tier.archived, one.subscribers) for one in listed
    ]


async def test_live_needs_payment_and_test_does_not(shop: Shop) -> None:
    """Build and try before paying."""
    shop.has_paid = False

    with pytest.raises(PaymentRequired):
        await shop.catalog().create_products(shop.developer_id, Mode.LIVE, [PRO])
    with pytest.raises(PaymentRequired):
        await shop.catalog().promote(shop.developer_id)
    with pytest.raises(NotConnected):
        await shop.catalog().create_products(shop.developer_id, Mode.TEST, [PRO])


async def test_the_two_platforms_are_apart(connected: Shop) -> None:
    """Test tiers are no live tiers until they are promoted; then the live ones are like them."""
    await connected.connect_account(Mode.TEST)
    catalog = connected.catalog()

    tried = await catalog.create_products(connected.developer_id, Mode.TEST, [FREE, PRO])
    before = await connected.tiers()
    promoted = await catalog.promote(connected.developer_id)

    assert (tried.secret_key or "").startswith("sk_test_drm_")
    assert () == before.tiers
    assert (promoted.secret_key or "").startswith("sk_live_drm_")
    assert ["free", "pro"] == [listed.tier.name for listed in promoted.tiers]
    assert tried.price_ids != promoted.price_ids


async def test_while_stripe_is_away_nothing_changes(connected: Shop) -> None:
    """503 with a time to wait; the same submit later completes."""
    async with gateway("http://127.0.0.1:9") as away:
        offline = connected.catalog(stripes=StripeModes(away, None))
        with pytest.raises(StripeUnavailable) as refused:
            await offline.create_products(connected.developer_id, Mode.LIVE, [PRO])
    nothing = await connected.tiers()

    published = await connected.catalog().create_products(connected.developer_id, Mode.LIVE, [PRO])

    assert refused.value.retry_after_seconds
    assert () == nothing.tiers
    assert published.secret_key is not None
    assert {"Pro": [2900]} == await connected.on_sale()


async def test_another_account_gets_products_of_its_own(connected: Shop) -> None:
    """Ids of the old account are of no use on the new one."""
    catalog = connected.catalog()
    first = await catalog.create_products(connected.developer_id, Mode.LIVE, [PRO])
    await connected.connect().disconnect(connected.developer_id, Mode.LIVE)
    await connected.connect_account()

    second = await catalog.create_products(connected.developer_id, Mode.LIVE, [PRO])

    assert first.price_ids != second.price_ids
    assert second.secret_key is None
    assert {"Pro": [2900]} == await connected.on_sale()
