"""A simulator for every test, and an oracle that has watched all of it at the end."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import stripe

from tests.contract.sdk_types import Walker
from tests.unit.stripe_simulator.harness import Receiver, Simulator, running


@pytest.fixture
def walker() -> Iterator[Walker]:
    """Give the oracle; whatever it has found wrong fails the test."""
    walker = Walker()
    yield walker
    assert [] == walker.violations


@pytest.fixture
def refusals(walker: Walker) -> None:
    """Let a test send what Stripe refuses; answers and events are still held to the types."""
    walker.checks_requests = False


@pytest.fixture
def simulator(tmp_path: Path, walker: Walker) -> Iterator[Simulator]:
    """Give a simulator of its own; at the end every event that it made is checked too."""
    with running(tmp_path / "stripe", tmp_path / "clock.json", walker) as simulator:
        yield simulator
        simulator.events()
        for account in simulator.accounts:
            with suppress(stripe.PermissionError):  # Disconnected in the meantime.
                simulator.events(account)


@pytest.fixture
def client(simulator: Simulator) -> stripe.StripeClient:
    """Give Stripe's SDK, acting on our own account."""
    return simulator.client()


@pytest.fixture
def receiver(walker: Walker) -> Iterator[Receiver]:
    """Give a webhook URL that is listened to."""
    receiver = Receiver(walker)
    yield receiver
    receiver.close()


@pytest.fixture
def price(client: stripe.StripeClient) -> stripe.Price:
    """Give a price of $29.00 a month."""
    return monthly_price(client, 2900)


def monthly_price(
    client: stripe.StripeClient, amount: int, options: stripe.RequestOptions | None = None
) -> stripe.Price:
    """Create a product and its monthly price."""
    product = client.v1.products.create({"name": f"Plan at {amount}"}, options)
    return client.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": amount,
            "recurring": {"interval": "month"},
        },
        options,
    )
