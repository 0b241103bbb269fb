"""A subscription with all its discounts.

Stripe expands four levels of a property and no more ("You cannot expand more than 4 levels of a
property"); the coupon of an item's discount is on the fifth, so it is fetched by itself.
"""

from typing import Any

import stripe

from dream_api.gateways.stripe.calls import answer
from dream_api.gateways.stripe.parameters import options
from dream_api.gateways.stripe.reading import plain_object

ITEM_COUPONS_MAX = 20
"""Stripe allows twenty items on a subscription."""


async def get_subscription(
    client: stripe.StripeClient, account: str | None, subscription_id: str
) -> dict[str, Any]:
    """Read a subscription; ``discounts[].source.coupon`` and the items' are objects."""
    call = client.v1.subscriptions.retrieve_async(
        subscription_id,
        {"expand": ["discounts.source.coupon", "items.data.discounts"]},
        options(account),
    )
    subscription = plain_object(await answer(call, account))
    sources = _unexpanded_sources(subscription)
    for coupon_id in sorted({source["coupon"] for source in sources})[:ITEM_COUPONS_MAX]:
        coupon = plain_object(
            await answer(
                client.v1.coupons.retrieve_async(coupon_id, None, options(account)), account
            )
        )
        for source in sources:
            if source["coupon"] == coupon_id:
                source["coupon"] = coupon
    return subscription


def _unexpanded_sources(subscription: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        discount["source"]
        for item in subscription["items"]["data"]
        for discount in item.get("discounts") or []
        if isinstance(discount, dict) and isinstance(discount["source"].get("coupon"), str)
    ]
