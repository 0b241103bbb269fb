"""Stripe fails at each call of each verb of end users: nothing half done, and a repeat finishes it.

Slow, 429, 500, half an answer, none at all, and done without saying so.
"""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from dream_api.gateways.stripe import Stripe, StripeUnavailable
from tests.integration.customers.owner import Owner
from tests.integration.customers.shop import Shop
from tests.stripe_faults import FaultyStripe, Outage, Verb, faulty, walk_every_outage
from tests.stripe_server import TEST_KEY, gateway

RETURN_URL = "https://app.example/account"
LOST_SECONDS = 601


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


async def test_a_checkout_survives_every_outage(counter: Counter) -> None:
    """Until it is opened nobody has an address to pay at; afterwards one session is on record."""
    broken, shop = counter.broken, counter.shop

    async def on_record(user_id: str) -> list[str]:
        sql = "SELECT status FROM subscriptions_checkouts WHERE user_id = ?"
        return await shop.bindings.customers.read(
            lambda c: [row[0] for row in c.exec_driver_sql(sql, (user_id,))]
        )

    async def prepare() -> str:
        return counter.name()

    async def unfinished(user_id: str) -> None:
        assert [] == await on_record(user_id)
        assert [] == await counter.subscriptions_of(user_id)

    async def done(user_id: str) -> None:
        assert ["open"] == await on_record(user_id)
        assert 1 == len(await counter.open_sessions_of(user_id))
        await counter.agrees(user_id, ("free", 0))

    verb = Verb(prepare, lambda user_id: broken.open("pro", user_id), unfinished, done)
    assert await walk_every_outage(counter.wire, verb)


async def test_a_session_whose_answer_was_lost_is_closed_without_anybody_coming_back(
    counter: Counter,
) -> None:
    """Stripe made it and nobody has its address: the sweep finds it by whose it is."""
    user_id = counter.name()
    counter.wire.break_at(0, Outage.LOST)
    with pytest.raises(StripeUnavailable):
        await counter.broken.open("pro", user_id)
    counter.wire.heal()
    stands_open = await counter.open_sessions_of(user_id)

    await counter.shop.subscriptions.reconcile_stale()
    at_once = await counter.open_sessions_of(user_id)
    counter.shop.clock.advance(LOST_SECONDS)
    await counter.shop.subscriptions.reconcile_stale()
    later = await counter.open_sessions_of(user_id)

    assert (1, stands_open, []) == (len(stands_open), at_once, later)


async def test_the_sweep_leaves_the_session_that_the_person_has(counter: Counter) -> None:
    """An answer was lost, the person asked again: what they were given stays open."""
    user_id = counter.name()
    counter.wire.break_at(0, Outage.LOST)
    with pytest.raises(StripeUnavailable):
        await counter.broken.open("pro", user_id)
    counter.wire.heal()
    _, session_id = await counter.broken.open("basic", user_id)

    counter.shop.clock.advance(LOST_SECONDS)
    await counter.shop.subscriptions.reconcile_stale()

    assert [session_id] == await counter.open_sessions_of(user_id)


async def test_a_checkout_that_closes_another_survives_every_outage(counter: Counter) -> None:
    """The older one is closed at Stripe before its row says so; only the newer can be paid."""
    broken, shop = counter.broken, counter.shop
    sessions: dict[str, str] = {}

    async def prepare() -> str:
        user_id = counter.name()
        sessions[user_id] = (await shop.open("basic", user_id))[1]
        return user_id

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, ("free", 0))

    async def done(user_id: str) -> None:
        older = await shop.stripe.get_checkout(shop.account_id, sessions[user_id])
        assert "expired" == older.status

    verb = Verb(prepare, lambda user_id: broken.open("pro", user_id), unfinished, done)
    assert await walk_every_outage(counter.wire, verb)


async def test_coming_back_from_checkout_survives_every_outage(counter: Counter) -> None:
    """Paid is paid: the plan comes with the repeat, and nothing is charged again."""
    broken, shop = counter.broken, counter.shop
    sessions: dict[str, str] = {}

    async def prepare() -> str:
        user_id = counter.name()
        url, sessions[user_id] = await shop.open("pro", user_id)
        await shop.pay(url)
        return user_id

    async def act(user_id: str) -> None:
        await broken.subscriptions.settle_checkout(shop.platform_id, sessions[user_id])

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, ("free", 0), ("pro", 2_900))

    async def done(user_id: str) -> None:
        await counter.agrees(user_id, ("pro", 2_900))
        assert [2_900] == await counter.charges_of(user_id)

    assert await walk_every_outage(counter.wire, Verb(prepare, act, unfinished, done))


@pytest.mark.parametrize(
    ("paid", "target", "plan", "charged"),
    [
        ("basic", "pro", ("pro", 2_900), [1_000, 1_900]),
        ("pro", "basic", ("pro", 1_000), [2_900]),
        ("pro", "free", ("pro", 2_900), [2_900]),
    ],
    ids=["up", "down", "to free"],
)
async def test_a_change_of_plan_survives_every_outage(
    counter: Counter, paid: str, target: str, plan: tuple[str, int], charged: list[int]
) -> None:
    """A repeat finishes what Stripe did without saying so; nobody is charged twice."""
    before = {"basic": ("basic", 1_000), "pro": ("pro", 2_900)}[paid]

    async def act(user_id: str) -> None:
        await counter.broken.subscriptions.change_plan(counter.shop.platform_id, user_id, target)

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, before, plan)

    async def done(user_id: str) -> None:
        await counter.agrees(user_id, plan)
        charges = await counter.charges_of(user_id)
        assert len(charged) == len(charges)
        assert charged == pytest.approx(charges, abs=1)

    verb = Verb(lambda: counter.subscriber(paid), act, unfinished, done)
    assert await walk_every_outage(counter.wire, verb)


async def test_a_preview_survives_every_outage(counter: Counter) -> None:
    """It asks and changes nothing, whether it is answered or not."""
    shop = counter.shop

    async def act(user_id: str) -> None:
        await counter.broken.subscriptions.change_plan(
            shop.platform_id, user_id, "pro", preview=True
        )

    async def unchanged(user_id: str) -> None:
        await counter.agrees(user_id, ("basic", 1_000))
        assert [1_000] == await counter.charges_of(user_id)

    verb = Verb(lambda: counter.subscriber("basic"), act, unchanged, unchanged)
    assert await walk_every_outage(counter.wire, verb)


async def test_the_portal_survives_every_outage(counter: Counter) -> None:
    """Its settings are made once on an account, however often their answer is lost."""
    shop = counter.shop
    user_id = await counter.subscriber("pro")

    async def forget_settings() -> str:
        await shop.bindings.customers.write(
            lambda c: c.exec_driver_sql("DELETE FROM subscriptions_portals")
        )
        return user_id

    async def act(user_id: str) -> None:
        await counter.broken.subscriptions.portal(shop.platform_id, user_id, RETURN_URL)

    async def one_at_most(user_id: str) -> None:
        found = await counter.owner.ask("GET", "/v1/billing_portal/configurations")
        assert len(found["data"]) <= 1
        await counter.agrees(user_id, ("pro", 2_900))

    verb = Verb(forget_settings, act, one_at_most, one_at_most)
    assert await walk_every_outage(counter.wire, verb)


async def test_erasing_survives_every_outage(counter: Counter) -> None:
    """Nobody is forgotten who could still be billed."""
    shop, subscriptions = counter.shop, counter.broken.subscriptions

    async def forget_identity(_platform_id: str, _user_id: str) -> None:
        """Users made by a server have none."""

    async def act(user_id: str) -> None:
        await subscriptions.erase(shop.platform_id, user_id, forget_identity)

    async def unfinished(user_id: str) -> None:
        assert await shop.end_users.find(shop.platform_id, user_id) is not None

    async def done(user_id: str) -> None:
        assert await shop.end_users.find(shop.platform_id, user_id) is None
        assert [] == await counter.subscriptions_of(user_id)

    verb = Verb(lambda: counter.subscriber("pro"), act, unfinished, done)
    assert await walk_every_outage(counter.wire, verb)


async def test_looking_again_survives_every_outage(counter: Counter) -> None:
    """What we keep stays as it was, until Stripe has said what is."""
    shop = counter.shop

    async def prepare() -> str:
        user_id = await counter.subscriber("pro")
        subscription_id = str((await shop.user(user_id)).stripe_subscription_id)
        await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
        return user_id

    async def act(user_id: str) -> None:
        subscription_id = str((await shop.user(user_id)).stripe_subscription_id)
        await counter.broken.subscriptions.refresh(shop.platform_id, subscription_id)

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, ("pro", 2_900))

    async def done(user_id: str) -> None:
        await counter.agrees(user_id, ("free", 0))

    assert await walk_every_outage(counter.wire, Verb(prepare, act, unfinished, done))


async def test_a_comparison_survives_every_outage(counter: Counter) -> None:
    """What was compared before the outage stands; the next comparison finds the rest."""
    shop = counter.shop
    ended: list[str] = []

    async def prepare() -> str:
        for subscription_id in ended[-1:]:
            await shop.stripe.cancel_subscription(shop.account_id, subscription_id)
            await shop.subscriptions.refresh(shop.platform_id, subscription_id)
        user_id = counter.name()
        ended.append(await shop.subscribe_unheard("pro", user_id))
        (charge, *_) = await counter.owner.charges()
        await counter.owner.press("refund", charge=charge["id"], amount="100")
        return user_id

    async def act(_user_id: str) -> None:
        await counter.broken.subscriptions.reconcile(shop.platform_id)

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, ("free", 0), ("pro", 2_900))

    async def done(user_id: str) -> None:
        await counter.agrees(user_id, ("pro", 2_900))
        state = await shop.subscriptions.state(shop.platform_id, user_id)
        assert state is not None
        assert 100 == state["refundedCents"]

    assert await walk_every_outage(counter.wire, Verb(prepare, act, unfinished, done))
