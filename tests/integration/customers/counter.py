"""The shop as its owner sees it, and the same shop over a wire to Stripe that breaks."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from dream_api.gateways.stripe import Stripe
from tests.integration.customers.owner import Owner
from tests.integration.customers.shop import Shop
from tests.stripe_faults import FaultyStripe, faulty
from tests.stripe_server import TEST_KEY, gateway


@dataclass
class Counter:
    """The shop as its owner sees it, and the same shop over a wire that breaks."""

    shop: Shop
    broken: Shop
    wire: FaultyStripe
    owner: Owner
    numbers: Any = field(default_factory=itertools.count)

    def name(self) -> str:
        """Name somebody new."""
        return f"u_{next(self.numbers)}"

    async def subscriber(self, tier: str) -> str:
        """Let somebody new subscribe."""
        user_id = self.name()
        await self.shop.subscribe(tier, user_id)
        return user_id

    async def agrees(self, user_id: str, *allowed: tuple[str, int]) -> None:
        """Check that table, usage row and revenue say the same, one of what is allowed."""
        row, decision = await self.shop.row(user_id), await self.shop.decision(user_id)
        assert row.plan == decision.plan, "the usage row follows the table"
        assert (row.plan, row.mrr_cents) in allowed

    async def charges_of(self, user_id: str) -> list[int]:
        """List what was charged, the oldest first."""
        customer = (await self.shop.user(user_id)).stripe_customer_id
        found = await self.owner.ask("GET", "/v1/charges", customer=customer, limit=100)
        return [charge["amount"] for charge in reversed(found["data"])]

    async def open_sessions_of(self, user_id: str) -> list[str]:
        """List where somebody could pay at Stripe, whether we know of it or not."""
        found = await self.owner.ask("GET", "/v1/checkout/sessions", status="open", limit=100)
        return [one["id"] for one in found["data"] if one["client_reference_id"] == user_id]

    async def subscriptions_of(self, user_id: str) -> list[dict[str, Any]]:
        """List what runs at Stripe for somebody."""
        found = await self.owner.ask("GET", "/v1/subscriptions", limit=100)
        wanted = ("metadata", "dreamapi_user_id")
        return [one for one in found["data"] if one[wanted[0]].get(wanted[1]) == user_id]


@pytest.fixture
async def counter(
    shop: Shop, owner: Owner, stripe_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Counter]:
    """Open the shop a second time, over a wire that breaks."""
    async with faulty(stripe_url, monkeypatch) as wire, gateway(wire.url, TEST_KEY) as stripe:
        assert isinstance(stripe, Stripe)
        yield Counter(shop, shop.without_stripe(stripe), wire, owner)
