"""Subscriptions created through the API (https://docs.stripe.com/api/subscriptions/create)."""

import pytest
import stripe

from tests.unit.stripe_simulator.harness import DAY, Simulator
from tests.unit.stripe_simulator.selling import HOUR, item_of, read, subscribe


def customer_with(client: stripe.StripeClient, card: str) -> stripe.Customer:
    """Create a customer whose default card is *card*."""
    customer = client.v1.customers.create({"email": "grace@example.com"})
    kept = client.v1.payment_methods.attach(card, {"customer": customer.id})
    return client.v1.customers.update(
        customer.id, {"invoice_settings": {"default_payment_method": kept.id}}
    )


def test_a_customer_with_a_card_is_subscribed_at_once(
    client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/subscriptions/create."""
    customer = customer_with(client, "pm_card_visa")
    created = client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id, "quantity": 2}]}
    )

    items = client.v1.subscription_items.list({"subscription": created.id}).data
    assert ("active", 2) == (created.status, items[0].quantity)


def test_a_customer_without_a_card_is_not(client: stripe.StripeClient, price: stripe.Price) -> None:
    """Stripe's own words."""
    customer = client.v1.customers.create({})

    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})


def test_an_unpaid_start_is_incomplete_for_23_hours(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Then it has expired, and its invoice is void."""
    customer = customer_with(client, "pm_card_chargeCustomerFail")
    created = client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}]}
    )
    assert "incomplete" == created.status
    simulator.advance(23 * HOUR)

    expired = read(simulator, created.id)

    assert ("incomplete_expired", "void") == (
        expired["status"],
        expired["latest_invoice"]["status"],
    )


def test_an_unpaid_start_can_be_refused_as_a_whole(
    client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``error_if_incomplete`` leaves nothing behind."""
    customer = customer_with(client, "pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        client.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": price.id}],
                "payment_behavior": "error_if_incomplete",
            }
        )

    assert [] == client.v1.subscriptions.list({"status": "all"}).data


def test_a_coupon_for_once_is_gone_after_one_invoice(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/billing/subscriptions/coupons: duration ``once``."""
    coupon = client.v1.coupons.create({"amount_off": 900, "currency": "usd", "duration": "once"})
    customer = customer_with(client, "pm_card_visa")
    created = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "discounts": [{"coupon": coupon.id}],
        }
    )
    first = read(simulator, created.id)["latest_invoice"]["amount_paid"]
    simulator.advance(32 * DAY)

    assert (2000, 2900) == (first, read(simulator, created.id)["latest_invoice"]["amount_paid"])


def test_an_items_price_is_shown_as_it_is_now(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """An archived price is archived wherever it shows; what it costs never changes."""
    subscription_id = subscribe(simulator, price)
    client.v1.prices.update(price.id, {"active": False, "metadata": {"tier": "pro"}})

    shown = item_of(read(simulator, subscription_id))["price"]

    assert (False, {"tier": "pro"}, 2900) == (
        shown["active"],
        dict(shown["metadata"]),
        shown["unit_amount"],
    )
