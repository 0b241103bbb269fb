"""One key counts once, for its owner, for at least a week."""

import asyncio
from datetime import timedelta

import pytest

from dream_api.customers.metering import (
    IdempotencyConflict,
    TrackEvent,
    set_blocked,
)
from dream_api.customers.platforms import Tier
from tests.integration.metering.conftest import NOON, PRO, World


async def test_a_racing_idempotency_key_counts_once(world: World) -> None:
    """Fifty parallel repeats of one event are one count and fifty equal answers."""
    event = TrackEvent("u_1", 7, "order-1")

    decisions = await asyncio.gather(
        *(world.metering.track(world.platform_id, event) for _ in range(50))
    )

    assert {7} == {decision.usage for decision in decisions}
    assert 49 == sum(decision.replayed for decision in decisions)
    assert 1 == world.counts()["metering_ledger"]


async def test_a_replay_gives_the_first_answer_whatever_happened_since(world: World) -> None:
    """Also when the limit is reached by now, the user is blocked or the tier has changed."""
    first = await world.metering.track(world.platform_id, TrackEvent("u_1", 5, "k"))
    await world.metering.track(world.platform_id, TrackEvent("u_1", 95))
    await world.write(lambda c: set_blocked(c, world.platform_id, "u_1", blocked=True))
    await world.publish(PRO)

    again = await world.metering.track(world.platform_id, TrackEvent("u_1", 5, "k"))

    assert (True, 5, 95, "free", True) == (
        again.allowed, again.usage, again.remaining, again.plan, again.replayed
    )  # fmt: skip
    assert (first.period_start, first.period_end) == (again.period_start, again.period_end)


@pytest.mark.parametrize(
    "other",
    [
        TrackEvent("u_2", 5, "k"),
        TrackEvent("u_1", 6, "k"),
        TrackEvent("u_1", 5, "k", timestamp=NOON - timedelta(hours=1)),
        TrackEvent("u_1", 5, "k", properties={"a": 1}),
    ],
    ids=["userId", "amount", "timestamp", "properties"],
)
async def test_a_key_with_other_content_is_refused_and_counts_nothing(
    world: World, other: TrackEvent
) -> None:
    """A key stands for one event; a second one under it is the caller's bug."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 5, "k"))
    before = world.counts()

    with pytest.raises(IdempotencyConflict):
        await world.metering.track(world.platform_id, other)

    assert before == world.counts()


async def test_equal_properties_in_another_order_are_the_same_content(world: World) -> None:
    """JSON objects have no order."""
    events = [
        TrackEvent("u_1", 1, "k", properties={"a": 1, "b": {"c": 2, "d": 3}}),
        TrackEvent("u_1", 1, "k", properties={"b": {"d": 3, "c": 2}, "a": 1}),
    ]

    decisions = [await world.metering.track(world.platform_id, event) for event in events]

    assert [False, True] == [decision.replayed for decision in decisions]


async def test_a_denial_burns_no_key(world: World) -> None:
    """Once there is room, the same request counts."""
    event = TrackEvent("u_1", 101, "k")
    denied = await world.metering.track(world.platform_id, event)
    await world.publish(Tier("free", "Free", 0, limit=200))

    counted = await world.metering.track(world.platform_id, event)

    assert (False, True, False) == (denied.allowed, counted.allowed, counted.replayed)


async def test_each_end_user_has_keys_of_their_own(world: World) -> None:
    """A user cannot spend, see or block a key of the platform or of another user."""
    owners = [None, "u_1", "u_2"]

    decisions = [
        await world.metering.track(
            world.platform_id, TrackEvent(owner or "u_1", 1, "k"), owner_id=owner
        )
        for owner in owners
    ]

    assert [False, False, False] == [decision.replayed for decision in decisions]


async def test_keys_are_kept_for_seven_days_at_least_and_forgotten_later(world: World) -> None:
    """After three weeks the key is free again, and its row is gone."""
    event = TrackEvent("u_1", 1, "k")
    await world.metering.track(world.platform_id, event)

    world.clock.moment += timedelta(days=7)
    kept = await world.loop.forget_old_keys()
    within_a_week = await world.metering.track(world.platform_id, event)
    await world.loop.index_keys()
    world.clock.moment += timedelta(days=14)
    dropped = await world.loop.forget_old_keys()
    long_after = await world.metering.track(world.platform_id, event)

    assert (0, True) == (kept, within_a_week.replayed)
    assert (True, False) == (dropped > 0, long_after.replayed)
