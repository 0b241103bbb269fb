"""Changing what a subscription sells (https://docs.stripe.com/billing/subscriptions/prorations)."""

from typing import Any

import pytest
import stripe

from tests.unit.stripe_simulator.conftest import monthly_price
from tests.unit.stripe_simulator.harness import DAY, Json, Simulator
from tests.unit.stripe_simulator.selling import FAILS_LATER, item_of, read, subscribe


def change(
    client: stripe.StripeClient, subscription: Json, price: stripe.Price, **how: str
) -> Json:
    """Move the only item to *price*."""
    item = {"id": item_of(subscription)["id"], "price": price.id}
    wanted: Any = {"items": [item], **how, "expand": ["latest_invoice"]}
    changed: Json = client.v1.subscriptions.update(subscription["id"], wanted)
    return changed


def test_an_upgrade_bills_the_rest_of_the_period_at_once(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``always_invoice``: credit for the old, charge for the new, by the second."""
    dearer = monthly_price(client, 9900)
    subscription = read(simulator, subscribe(simulator, price))
    item = item_of(subscription)
    whole = item["current_period_end"] - item["current_period_start"]
    simulator.advance(whole // 2)

    changed = change(client, subscription, dearer, proration_behavior="always_invoice")

    invoice = changed["latest_invoice"]
    expected = (9900 - 2900) / 2
    assert ("subscription_update", "paid") == (invoice["billing_reason"], invoice["status"])
    assert abs(invoice["amount_paid"] - expected) < 2
    assert item["current_period_end"] == item_of(changed)["current_period_end"]
    details = [line["parent"]["subscription_item_details"] for line in invoice["lines"]["data"]]
    assert [True, True] == [detail["proration"] for detail in details]


def test_a_change_is_told_of_once(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """One ``updated`` event carries the old items and the old invoice."""
    subscription = read(simulator, subscribe(simulator, price))
    before = len(simulator.events())
    change(client, subscription, monthly_price(client, 9900), proration_behavior="always_invoice")

    updated = [
        event
        for event in simulator.events()[before:]
        if event["type"] == "customer.subscription.updated"
    ]

    assert 1 == len(updated)
    assert {"items", "latest_invoice"} == set(updated[0]["data"]["previous_attributes"])


def test_a_proration_waits_for_the_next_invoice(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``create_prorations``, the default."""
    subscription = read(simulator, subscribe(simulator, price))
    changed = change(client, subscription, monthly_price(client, 9900))
    assert subscription["latest_invoice"]["id"] == changed["latest_invoice"]["id"]
    simulator.advance(32 * DAY)

    invoice = read(simulator, subscription["id"])["latest_invoice"]

    assert 3 == len(invoice["lines"]["data"])
    assert abs(invoice["total"] - (9900 + 9900 - 2900)) < 5


def test_without_proration_the_new_price_starts_with_the_next_period(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``none``: nothing is billed now and nothing is made up for later."""
    subscription = read(simulator, subscribe(simulator, price))
    change(client, subscription, monthly_price(client, 900), proration_behavior="none")
    simulator.advance(32 * DAY)

    assert 900 == read(simulator, subscription["id"])["latest_invoice"]["total"]


def test_a_declined_upgrade_changes_nothing(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``error_if_incomplete``: 402, and price and invoice are what they were."""
    subscription = read(simulator, subscribe(simulator, price, card=FAILS_LATER))

    with pytest.raises(stripe.CardError):
        change(
            client,
            subscription,
            monthly_price(client, 9900),
            proration_behavior="always_invoice",
            payment_behavior="error_if_incomplete",
        )

    after = read(simulator, subscription["id"])
    assert subscription == after


def test_a_downgrade_at_once_leaves_a_credit_for_later(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """A negative invoice becomes balance, which the next invoice uses up."""
    dear, cheap = monthly_price(client, 9900), monthly_price(client, 2900)
    subscription = read(simulator, subscribe(simulator, dear))
    changed = change(client, subscription, cheap, proration_behavior="always_invoice")
    assert -7000 == client.v1.customers.retrieve(subscription["customer"]).balance
    assert 0 == changed["latest_invoice"]["amount_due"]
    simulator.advance(32 * DAY)

    invoice = read(simulator, subscription["id"])["latest_invoice"]

    assert (2900, 0, -4100) == (
        invoice["total"],
        invoice["amount_due"],
        invoice["ending_balance"],
    )


def test_who_has_an_archived_price_keeps_it(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Quantity and notes still change; whoever left the price cannot come back to it."""
    subscription = read(simulator, subscribe(simulator, price))
    client.v1.prices.update(price.id, {"active": False})
    item_id = item_of(subscription)["id"]

    more = client.v1.subscriptions.update(
        subscription["id"], {"items": [{"id": item_id, "price": price.id, "quantity": 2}]}
    )
    change(client, subscription, monthly_price(client, 9900))

    assert 2 == more["items"].data[0].quantity
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        change(client, subscription, price)


def test_a_customer_pays_in_one_currency(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/billing/customer: until what runs has ended."""
    in_euro = client.v1.prices.create(
        {
            "product": str(price.product),
            "currency": "eur",
            "unit_amount": 2900,
            "recurring": {"interval": "month"},
        }
    )
    customer = read(simulator, subscribe(simulator, price))["customer"]

    with pytest.raises(stripe.InvalidRequestError, match="cannot combine currencies"):
        client.v1.subscriptions.create(
            {
                "customer": customer,
                "items": [{"price": in_euro.id}],
                "payment_behavior": "default_incomplete",
            }
        )


def test_another_interval_starts_a_new_period_now(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """From monthly to yearly: credit, a whole year billed, a new anchor."""
    yearly = client.v1.prices.create(
        {
            "product": str(price.product),
            "currency": "usd",
            "unit_amount": 29_000,
            "recurring": {"interval": "year"},
        }
    )
    subscription = read(simulator, subscribe(simulator, price))

    changed = change(client, subscription, yearly)

    assert 26_100 == changed["latest_invoice"]["amount_paid"]
    assert item_of(changed)["current_period_start"] == changed["billing_cycle_anchor"]
    assert item_of(changed)["current_period_end"] - changed["billing_cycle_anchor"] >= 365 * DAY


def test_a_preview_says_what_the_change_will_cost(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/invoices/create_preview: and stores nothing."""
    dearer = monthly_price(client, 9900)
    subscription = read(simulator, subscribe(simulator, price))
    before = simulator.types()
    item: Any = {"id": item_of(subscription)["id"], "price": dearer.id}

    preview = client.v1.invoices.create_preview(
        {
            "subscription": subscription["id"],
            "subscription_details": {
                "items": [item],
                "proration_behavior": "always_invoice",
            },
        }
    )

    assert before == simulator.types()
    assert subscription == read(simulator, subscription["id"])
    changed = change(client, subscription, dearer, proration_behavior="always_invoice")
    assert abs(preview.amount_due - changed["latest_invoice"]["amount_due"]) < 5


def test_a_preview_without_a_change_is_the_next_renewal(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """It bills the period that follows."""
    subscription = read(simulator, subscribe(simulator, price))

    preview = client.v1.invoices.create_preview({"subscription": subscription["id"]})

    assert 2900 == preview.amount_due
    assert item_of(subscription)["current_period_end"] == preview.lines.data[0].period.start


def test_a_trial_can_be_ended_now(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``trial_end=now`` bills the first period at once."""
    subscription_id = subscribe(simulator, price, trial_period_days=14)
    changed: Json = client.v1.subscriptions.update(
        subscription_id, {"trial_end": "now", "expand": ["latest_invoice"]}
    )

    assert ("active", 2900) == (changed["status"], changed["latest_invoice"]["amount_paid"])


def test_a_trial_can_be_made_longer(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Nothing is billed before the new end, and the warning comes three days before that."""
    subscription_id = subscribe(simulator, price, trial_period_days=14)
    trial_end = read(simulator, subscription_id)["trial_end"] + 7 * DAY

    longer: Json = client.v1.subscriptions.update(subscription_id, {"trial_end": trial_end})
    simulator.advance(15 * DAY)
    still = read(simulator, subscription_id)
    simulator.advance(7 * DAY)
    over = read(simulator, subscription_id)

    assert ("trialing", trial_end, trial_end) == (
        longer["status"],
        longer["trial_end"],
        item_of(longer)["current_period_end"],
    )
    assert ("trialing", "active") == (still["status"], over["status"])
    warnings = [
        event
        for event in simulator.events()
        if event["type"] == "customer.subscription.trial_will_end"
    ]
    assert 1 == len(warnings)


@pytest.mark.parametrize(("proration", "credit"), [("none", 0), ("create_prorations", -2900)])
def test_a_running_subscription_can_be_given_free_days(
    simulator: Simulator,
    client: stripe.StripeClient,
    price: stripe.Price,
    proration: Any,
    credit: int,
) -> None:
    """Its cycle begins anew when they end; what was paid for and not used waits as a credit."""
    subscription_id = subscribe(simulator, price)
    trial_end = item_of(read(simulator, subscription_id))["current_period_start"] + 14 * DAY

    trialing: Json = client.v1.subscriptions.update(
        subscription_id, {"trial_end": trial_end, "proration_behavior": proration}
    )
    simulator.advance(14 * DAY + 3600)
    after = client.v1.subscriptions.retrieve(subscription_id, {"expand": ["latest_invoice"]})
    invoice: Any = after.latest_invoice

    assert ("trialing", trial_end) == (trialing["status"], trialing["billing_cycle_anchor"])
    assert "active" == after.status
    assert abs(invoice.total - (2900 + credit)) < 5


def test_a_trial_does_not_end_in_the_past(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Refused, and nothing changes."""
    subscription_id = subscribe(simulator, price, trial_period_days=14)
    before = read(simulator, subscription_id)

    for moment in (before["created"] - DAY, before["created"] + 800 * DAY):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.subscriptions.update(subscription_id, {"trial_end": moment})

    assert before == read(simulator, subscription_id)
