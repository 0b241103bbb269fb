"""Somebody who speaks Stripe: the simulator always, and real Stripe when there is a key for it."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.contract.sdk_shapes import violations_of
from tests.contract.sdk_types import Walker
from tests.unit.stripe_simulator.harness import running

REAL_KEY = os.environ.get("DREAM_STRIPE_TEST_SECRET_KEY", "")
IS_REAL = REAL_KEY.startswith(("sk_test_", "rk_test_")) and "simulator" not in REAL_KEY
CLOCK_PATIENCE_SECONDS = 120.0
CLOCK_POLL_SECONDS = {True: 2.0, False: 0.05}
"""How often one asks whether a test clock has arrived: real Stripe, and the simulator."""


@dataclass(frozen=True)
class Speaker:
    """Somebody who speaks Stripe, simulated or real."""

    client: stripe.StripeClient
    walker: Walker
    is_real: bool

    @property
    def v1(self) -> Any:
        """The calls; untyped, since some are wrong on purpose."""
        return self.client.v1

    def check(self, answer: Any, cls: type) -> dict[str, Any]:
        """Hold an answer, as it came over the wire, against the SDK's class."""
        body: dict[str, Any] = json.loads(answer.last_response.body)
        assert [] == violations_of(body, cls)
        return body

    def refusal(self, call: Callable[[], object]) -> stripe.StripeError:
        """Make a call that Stripe refuses; give the refusal."""
        with pytest.raises(stripe.StripeError) as caught:
            call()
        self.walker.violations.clear()  # The request may be wrong on purpose.
        return caught.value

    def price(self, amount: int = 2900, **more: Any) -> Any:
        """Create a monthly price with its product."""
        return self.v1.prices.create(
            {
                "product_data": {"name": "Contract"},
                "currency": "usd",
                "unit_amount": amount,
                "recurring": {"interval": "month"},
            }
            | more
        )

    def clock(self) -> Any:
        """Create a test clock that stands at the present."""
        return self.v1.test_helpers.test_clocks.create({"frozen_time": int(time.time())})

    def advance(self, clock: Any, seconds: int) -> None:
        """Move a test clock, and wait until it has arrived."""
        clocks = self.v1.test_helpers.test_clocks
        now = clocks.retrieve(clock.id).frozen_time
        clocks.advance(clock.id, {"frozen_time": now + seconds})
        patience_ends = time.monotonic() + CLOCK_PATIENCE_SECONDS
        while "ready" != clocks.retrieve(clock.id).status:
            assert time.monotonic() < patience_ends, "the clock did not arrive"
            time.sleep(CLOCK_POLL_SECONDS[self.is_real])

    def customer(self, card: str | None = "pm_card_visa", **more: Any) -> Any:
        """Create a customer who pays with a ready-made card."""
        customer = self.v1.customers.create(more)
        if card is not None:
            kept = self.v1.payment_methods.attach(card, {"customer": customer.id})
            settings = {"default_payment_method": kept.id}
            self.v1.customers.update(customer.id, {"invoice_settings": settings})
        return customer

    def subscribe(self, customer: Any, price: Any, **more: Any) -> Any:
        """Let a customer subscribe."""
        wanted = {"customer": customer.id, "items": [{"price": price.id}]} | more
        return self.v1.subscriptions.create(wanted)


@pytest.fixture(
    params=[
        "simulator",
        pytest.param(
            "stripe",
            marks=pytest.mark.skipif(
                not IS_REAL,
                reason="DREAM_STRIPE_TEST_SECRET_KEY is not set: REAL STRIPE WAS NOT ASKED",
            ),
        ),
    ]
)
def speaker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Speaker]:
    """Give the simulator, and real Stripe if there is a key for it."""
    walker = Walker()
    if request.param == "stripe":
        yield Speaker(stripe.StripeClient(REAL_KEY), walker, is_real=True)
        return
    with running(tmp_path, tmp_path / "clock.json", walker) as simulator:
        yield Speaker(simulator.client(), walker, is_real=False)
    assert [] == walker.violations
