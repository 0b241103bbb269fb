"""The life of a subscription: what time does to it, and how it ends.

https://docs.stripe.com/billing/subscriptions/overview
"""

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from stripe_simulator.billing.periods import boundary_after
from tests.unit.stripe_simulator.harness import DAY, Json, Simulator
from tests.unit.stripe_simulator.selling import FAILS_LATER, HOUR, item_of, read, subscribe


def test_a_subscription_renews_at_the_boundary_of_its_period(
    simulator: Simulator, price: stripe.Price
) -> None:
    """The next period starts where the last ended; its invoice is drafted, then paid."""
    subscription_id = subscribe(simulator, price)
    before = item_of(read(simulator, subscription_id))
    simulator.advance(before["current_period_end"] - before["current_period_start"])

    drafted = read(simulator, subscription_id)
    simulator.advance(HOUR)
    paid = read(simulator, subscription_id)

    assert before["current_period_end"] == item_of(drafted)["current_period_start"]
    assert ("draft", "subscription_cycle") == (
        drafted["latest_invoice"]["status"],
        drafted["latest_invoice"]["billing_reason"],
    )
    assert ("paid", 2900) == (
        paid["latest_invoice"]["status"],
        paid["latest_invoice"]["amount_paid"],
    )


def test_a_leap_of_months_bills_each_of_them_at_its_own_date(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Four periods, four invoices, each created at its boundary."""
    subscription_id = subscribe(simulator, price)
    simulator.advance(100 * DAY)

    invoices = client.v1.invoices.list({"subscription": subscription_id}).data[::-1]

    starts = [invoice.lines.data[0].period.start for invoice in invoices]
    assert 4 == len(invoices)
    assert starts == [invoice.created for invoice in invoices]
    assert {"paid"} == {str(invoice.status) for invoice in invoices}


def test_a_first_invoice_has_no_period_of_its_own(
    simulator: Simulator, price: stripe.Price
) -> None:
    """``period_start == period_end``; what was paid for stands on the line."""
    subscription = read(simulator, subscribe(simulator, price))
    invoice, item = subscription["latest_invoice"], item_of(subscription)

    assert invoice["period_start"] == invoice["period_end"]
    assert {"start": item["current_period_start"], "end": item["current_period_end"]} == dict(
        invoice["lines"]["data"][0]["period"]
    )


def test_a_trial_ends_with_the_first_bill(simulator: Simulator, price: stripe.Price) -> None:
    """A warning three days before, then active and billed."""
    subscription_id = subscribe(simulator, price, trial_period_days=14)
    simulator.advance(11 * DAY)
    simulator.client().v1.subscriptions.retrieve(subscription_id)
    assert "customer.subscription.trial_will_end" in simulator.types()
    simulator.advance(3 * DAY + HOUR)

    subscription = read(simulator, subscription_id)

    assert ("active", "paid", 2900) == (
        subscription["status"],
        subscription["latest_invoice"]["status"],
        subscription["latest_invoice"]["amount_paid"],
    )


def test_a_failed_renewal_is_past_due_and_retried(
    simulator: Simulator, price: stripe.Price
) -> None:
    """The invoice stays open and says when the next attempt is."""
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    simulator.advance(31 * DAY + HOUR)

    subscription = read(simulator, subscription_id)

    invoice = subscription["latest_invoice"]
    assert ("past_due", "open", 1) == (
        subscription["status"],
        invoice["status"],
        invoice["attempt_count"],
    )
    assert invoice["next_payment_attempt"] > invoice["created"]
    assert "invoice.payment_failed" in simulator.types()


def test_after_the_last_retry_the_subscription_ends(
    simulator: Simulator, price: stripe.Price
) -> None:
    """https://docs.stripe.com/billing/revenue-recovery/smart-retries: cancelled by default."""
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    simulator.advance(31 * DAY + HOUR + 15 * DAY)

    subscription = read(simulator, subscription_id)

    assert ("canceled", "payment_failed") == (
        subscription["status"],
        subscription["cancellation_details"]["reason"],
    )
    assert 4 == subscription["latest_invoice"]["attempt_count"]


def test_a_new_card_brings_a_past_due_subscription_back(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Paying the open invoice makes it active again."""
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    simulator.advance(31 * DAY + HOUR)
    past_due = read(simulator, subscription_id)
    with pytest.raises(stripe.CardError):
        client.v1.invoices.pay(past_due["latest_invoice"]["id"])
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": past_due["customer"]})
    client.v1.subscriptions.update(subscription_id, {"default_payment_method": card.id})

    paid = client.v1.invoices.pay(past_due["latest_invoice"]["id"])

    assert ("paid", 3) == (paid.status, paid.attempt_count)
    assert "active" == read(simulator, subscription_id)["status"]


# Ending


def test_cancelling_at_period_end_keeps_it_until_then(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``cancel_at`` says when; then one ``deleted`` event and no further invoice."""
    subscription_id = subscribe(simulator, price)
    scheduled: Json = client.v1.subscriptions.update(
        subscription_id, {"cancel_at_period_end": True}
    )
    end = item_of(scheduled)["current_period_end"]
    assert ("active", end) == (scheduled["status"], scheduled["cancel_at"])
    simulator.advance(32 * DAY)

    ended = read(simulator, subscription_id)

    assert ("canceled", end, "cancellation_requested") == (
        ended["status"],
        ended["ended_at"],
        ended["cancellation_details"]["reason"],
    )
    assert "subscription_create" == ended["latest_invoice"]["billing_reason"]
    assert 1 == simulator.types().count("customer.subscription.deleted")


def test_the_wish_to_cancel_shows_in_previous_attributes(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Only what changed, nested parts in part."""
    subscription_id = subscribe(simulator, price)
    client.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": True})

    event = simulator.events()[-1]

    assert {
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"reason": None},
    } == event["data"]["previous_attributes"]


def test_the_wish_to_cancel_can_be_taken_back(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Then it renews as if nothing had been."""
    subscription_id = subscribe(simulator, price)
    client.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": True})
    client.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": False})
    simulator.advance(32 * DAY)

    assert "active" == read(simulator, subscription_id)["status"]


def test_a_cancelled_subscription_cannot_be_cancelled_again(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """It can be read; for changes it is missing."""
    subscription_id = subscribe(simulator, price)
    client.v1.subscriptions.cancel(subscription_id)

    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        client.v1.subscriptions.cancel(subscription_id)
    assert "canceled" == read(simulator, subscription_id)["status"]


def test_ended_subscriptions_are_listed_only_on_demand(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/subscriptions/list: ``status=all`` shows them."""
    subscription_id = subscribe(simulator, price)
    client.v1.subscriptions.cancel(subscription_id)

    filters: list[Any] = [{}, {"status": "all"}, {"status": "canceled"}, {"status": "active"}]
    counts = [len(client.v1.subscriptions.list(wanted).data) for wanted in filters]

    assert [0, 1, 1, 0] == counts


def test_deleting_a_customer_cancels_what_they_have(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/customers/delete."""
    subscription_id = subscribe(simulator, price)
    client.v1.customers.delete(read(simulator, subscription_id)["customer"])

    assert "canceled" == read(simulator, subscription_id)["status"]


@pytest.mark.parametrize(
    ("anchor", "moment", "interval", "expected"),
    [
        ("2026-01-31", "2026-01-31", "month", "2026-02-28"),
        ("2026-01-31", "2026-02-28", "month", "2026-03-31"),
        ("2024-02-29", "2024-02-29", "year", "2025-02-28"),
        ("2024-02-29", "2027-02-28", "year", "2028-02-29"),
        ("2026-01-01", "2026-01-05", "week", "2026-01-08"),
        ("2026-01-01", "2026-01-01", "day", "2026-01-02"),
    ],
)
def test_boundaries_keep_the_anchors_day(
    anchor: str, moment: str, interval: str, expected: str
) -> None:
    """https://docs.stripe.com/billing/subscriptions/billing-cycle: clamped, never drifting."""

    def at(day: str) -> int:
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())

    recurring = {"interval": interval, "interval_count": 1}

    assert at(expected) == boundary_after(at(anchor), at(moment), recurring)
