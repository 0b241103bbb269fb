"""A life again, as often as one likes: our rooms in memory, and a Stripe that is a recording.

The rooms, their SQL and the schema are the product's own; only the disk is left out. Stripe
answers what it would have answered at each step, after a moment in which others go on.
"""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, text

from dream_api.customers.end_users import EndUsers, SubscriptionStanding
from dream_api.customers.platforms import Platforms, TierConfig
from dream_api.customers.subscriptions import Subscription, Subscriptions, UserBusy
from dream_api.customers.subscriptions.model import (
    ENDED,
    combine,
    invoiced_subscription,
    read_subscription,
)
from dream_api.customers.subscriptions.revenue import revenue_of, steps_between
from dream_api.gateways.stripe import (
    ChargeStanding,
    ConnectedAccount,
    Stripe,
    StripeCheckout,
    StripeModes,
    StripeNotFound,
)
from dream_api.shared.inbox import EventQuarantined, InboxEvent, InboxState
from dream_api.shared.inbox.model import ATTEMPTS_MAX
from dream_api.stores import KeyValue
from tests.integration.customers.memory_store import MemoryStore
from tests.integration.customers.recording import Step, Told

T = TypeVar("T")

PAUSES_MAX = 6
"""Turns of the loop that an answer of Stripe's may take."""
AT_ONCE_MAX = 3
"""Events that workers handle side by side."""
DELAY_STEPS_MAX = 4
KEPT_TABLES = ("users", "customer_usage_kv", "subscriptions", "subscriptions_charges")
UNCOMPARED = frozenset({"checked_at", "last_active"})


@dataclass(slots=True)
class StoppedClock:
    """Tells the moment of the step."""

    moment: datetime

    def now(self) -> datetime:
        """Give the moment."""
        return self.moment


@dataclass(slots=True)
class RecordedStripe:
    """Answers like Stripe at one step of a recording, and takes its time.

    Attributes:
        believes_events: answers what stood when the event was made: a mirror that reads payloads.
    """

    steps: Sequence[Step]
    chance: random.Random
    at: int = 0
    pauses_max: int = PAUSES_MAX
    believes_events: bool = False
    told_at: int = 0

    async def get_subscription(self, _account: str | None, subscription_id: str) -> dict[str, Any]:
        """Read a subscription as it stood when the question came in."""
        told_at = self.told_at
        await self.take_time()
        step = self.steps[told_at if self.believes_events else self.at]
        await self.take_time()
        return _found(step.subscriptions, subscription_id)

    async def get_checkout(self, _account: str | None, session_id: str) -> StripeCheckout:
        """Read a Checkout session."""
        await self.take_time()
        step = self.steps[self.at]
        await self.take_time()
        return _found(step.sessions, session_id)

    async def list_subscriptions(self, _account: str | None, customer: str) -> list[dict[str, Any]]:
        """List the subscriptions of a customer."""
        return [one for one in self._subscriptions if one["customer"] == customer]

    async def list_running(
        self,
        _account: str | None,
        _after: str | None = None,
        *,
        ended_of: datetime | None = None,
    ) -> list[dict[str, Any]]:
        """List what runs, or what has ended, on one page."""
        wants_ended = ended_of is not None
        return [one for one in self._subscriptions if (one["status"] in ENDED) is wants_ended]

    async def get_account(self, account: str) -> ConnectedAccount:
        """Read the account, which is in order."""
        return ConnectedAccount(account, "Shop", None, "US", charges_enabled=True)

    @property
    def money_back(self) -> "RecordedStripe":
        """Give itself, which knows the charges too."""
        return self

    async def get(self, _account: str | None, charge_id: str) -> ChargeStanding:
        """Read a charge."""
        await self.take_time()
        step = self.steps[self.at]
        await self.take_time()
        return _found(step.charges, charge_id)

    async def list_since(self, _account: str | None, _since: datetime) -> list[ChargeStanding]:
        """List the charges of which money went back, or that are disputed."""
        charges = self.steps[self.at].charges.values()
        return [one for one in charges if one.refunded_cents or one.dispute_status]

    @property
    def _subscriptions(self) -> list[dict[str, Any]]:
        return list(self.steps[self.at].subscriptions.values())

    async def take_time(self) -> None:
        """Let others go on."""
        for _ in range(self.chance.randint(0, self.pauses_max)):
            await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One arrival of an event, while Stripe is at some step."""

    at: int
    order: float
    made_at: int
    told: Told


@dataclass(slots=True)
class Replay:
    """Our side of a recorded life.

    Attributes:
        is_compared: whether Stripe is asked at night where events may be lost.
    """

    platform_id: str
    store: MemoryStore
    steps: Sequence[Step]
    pauses_max: int = PAUSES_MAX
    believes_events: bool = False
    is_compared: bool = True
    delay_steps_max: int = DELAY_STEPS_MAX
    stripe: RecordedStripe = field(init=False)
    subscriptions: Subscriptions = field(init=False)
    clock: StoppedClock = field(init=False)

    async def in_order(self) -> dict[str, Any]:
        """Hear every event once, at its step, one after the other; give what stands then."""
        with self.store.forgetting():
            self._begin(random.Random(0))  # noqa: S311 - a seed, no secret.
            await self._live(_in_order(self.steps), at_once_max=1)
            return await self.standing()

    async def shuffled(self, seed: int, *, drop: float) -> dict[str, Any]:
        """Hear events late, twice, in any order, or never; give what stands in the end.

        Where events may be dropped, Stripe is asked at night, as always.
        """
        chance = random.Random(seed)  # noqa: S311 - a seed, no secret.
        deliveries = list(shuffle(self.steps, chance, drop, self.delay_steps_max))
        with self.store.forgetting():
            self._begin(chance)
            await self._live(deliveries, at_once_max=AT_ONCE_MAX)
            if drop and self.is_compared:
                await self.subscriptions.reconcile(self.platform_id)
            return await self.standing()

    async def drifts(self) -> int:
        """Hear everything in order; give what a comparison with Stripe still finds."""
        with self.store.forgetting():
            self._begin(random.Random(0))  # noqa: S311 - a seed, no secret.
            await self._live(_in_order(self.steps), at_once_max=1)
            return len((await self.subscriptions.reconcile(self.platform_id)).drifts)

    async def standing(self) -> dict[str, Any]:
        """Read all that a life leaves behind, and what its movements of revenue add up to."""

        def look(connection: Connection) -> dict[str, Any]:
            moved = "SELECT currency, sum(amount_cents) FROM subscriptions_movements GROUP BY 1"
            sums = {name: cents for name, cents in connection.execute(text(moved)) if cents}
            return {"moved": sums} | {table: _rows(connection, table) for table in KEPT_TABLES}

        return await self.store.read(look)

    def _begin(self, chance: random.Random) -> None:
        self.clock = StoppedClock(self.steps[0].at)
        self.stripe = RecordedStripe(
            self.steps, chance, pauses_max=self.pauses_max, believes_events=self.believes_events
        )
        tokens = KeyValue("CUSTOMER_TOKENS_KV", self.clock)
        self.subscriptions = Subscriptions(
            self.store,
            Platforms(self.store, tokens),
            EndUsers(self.store, tokens, self.clock),
            StripeModes(live=None, test=cast("Stripe", self.stripe)),
            self.clock,
            "http://localhost",
        )

    async def _live(self, deliveries: list[Delivery], *, at_once_max: int) -> None:
        """Let Stripe go from step to step, whether what arrived is handled or still on its way."""
        under_way: set[asyncio.Task[None]] = set()
        for at in range(len(self.steps)):
            self._advance(at)
            for delivery in sorted((one for one in deliveries if one.at == at), key=_order):
                under_way.add(asyncio.create_task(self._hear(delivery)))
                if len(under_way) >= at_once_max:
                    done, under_way = await asyncio.wait(
                        under_way, return_when=asyncio.FIRST_COMPLETED
                    )
                    await asyncio.gather(*done)
            if at_once_max > 1:
                await self.stripe.take_time()
        await asyncio.gather(*under_way)

    def _advance(self, at: int) -> None:
        self.stripe.at = at
        self.clock.moment = self.steps[at].at

    async def _hear(self, delivery: Delivery) -> None:
        told, now = delivery.told, self.clock.now()
        self.stripe.told_at = delivery.made_at
        event = InboxEvent(
            id=told.id, source="stripe:test", event_id=told.id, event_type=told.type,
            platform_id=self.platform_id, account=None, payload=told.signal,
            state=InboxState.PENDING, attempts=1, received_at=now, due_at=now,
            finished_at=None, reason=None,
        )  # fmt: skip
        for _ in range(ATTEMPTS_MAX):
            try:
                return await self.subscriptions.on_event(event)
            except EventQuarantined:
                return None
            except UserBusy:
                continue  # Time went on by a month, so that the lease ran out: as in the inbox.
        raise AssertionError("the event was never handled")


def shuffle(
    steps: Sequence[Step],
    chance: random.Random,
    drop: float,
    delay_steps_max: int = DELAY_STEPS_MAX,
) -> Iterator[Delivery]:
    """Let events arrive late, twice, in any order, or never."""
    last = len(steps) - 1
    for made_at, step in enumerate(steps):
        for told in step.told:
            if chance.random() < drop:
                continue
            for _ in range(chance.choice((1, 1, 2))):
                at = min(last, made_at + chance.randint(0, delay_steps_max))
                yield Delivery(at, chance.random(), made_at, told)


def _in_order(steps: Sequence[Step]) -> list[Delivery]:
    return [
        Delivery(made_at, number, made_at, told)
        for made_at, step in enumerate(steps)
        for number, told in enumerate(step.told)
    ]


def rules_alone(
    steps: Sequence[Step], tiers: TierConfig, seed: int, *, believes_events: bool = False
) -> tuple[SubscriptionStanding, dict[str, int]]:
    """Hear a shuffled life by the pure rules alone: no store, no locks, thousands in a second.

    Nothing is lost here. Gives what the subscriptions come to, and what their movements add up to.
    """
    chance = random.Random(seed)  # noqa: S311 - a seed, no secret.
    known: dict[str, Subscription] = {}
    moved: dict[str, int] = {}
    for delivery in sorted(shuffle(steps, chance, 0), key=lambda one: (one.at, one.order)):
        stood = steps[delivery.made_at if believes_events else delivery.at]
        subscription_id = _subscription_of(delivery.told, stood)
        if subscription_id is None:
            continue
        found, before = stood.subscriptions[subscription_id], revenue_of(known.values())
        known[subscription_id] = read_subscription(
            found, "pk_test_1", "u_1", tiers, known.get(subscription_id)
        )
        for _, cents, currency in steps_between(before, revenue_of(known.values())):
            moved[currency] = moved.get(currency, 0) + cents
    standing = combine(list(known.values()), now=steps[-1].at)
    return standing, {name: cents for name, cents in moved.items() if cents}


def _subscription_of(told: Told, stood: Step) -> str | None:
    signal = told.signal
    if told.type.startswith("checkout.session."):
        return stood.sessions[signal["id"]].subscription
    if told.type.startswith("invoice."):
        return invoiced_subscription(signal)
    return signal["id"] if told.type.startswith("customer.subscription.") else None


def _rows(connection: Connection, table: str) -> list[dict[str, Any]]:
    rows = connection.execute(text(f"SELECT * FROM {table}")).mappings()  # noqa: S608 - our own names.
    kept = [{name: row[name] for name in row if name not in UNCOMPARED} for row in rows]
    return sorted(kept, key=repr)


def _order(delivery: Delivery) -> float:
    return delivery.order


def _found(things: Mapping[str, T], name: str) -> T:
    if name not in things:
        raise StripeNotFound(f"No such object: {name}")
    return things[name]
