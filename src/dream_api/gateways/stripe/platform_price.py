"""The price of the platform subscription on our own account."""

import stripe

from dream_api.gateways.stripe.calls import answer
from dream_api.gateways.stripe.parameters import options

LOOKUP_KEY = "dream_api_platform_monthly"
PRODUCT_NAME = "dream-api platform"


async def ensure(client: stripe.StripeClient, amount_cents: int, currency: str) -> str:
    """Give the id of the active monthly price of this amount; make it where it is missing.

    It is found by its lookup key, which a new price takes over from the old one, so that running
    this again makes nothing twice and a changed amount applies to new subscriptions only.
    """
    found = await answer(client.v1.prices.list_async({"lookup_keys": [LOOKUP_KEY]}))
    for price in found.data:
        if price.active and (price.unit_amount, price.currency) == (amount_cents, currency):
            return price.id
    created = await answer(
        client.v1.prices.create_async(
            {
                "lookup_key": LOOKUP_KEY,
                "transfer_lookup_key": True,
                "unit_amount": amount_cents,
                "currency": currency,
                "recurring": {"interval": "month"},
                "product_data": {"name": PRODUCT_NAME},
            },
            # Two processes that start together make one price. The replaced price is in the key,
            # since going back to an earlier amount within a day must not replay the first answer,
            # nor must one that was archived by hand.
            options(None, f"{LOOKUP_KEY}:{amount_cents}:{currency}:{_ids(found.data)}"),
        )
    )
    return created.id


def _ids(prices: list[stripe.Price]) -> str:
    return ",".join(price.id for price in prices)
