"""A life at Stripe, written down step by step: what was told, and what one would have read then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dream_api.gateways.stripe import ChargeStanding, StripeCheckout
from tests.integration.customers.owner import Owner
from tests.integration.customers.shop import EVENT_TYPES, Shop

SIGNAL_FIELDS = ("id", "object", "metadata", "subscription", "parent", "charge")
"""What the door keeps of an event; the rest nobody reads."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event: its type, and what handlers are given of its object."""

    id: str
    type: str
    signal: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """Everything that Stripe would answer after one step, and the events that it told."""

    at: datetime
    subscriptions: Mapping[str, dict[str, Any]]
    sessions: Mapping[str, StripeCheckout]
    charges: Mapping[str, ChargeStanding]
    told: tuple[Told, ...]


@dataclass(slots=True)
class Recorder:
    """Writes down a life while a shop lives it."""

    shop: Shop
    owner: Owner
    steps: list[Step] = field(default_factory=list)
    heard: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)

    async def open(self, tier: str, user_id: str) -> tuple[str, str]:
        """Open a Checkout; give its address and id."""
        url, session_id = await self.shop.open(tier, user_id)
        self.sessions.add(session_id)
        return url, session_id

    async def note(self) -> None:
        """Write down how everything stands at Stripe, and what was told since the last time."""
        shop, account_id = self.shop, self.shop.account_id
        told = await self._told()
        listed = await self.owner.ask("GET", "/v1/subscriptions", status="all", limit=100)
        subscriptions = {
            one["id"]: await shop.stripe.get_subscription(account_id, one["id"])
            for one in listed["data"]
        }
        charges = {
            one["id"]: await shop.stripe.money_back.get(account_id, one["id"])
            for one in await self.owner.charges()
        }
        sessions = {one: await shop.stripe.get_checkout(account_id, one) for one in self.sessions}
        self.steps.append(Step(shop.clock.now(), subscriptions, sessions, charges, told))

    async def _told(self) -> tuple[Told, ...]:
        listed = await self.owner.ask("GET", "/v1/events", limit=100)
        assert len(listed["data"]) <= 100, "a step tells less than a page"
        new = [one for one in reversed(listed["data"]) if one["id"] not in self.heard]
        self.heard |= {one["id"] for one in new}
        return tuple(
            Told(one["id"], one["type"], _signal(one["data"]["object"]))
            for one in new
            if one["type"] in EVENT_TYPES
        )


def _signal(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {name: thing[name] for name in SIGNAL_FIELDS if name in thing}
