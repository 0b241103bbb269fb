"""Sell through Checkout, and read what was sold."""

from typing import Any

import stripe

from tests.unit.stripe_simulator.harness import GOOD_CARD, Json, Simulator

HOUR = 3600
FAILS_LATER = "4000 0000 0000 0341"


def subscribe(
    simulator: Simulator,
    price: stripe.Price,
    *,
    card: str = GOOD_CARD,
    **subscription_data: Any,
) -> str:
    """Sell *price* through Checkout; give the subscription's id."""
    sessions = simulator.client().v1.checkout.sessions
    wanted: Any = {"metadata": {}, **subscription_data}
    session = sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": price.id, "quantity": 1}],
            "success_url": "http://localhost:9/ok",
            "subscription_data": wanted,
        }
    )
    assert session.url is not None
    assert simulator.fill_in(session.url, card).status_code == 303
    return str(sessions.retrieve(session.id).subscription)


def read(simulator: Simulator, subscription_id: str) -> Json:
    """Read a subscription with its latest invoice."""
    found: Json = simulator.client().v1.subscriptions.retrieve(
        subscription_id, {"expand": ["latest_invoice"]}
    )
    return found


def item_of(subscription: Json) -> Json:
    """Give the only item."""
    (item,) = subscription["items"]["data"]
    found: Json = item
    return found
