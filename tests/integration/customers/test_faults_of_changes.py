"""Stripe fails at each call of a change of plan: nothing half done, nobody charged twice."""

import pytest

from tests.integration.customers.counter import Counter, counter
from tests.stripe_faults import Verb, walk_every_outage

__all__ = ["counter"]


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


@pytest.mark.parametrize(
    ("waits_for", "target", "plan", "charged"),
    [
        ("basic", "pro", ("pro", 2_900), [2_900]),
        ("free", "pro", ("pro", 2_900), [2_900]),
        ("basic", "team", ("team", 7_500), [2_900, 87_100]),
    ],
    ids=["downgrade", "end", "dearer meanwhile"],
)
async def test_taking_a_change_back_survives_every_outage(
    counter: Counter, waits_for: str, target: str, plan: tuple[str, int], charged: list[int]
) -> None:
    """What was paid for is kept throughout, and what waited is neither lost nor doubled."""
    waiting = {"basic": ("pro", 1_000), "free": ("pro", 2_900)}[waits_for]

    async def prepare() -> str:
        user_id = await counter.subscriber("pro")
        await counter.shop.subscriptions.change_plan(counter.shop.platform_id, user_id, waits_for)
        return user_id

    async def act(user_id: str) -> None:
        await counter.broken.subscriptions.change_plan(counter.shop.platform_id, user_id, target)

    async def unfinished(user_id: str) -> None:
        await counter.agrees(user_id, waiting, ("pro", 2_900), plan)

    async def done(user_id: str) -> None:
        await counter.agrees(user_id, plan)
        charges = await counter.charges_of(user_id)
        assert len(charged) == len(charges)
        assert charged == pytest.approx(charges, abs=1)
        (running,) = await counter.subscriptions_of(user_id)
        assert not running["cancel_at_period_end"]
        assert "dreamapi_held_tier" not in running["metadata"]

    assert await walk_every_outage(counter.wire, Verb(prepare, act, unfinished, done))


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
