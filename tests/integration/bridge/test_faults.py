"""Stripe fails at each call of each verb of the bridge: nothing half done, a repeat finishes it."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from dream_api.bridge.connect import ConnectRefused
from dream_api.gateways.clock import MovableClock
from dream_api.gateways.stripe import AccountGone, StripeModes
from dream_api.kit.keys import Mode
from dream_api.stores import Bindings
from tests.integration.bridge.conftest import open_shop
from tests.integration.bridge.shop import FREE, MAX, PRO, Shop
from tests.stripe_faults import FaultyStripe, Outage, Verb, faulty, walk_every_outage
from tests.stripe_server import LIVE_KEY, gateway


@dataclass
class Street:
    """Opens shops whose calls to Stripe go over a wire that breaks."""

    bindings: Bindings
    stripes: StripeModes
    broken: StripeModes
    clock: MovableClock
    stripe_url: str
    wire: FaultyStripe
    numbers: Any = field(default_factory=itertools.count)

    async def open(self, *, is_connected: bool) -> Shop:
        """Open a shop of a new developer, over the healthy wire."""
        shop = await open_shop(Shop(self.bindings, self.stripes, self.clock, self.stripe_url))
        if is_connected:
            await shop.connect_account()
        return shop


@pytest.fixture
async def street(
    bindings: Bindings,
    stripes: StripeModes,
    clock: MovableClock,
    stripe_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Street]:
    """Serve a wire that breaks."""
    async with faulty(stripe_url, monkeypatch) as wire, gateway(wire.url, LIVE_KEY) as live:
        broken = StripeModes(live, None)
        yield Street(bindings, stripes, broken, clock, stripe_url, wire)


async def _names(shop: Shop) -> list[str]:
    return sorted(product["name"] for product in await shop.at_stripe("products"))


async def test_create_products_survives_every_outage(street: Street) -> None:
    """Every product and price is made once; end users see all tiers or none."""

    async def act(shop: Shop) -> None:
        catalog = shop.catalog(stripes=street.broken)
        await catalog.create_products(shop.developer_id, Mode.LIVE, [FREE, PRO, MAX])

    async def unfinished(shop: Shop) -> None:
        assert () == (await shop.tiers()).tiers
        assert set() == await shop.usable()

    async def done(shop: Shop) -> None:
        assert ["free", "pro", "max"] == [tier.name for tier in (await shop.tiers()).tiers]
        assert ["Max", "Pro"] == await _names(shop)
        assert {"Pro": [2900], "Max": [9900]} == await shop.on_sale()
        assert 1 == len(await shop.usable())

    verb = Verb(lambda: street.open(is_connected=True), act, unfinished, done)
    assert await walk_every_outage(street.wire, verb)


async def test_disconnecting_survives_every_outage(street: Street) -> None:
    """Until Stripe has taken our access back, the account is shown as connected."""

    async def act(shop: Shop) -> None:
        shop.stripes = street.broken
        await shop.connect().disconnect(shop.developer_id, Mode.LIVE)

    async def unfinished(shop: Shop) -> None:
        assert await shop.linked() is not None

    async def done(shop: Shop) -> None:
        assert await shop.linked() is None

    verb = Verb(lambda: street.open(is_connected=True), act, unfinished, done)
    assert await walk_every_outage(street.wire, verb)


async def test_a_replaced_account_is_given_back_when_stripe_answers_again(street: Street) -> None:
    """The new connection stands at once; our access to the old account ends without anybody."""
    shop = await street.open(is_connected=True)
    live, old = street.stripes.live, shop.account_id
    assert live is not None
    back = await shop.visit_stripe()
    shop.stripes = street.broken
    street.wire.break_at(1, Outage.REFUSED)  # The code is exchanged; then nobody is there.
    await shop.connect().callback(shop.developer_id, **back)
    still_open = (await live.get_account(old)).id

    given_in_vain = await shop.connect().give_back_remembered()
    street.wire.heal()
    given = await shop.connect().give_back_remembered()
    given_again = await shop.connect().give_back_remembered()

    assert (old, 0, 1, 0) == (still_open, given_in_vain, given, given_again)
    with pytest.raises(AccountGone):
        await live.get_account(old)
    linked = await shop.linked()
    assert linked is not None
    assert linked.account_id == (await live.get_account(linked.account_id)).id


async def test_an_account_that_came_back_meanwhile_is_kept(street: Street) -> None:
    """Replaced while Stripe was away, then chosen again: what is given back is the other one."""
    shop = await street.open(is_connected=True)
    live, first = street.stripes.live, shop.account_id
    assert live is not None
    back = await shop.visit_stripe()
    shop.stripes = street.broken
    street.wire.break_at(1, Outage.REFUSED)
    await shop.connect().callback(shop.developer_id, **back)
    street.wire.heal()
    await shop.connect_account(account=first)

    await shop.connect().give_back_remembered()

    assert first == (await live.get_account(first)).id
    assert 0 == await shop.connect().give_back_remembered()


async def test_a_developer_who_leaves_is_followed_by_our_access(street: Street) -> None:
    """Their account may be connected by whom they like; Stripe hears it when it answers."""
    shop = await street.open(is_connected=True)
    live, account_id = street.stripes.live, shop.account_id
    assert live is not None
    shop.stripes = street.broken
    street.wire.break_at(0, Outage.LOST)

    await shop.connect().leave(shop.platform_id)
    street.wire.heal()
    await shop.connect().give_back_remembered()

    assert await shop.linked() is None
    with pytest.raises(AccountGone):
        await live.get_account(account_id)


async def test_coming_back_from_stripe_survives_every_outage(street: Street) -> None:
    """The code is sent once whatever happens, nothing is stored, and starting again connects."""

    async def act(shop: Shop) -> None:
        shop.stripes = street.stripes
        back = await shop.visit_stripe()
        shop.stripes = street.broken
        await shop.connect().callback(shop.developer_id, **back)

    async def unfinished(shop: Shop) -> None:
        assert await shop.linked() is None

    async def done(shop: Shop) -> None:
        assert await shop.linked() is not None

    verb = Verb(
        lambda: street.open(is_connected=False),
        act,
        unfinished,
        done,
        codes=frozenset({ConnectRefused.code}),
    )
    assert await walk_every_outage(street.wire, verb)
