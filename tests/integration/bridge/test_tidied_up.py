"""A developer tidies up in Stripe's dashboard: the next submit puts back what end users need."""

from dataclasses import replace

import httpx
import pytest

from dream_api.bridge.catalog import Published
from dream_api.kit.keys import Mode
from tests.integration.bridge.shop import FREE, MAX, PRO, Shop
from tests.journeys.forms import submit
from tests.stripe_server import LIVE_KEY


async def _submit(shop: Shop) -> Published:
    return await shop.catalog().create_products(shop.developer_id, Mode.LIVE, [FREE, PRO, MAX])


async def _ids(shop: Shop, name: str) -> tuple[str, str]:
    tier = (await shop.tiers()).find(name)
    assert tier is not None
    assert tier.price_id is not None
    assert tier.product_id is not None
    return tier.price_id, tier.product_id


async def _delete(shop: Shop, noun: str, identifier: str) -> None:
    """Press the button that Stripe's dashboard has for what was never used."""
    async with httpx.AsyncClient() as browser:
        page = await browser.get(f"{shop.stripe_url}/accounts/{shop.account_id}")
        answer = await submit(browser, page, {noun: identifier}, press=("action", f"delete_{noun}"))
    assert 303 == answer.status_code, answer.text


async def _archive(shop: Shop, path: str) -> None:
    headers = {"Authorization": f"Bearer {LIVE_KEY}", "Stripe-Account": shop.account_id}
    async with httpx.AsyncClient(base_url=shop.stripe_url, headers=headers) as stripe:
        answer = await stripe.post(path, data={"active": "false"})
    assert 200 == answer.status_code, answer.text


@pytest.mark.parametrize("noun", ["price", "product"])
async def test_what_was_deleted_is_made_anew(connected: Shop, noun: str) -> None:
    """Under new ids; the other tier keeps its own, and a third submit makes nothing."""
    await _submit(connected)
    before, other = await _ids(connected, "pro"), await _ids(connected, "max")
    await _delete(connected, noun, before[noun == "product"])

    await _submit(connected)
    healed = await _ids(connected, "pro")
    await _submit(connected)

    assert healed[0] != before[0]
    assert (healed[1] == before[1]) is (noun == "price")
    assert (healed, other) == (await _ids(connected, "pro"), await _ids(connected, "max"))
    assert {"Pro": [2900], "Max": [9900]} == await connected.on_sale()


@pytest.mark.parametrize("which", ["prices", "products"])
async def test_what_was_archived_is_put_back(connected: Shop, which: str) -> None:
    """It is the same price, so that whoever pays it and whoever comes now are alike."""
    await _submit(connected)
    before = await _ids(connected, "pro")
    await _archive(connected, f"/v1/{which}/{before[which == 'products']}")

    await _submit(connected)

    assert before == await _ids(connected, "pro")
    assert {"Pro": [2900], "Max": [9900]} == await connected.on_sale()


async def test_saving_one_tier_heals_another(connected: Shop) -> None:
    """Every save looks at the whole shelf."""
    await _submit(connected)
    price_id, _ = await _ids(connected, "pro")
    await _delete(connected, "price", price_id)

    changed = replace(MAX, limit=5)
    await connected.catalog().update_tier(connected.developer_id, Mode.LIVE, "max", changed)

    assert {"Pro": [2900], "Max": [9900]} == await connected.on_sale()


async def test_a_price_that_is_given_up_is_not_put_back(connected: Shop) -> None:
    """Archived by the developer, and another price submitted: only that one is sold."""
    await _submit(connected)
    price_id, _ = await _ids(connected, "pro")
    await _archive(connected, f"/v1/prices/{price_id}")

    dearer = [FREE, replace(PRO, price_cents=3900), MAX]
    await connected.catalog().create_products(connected.developer_id, Mode.LIVE, dearer)

    assert {"Pro": [3900], "Max": [9900]} == await connected.on_sale()
