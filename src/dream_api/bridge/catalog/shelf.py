"""What stands on the developer's account of the tiers that are on sale; they may tidy up there."""

import asyncio
from dataclasses import dataclass

from dream_api.customers.platforms import Tier, TierConfig
from dream_api.gateways.stripe import Stripe, StripeNotFound, StripeUnavailable

LOOKS_AT_ONCE = 4
LOOK_SECONDS = 4.0
"""For all looks of a submit; what was not seen by then is taken to be in order."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Ids of prices and products that are not as we left them.

    Attributes:
        gone: deleted in Stripe's dashboard; they are made anew, under new revisions.
        off_sale: archived there; they are put back.
    """

    gone: frozenset[str] = frozenset()
    off_sale: frozenset[str] = frozenset()


async def look(stripe: Stripe, account_id: str, tiers: TierConfig) -> Shelf:
    """Look for every price and product that a tier is sold with.

    While Stripe is away nothing is known, and nothing is held against a submit that needs no call.

    Raises:
        AccountGone, StripeRefused: Stripe lets us look at nothing.
    """
    sold = [tier for tier in tiers.tiers if tier.price_id is not None and not tier.archived]
    gone, off_sale = set[str](), set[str]()
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            for start in range(0, len(sold), LOOKS_AT_ONCE):
                some = sold[start : start + LOOKS_AT_ONCE]
                for seen in await asyncio.gather(*(_see(stripe, account_id, one) for one in some)):
                    gone |= seen.gone
                    off_sale |= seen.off_sale
    except (StripeUnavailable, TimeoutError):
        return Shelf()
    return Shelf(frozenset(gone), frozenset(off_sale))


async def _see(stripe: Stripe, account_id: str, tier: Tier) -> Shelf:
    assert tier.price_id is not None, "look has chosen"
    gone, off_sale = set[str](), set[str]()
    for identifier, is_on_sale in (
        (tier.price_id, stripe.is_price_on_sale),
        (tier.product_id or "", stripe.is_product_on_sale),
    ):
        try:
            if not await is_on_sale(account_id, identifier):
                off_sale.add(identifier)
        except StripeNotFound:
            gone.add(identifier)
    return Shelf(frozenset(gone), frozenset(off_sale))
