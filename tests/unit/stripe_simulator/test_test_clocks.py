"""Test clocks (https://docs.stripe.com/billing/testing/test-clocks)."""

import time
from typing import Any

import pytest
import stripe

from tests.unit.stripe_simulator.harness import DAY, Receiver, Simulator
from tests.unit.stripe_simulator.selling import item_of, read

START = 1_700_000_000
PATIENCE_SECONDS = 10.0


@pytest.fixture
def clock(client: stripe.StripeClient) -> Any:
    """Give a clock that stands in the past."""
    return client.v1.test_helpers.test_clocks.create({"frozen_time": START, "name": "a life"})


@pytest.fixture
def subscription(client: stripe.StripeClient, price: stripe.Price, clock: Any) -> Any:
    """Give a subscription of a customer who lives by the clock."""
    customer = client.v1.customers.create({"email": "g@example.com", "test_clock": clock.id})
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    return client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "default_payment_method": card.id,
        }
    )


def advance(client: stripe.StripeClient, clock: Any, moment: int) -> None:
    """Send a clock on and wait until it has arrived."""
    clocks = client.v1.test_helpers.test_clocks
    assert "advancing" == clocks.advance(clock.id, {"frozen_time": moment}).status
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while clocks.retrieve(clock.id).status != "ready":
        assert time.monotonic() < patience_ends, "the clock never arrived"
    assert moment == clocks.retrieve(clock.id).frozen_time


def test_whoever_lives_by_a_clock_is_dated_by_it(
    client: stripe.StripeClient, clock: Any, subscription: Any
) -> None:
    """Customer, subscription and invoice carry its time and its name."""
    invoice = client.v1.invoices.retrieve(str(subscription.latest_invoice))

    assert [START, START] == [subscription.created, invoice.created]
    assert [clock.id, clock.id] == [subscription.test_clock, invoice.test_clock]


def test_moving_a_clock_renews_what_lives_by_it_and_nothing_else(
    simulator: Simulator,
    client: stripe.StripeClient,
    price: stripe.Price,
    clock: Any,
    subscription: Any,
) -> None:
    """Two months bring two renewals there, at their own dates; the world outside stands still."""
    customer = client.v1.customers.create({"email": "outside@example.com"})
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    outside = client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}], "default_payment_method": card.id}
    )
    advance(client, clock, START + 62 * DAY)
    invoices = client.v1.invoices.list({"subscription": subscription.id}).data[::-1]

    assert 3 == len(invoices)
    assert [one.lines.data[0].period.start for one in invoices] == [one.created for one in invoices]
    assert {"paid"} == {str(one.status) for one in invoices}
    assert 1 == len(client.v1.invoices.list({"subscription": outside.id}).data)
    assert item_of(read(simulator, outside.id))["current_period_end"] > START + 62 * DAY


def test_what_happens_on_a_clock_is_told_at_once(
    client: stripe.StripeClient, receiver: Receiver, clock: Any, subscription: Any
) -> None:
    """Also where the clock is far from today."""
    client.v1.webhook_endpoints.create(
        {
            "url": receiver.url,
            "enabled_events": ["invoice.paid", "test_helpers.test_clock.ready"],
        }
    )
    advance(client, clock, START + 32 * DAY)

    assert (
        subscription.id
        == receiver.wait_for("invoice.paid").event["data"]["object"]["parent"][
            "subscription_details"
        ]["subscription"]
    )
    assert (
        clock.id == receiver.wait_for("test_helpers.test_clock.ready").event["data"]["object"]["id"]
    )


@pytest.mark.parametrize(
    ("moment", "words"),
    [(START, "forward"), (START - DAY, "forward"), (START + 70 * DAY, "two intervals")],
)
@pytest.mark.usefixtures("subscription")
def test_a_clock_moves_forward_and_not_too_far(
    client: stripe.StripeClient, clock: Any, moment: int, words: str
) -> None:
    """At most two intervals of the shortest subscription on it."""
    with pytest.raises(stripe.InvalidRequestError, match=words):
        client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": moment})


@pytest.mark.usefixtures("subscription")
def test_a_clock_has_three_customers(client: stripe.StripeClient, clock: Any) -> None:
    """The fourth is refused."""
    for _ in range(2):
        client.v1.customers.create({"test_clock": clock.id})

    with pytest.raises(stripe.InvalidRequestError, match="at most 3 customers"):
        client.v1.customers.create({"test_clock": clock.id})


def test_deleting_a_clock_ends_what_lives_by_it(
    client: stripe.StripeClient, clock: Any, subscription: Any
) -> None:
    """Customers go, and their subscriptions are cancelled."""
    client.v1.test_helpers.test_clocks.delete(clock.id)

    assert "canceled" == client.v1.subscriptions.retrieve(subscription.id).status
    assert client.v1.customers.retrieve(str(subscription.customer)).deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        client.v1.test_helpers.test_clocks.retrieve(clock.id)


def test_a_checkout_of_such_a_customer_happens_at_their_time(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price, clock: Any
) -> None:
    """Session, page and subscription all live by the clock."""
    customer = client.v1.customers.create({"email": "g@example.com", "test_clock": clock.id})
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": price.id, "quantity": 1}],
            "success_url": "http://localhost:9/ok",
        }
    )
    simulator.fill_in(str(session.url))
    paid = client.v1.checkout.sessions.retrieve(session.id)

    assert START == client.v1.subscriptions.retrieve(str(paid.subscription)).created
