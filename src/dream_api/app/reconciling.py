"""Both worlds compared with Stripe at an operator's word, beside whatever serves them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dream_api.app.engines import engine_of
from dream_api.app.rooms import House, build_house, build_outside
from dream_api.customers.subscriptions import ChargeDrift, Drift
from dream_api.developers.platform_subscription import PlatformDrift
from dream_api.gateways.clock import Clock
from dream_api.settings import Settings

PLATFORMS_PAGE = 100


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison with Stripe came to; every drift in it has been healed."""

    asked: int
    drifts: tuple[Drift | ChargeDrift | PlatformDrift, ...]

    @property
    def money(self) -> dict[str, int]:
        """How much more (or less) a month there is than we believed: currency → minor units."""
        totals: dict[str, int] = {}
        for drift in self.drifts:
            totals[drift.currency] = totals.get(drift.currency, 0) + drift.mrr_cents
        return {currency: cents for currency, cents in totals.items() if cents}

    @property
    def refunded(self) -> dict[str, int]:
        """How much more was given back, once, than we knew: currency → minor units."""
        totals: dict[str, int] = {}
        for drift in self.drifts:
            if isinstance(drift, ChargeDrift):
                totals[drift.currency] = totals.get(drift.currency, 0) + drift.refunded_cents
        return {currency: cents for currency, cents in totals.items() if cents}


async def reconcile_stripe(
    settings: Settings, clock: Clock, *, platform_id: str | None = None
) -> Comparison:
    """Compare developers and every platform's end users with Stripe, and heal what drifted.

    Args:
        settings: every knob.
        clock: tells the time.
        platform_id: compare the end users of this platform alone.

    Raises:
        StripeUnavailable: what was compared before stands; the rest is compared by a repeat.
        SchemaMismatch: the stores are not of this release.
    """
    async with _opened(settings, clock) as house:
        asked, drifts = 0, list[Drift | ChargeDrift | PlatformDrift]()
        if platform_id is None:
            rooms = house.developers
            compared = await rooms.platform_subscription.reconcile(rooms.standing.publish)
            asked, drifts = compared.asked, [*compared.drifts]
        async for one in _platforms(house, platform_id):
            found = await house.customers.subscriptions.reconcile(one)
            asked, drifts = asked + found.asked, [*drifts, *found.drifts]
        return Comparison(asked, tuple(drifts))


async def _platforms(house: House, only: str | None) -> AsyncIterator[str]:
    if only is not None:
        yield only
        return
    after = ""
    while page := await house.customers.platforms.list_connected(after, PLATFORMS_PAGE):
        for cursor, platform_id, _account_id in page:
            yield platform_id
            after = cursor


@asynccontextmanager
async def _opened(settings: Settings, clock: Clock) -> AsyncIterator[House]:
    engine, outside = engine_of(settings), build_outside(settings, clock)
    await engine.check()
    async with engine.opened_for_upkeep(clock) as bindings:
        house = build_house(bindings, outside)
        try:
            yield house
        finally:
            await house.customers.metering.close()
            await outside.close()
