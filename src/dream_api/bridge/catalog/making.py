"""What the catalogue does at Stripe. Every call may be repeated without making anything twice."""

import asyncio
from contextlib import suppress

from dream_api.bridge.catalog.plan import Plan, PlannedTier, idempotency_key
from dream_api.customers.platforms import TierConfig
from dream_api.gateways.stripe import (
    NewPrice,
    NewProduct,
    Stripe,
    StripeNotFound,
    StripeUnavailable,
)
from dream_api.kit.errors import DreamError

TIERS_AT_ONCE = 4
"""Stripe takes 25 calls a second in test mode; a list of 20 tiers shall not use them up."""
MAKING_SECONDS = 45.0
"""For all calls of a plan: less than the worker waits before it takes a plan over."""


class Making:
    """Makes one plan true on the developer's account.

    Args:
        stripe: the gateway of the platform's mode.
        platform_id: whose tiers they are; written on what is made.
        off_sale: prices and products that somebody archived: put back where a tier keeps them.
    """

    def __init__(
        self, stripe: Stripe, platform_id: str, off_sale: frozenset[str] = frozenset()
    ) -> None:
        self._stripe = stripe
        self._off_sale = off_sale
        self._platform_id = platform_id

    async def make(
        self, plan: Plan, current: TierConfig
    ) -> tuple[list[PlannedTier], DreamError | None]:
        """Make the products and prices that are missing.

        Returns:
            The tiers with the ids that came to be, and the first refusal, if there was one: what
            was made before it has to be remembered all the same.
        """
        tiers = list(plan.tiers)
        refusal: DreamError | None = None
        try:
            async with asyncio.timeout(MAKING_SECONDS):
                for start in range(0, len(tiers), TIERS_AT_ONCE):
                    some = slice(start, start + TIERS_AT_ONCE)
                    made = await asyncio.gather(
                        *(self._make_tier(plan, planned, current) for planned in tiers[some])
                    )
                    tiers[some] = [planned for planned, _ in made]
                    refusal = next((error for _, error in made if error is not None), None)
                    if refusal is not None:
                        break
        except TimeoutError:
            refusal = StripeUnavailable("Stripe is too slow at the moment. Send it again.")
        return tiers, refusal

    async def retire(self, plan: Plan) -> None:
        """Take what the plan gave up off sale; whoever pays an old price goes on paying it."""
        for price_id in plan.retired.prices:
            with suppress(StripeNotFound):
                await self._stripe.archive_price(plan.account_id, price_id)
        for product_id in plan.retired.products:
            with suppress(StripeNotFound):
                await self._stripe.update_product(plan.account_id, product_id, active=False)

    async def _make_tier(
        self, plan: Plan, planned: PlannedTier, current: TierConfig
    ) -> tuple[PlannedTier, DreamError | None]:
        try:
            planned = await self._make_product(plan, planned, current)
            if planned.needs_price:
                price_id = await self._create_price(plan, planned)
                planned = planned.made(price_id=price_id)
            elif planned.tier.price_id in self._off_sale and not planned.tier.archived:
                await self._stripe.unarchive_price(plan.account_id, str(planned.tier.price_id))
        except DreamError as error:
            return planned, error
        return planned, None

    async def _make_product(
        self, plan: Plan, planned: PlannedTier, current: TierConfig
    ) -> PlannedTier:
        if planned.needs_product:
            product_id = await self._stripe.create_product(
                plan.account_id,
                NewProduct(planned.product_name, self._metadata(planned)),
                idempotency_key=idempotency_key(plan, self._platform_id, planned, "create_product"),
            )
            planned = planned.made(product_id=product_id)
            is_as_wanted = planned.product_name == planned.tier.display_name
        else:
            is_as_wanted = planned.tier.archived or self._is_on_sale(current, planned)
        if not is_as_wanted and planned.tier.product_id is not None:
            await self._stripe.update_product(
                plan.account_id,
                planned.tier.product_id,
                name=planned.tier.display_name,
                active=True,
            )
        return planned

    async def _create_price(self, plan: Plan, planned: PlannedTier) -> str:
        tier = planned.tier
        assert tier.product_id is not None, "the product comes first"
        return await self._stripe.create_price(
            plan.account_id,
            NewPrice(
                product_id=tier.product_id,
                amount_cents=tier.price_cents,
                currency=tier.currency,
                interval="year" if tier.interval == "year" else "month",
                metadata=self._metadata(planned),
            ),
            idempotency_key=idempotency_key(plan, self._platform_id, planned, "create_price"),
        )

    def _is_on_sale(self, current: TierConfig, planned: PlannedTier) -> bool:
        """Tell whether the product is on sale under the wanted name already."""
        tier = current.find(planned.tier.name)
        return (
            tier is not None
            and not tier.archived
            and tier.product_id not in self._off_sale
            and (tier.product_id, tier.display_name)
            == (planned.tier.product_id, planned.tier.display_name)
        )

    def _metadata(self, planned: PlannedTier) -> dict[str, str]:
        return {
            "dreamapi_platform_id": self._platform_id,
            "dreamapi_tier": planned.tier.name,
        }
