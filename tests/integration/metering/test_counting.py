"""Counting: what is admitted, what is stored, and that everything agrees."""

import asyncio
from datetime import timedelta

import pytest

from dream_api.customers.metering import (
    Denial,
    TrackEvent,
    UsageBelowZero,
    erase,
    list_usage,
    set_entitlement,
)
from dream_api.customers.platforms import Tier
from dream_api.kit.errors import NotFound
from tests.integration.metering.conftest import FREE, NOON, PRO, World


async def test_of_four_hundred_racing_calls_exactly_the_limit_is_admitted(world: World) -> None:
    """Under any concurrency never more than the limit, and never less either."""
    decisions = await asyncio.gather(
        *(world.metering.track(world.platform_id, TrackEvent("u_1")) for _ in range(400))
    )

    assert 100 == sum(decision.allowed for decision in decisions)
    assert {100} == {decision.usage for decision in decisions if not decision.allowed}
    assert list(range(1, 101)) == [decision.usage for decision in decisions if decision.allowed]
    assert 100 == world.counts()["metering_ledger"]
    assert [] == await world.differences()


async def test_an_amount_that_does_not_fit_does_not_block_a_smaller_one(world: World) -> None:
    """Each event is judged by its own amount."""
    amounts = [60, 60, 40, 1]

    decisions = [
        await world.metering.track(world.platform_id, TrackEvent("u_1", amount))
        for amount in amounts
    ]

    assert [True, False, True, False] == [decision.allowed for decision in decisions]
    assert 100 == decisions[-1].usage


async def test_an_unknown_user_is_created_on_the_free_tier(world: World) -> None:
    """The first call makes the row that the dashboard shows, also where it is denied."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 3))
    await world.metering.track(world.platform_id, TrackEvent("u_2", 101))

    assert [("u_1", "free", 3), ("u_2", "free", 0)] == world.rows(
        "SELECT user_id, plan, usage_count FROM users ORDER BY user_id"
    )
    assert [] == await world.differences()


async def test_without_a_free_tier_an_unknown_user_is_denied_and_not_created(world: World) -> None:
    """Nobody is on no plan."""
    await world.publish(PRO)

    decision = await world.metering.track(world.platform_id, TrackEvent("u_1"))

    assert (Denial.NO_PLAN, None, 0, 0) == (
        decision.reason, decision.plan, decision.limit, decision.remaining
    )  # fmt: skip
    assert {0} == set(world.counts().values())


async def test_check_and_usage_write_nothing(world: World) -> None:
    """Asking is free: an unknown user stays unknown, and the answer is a new user's."""
    checked = await world.metering.check(world.platform_id, "u_1", amount=100)
    too_much = await world.metering.check(world.platform_id, "u_1", amount=101)
    shown = await world.metering.usage(world.platform_id, "u_1")

    assert (True, 0, 100) == (checked.allowed, checked.usage, checked.remaining)
    assert Denial.USAGE_LIMIT_REACHED is too_much.reason
    assert ("free", 0) == (shown.plan, shown.usage)
    assert {0} == set(world.counts().values())


async def test_an_upgrade_keeps_the_usage_and_lifts_the_limit_at_once(world: World) -> None:
    """The next call after the change is judged by the new tier."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 100))
    await world.write(
        lambda c: set_entitlement(c, world.platform_id, "u_1", plan="pro", had_subscription=True)
    )

    decision = await world.metering.track(world.platform_id, TrackEvent("u_1"))

    assert (True, "pro", 101, 899) == (
        decision.allowed, decision.plan, decision.usage, decision.remaining
    )  # fmt: skip


async def test_an_ended_subscription_falls_back_to_free_or_is_inactive(world: World) -> None:
    """Where there is a free tier it decides; where there is none, the reason says why."""
    await world.metering.track(world.platform_id, TrackEvent("u_1"))
    await world.write(
        lambda c: set_entitlement(c, world.platform_id, "u_1", plan=None, had_subscription=True)
    )

    with_free = await world.metering.track(world.platform_id, TrackEvent("u_1"))
    await world.publish(PRO)
    without = await world.metering.track(world.platform_id, TrackEvent("u_1"))

    assert (True, "free") == (with_free.allowed, with_free.plan)
    assert (Denial.SUBSCRIPTION_INACTIVE, None) == (without.reason, without.plan)


async def test_a_minute_admits_as_many_calls_as_the_tier_says(world: World) -> None:
    """Denied, replayed, batched and checked calls are free; the next minute starts anew."""
    await world.publish(Tier("free", "Free", 0, limit=None, rate_limit_per_minute=2))
    track = world.metering.track

    first = await track(world.platform_id, TrackEvent("u_1", 500, "k"))
    await track(world.platform_id, TrackEvent("u_1", 500, "k"))
    await world.metering.track_batch(world.platform_id, [TrackEvent("u_1")] * 5)
    await world.metering.check(world.platform_id, "u_1")
    second = await track(world.platform_id, TrackEvent("u_1"))
    third = await track(world.platform_id, TrackEvent("u_1"))
    world.clock.moment += timedelta(minutes=1)
    next_minute = await track(world.platform_id, TrackEvent("u_1"))

    assert first.rate_limit is not None
    assert (2, 1, NOON + timedelta(minutes=1)) == (
        first.rate_limit.limit, first.rate_limit.remaining, first.rate_limit.reset_at
    )  # fmt: skip
    assert (True, Denial.RATE_LIMITED, True) == (second.allowed, third.reason, next_minute.allowed)
    assert 507 == next_minute.usage


async def test_a_batch_is_decided_in_order_each_event_on_its_own(world: World) -> None:
    """What does not fit is denied, what follows may fit; a conflict is one event's denial."""
    events = [
        TrackEvent("u_1", 90, "a"),
        TrackEvent("u_1", 20),
        TrackEvent("u_1", 10, "b"),
        TrackEvent("u_1", 90, "a"),
        TrackEvent("u_1", 91, "a"),
        TrackEvent("u_2"),
    ]

    decisions = await world.metering.track_batch(world.platform_id, events)

    assert [
        (True, None, 90, False),
        (False, Denial.USAGE_LIMIT_REACHED, 90, False),
        (True, None, 100, False),
        (True, None, 90, True),
        (False, Denial.IDEMPOTENCY_CONFLICT, 100, False),
        (True, None, 1, False),
    ] == [(d.allowed, d.reason, d.usage, d.replayed) for d in decisions]
    assert [] == await world.differences()


async def test_a_batch_larger_than_a_transaction_keeps_its_order(world: World) -> None:
    """A thousand events are decided as if they had come one by one."""
    await world.publish(Tier("free", "Free", 0, limit=900))

    decisions = await world.metering.track_batch(world.platform_id, [TrackEvent("u_1")] * 1000)

    assert [*range(1, 901), *[900] * 100] == [decision.usage for decision in decisions]


async def test_an_adjustment_is_a_row_of_its_own_and_may_exceed_the_limit(world: World) -> None:
    """The ledger says who was given what and why; counters follow."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 10))

    more = await world.metering.adjust(world.platform_id, "u_1", amount=200, reason="import")
    less = await world.metering.adjust(world.platform_id, "u_1", amount=-205, reason="refund")

    assert (210, 0, False) == (more.usage, more.remaining, more.allowed)
    assert (5, 95) == (less.usage, less.remaining)
    assert [("adjust", 200, "import"), ("adjust", -205, "refund")] == world.rows(
        "SELECT kind, amount, reason FROM metering_ledger WHERE kind = 'adjust' ORDER BY id"
    )
    assert [] == await world.differences()


async def test_an_adjustment_below_zero_changes_nothing(world: World) -> None:
    """Usage is never negative."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 10))
    before = world.counts()

    with pytest.raises(UsageBelowZero):
        await world.metering.adjust(world.platform_id, "u_1", amount=-11, reason="too much")

    assert before == world.counts()
    assert 10 == (await world.metering.usage(world.platform_id, "u_1")).usage


async def test_an_adjustment_needs_a_user(world: World) -> None:
    """Only a call creates somebody."""
    with pytest.raises(NotFound):
        await world.metering.adjust(world.platform_id, "u_1", amount=1, reason="?")


async def test_platforms_share_nothing(world: World) -> None:
    """The same user id and the same key on another platform are somebody else's."""
    other = World(world.bindings, world.clock, world.metering, world.look, world.platform_id)
    other.platform_id = world.platform_id.replace("pk_test_drm_", "pk_test_drm_X")
    await other.publish(FREE)
    event = TrackEvent("u_1", 100, "k")

    decisions = [
        await world.metering.track(platform, event)
        for platform in (world.platform_id, other.platform_id)
    ]

    assert [(100, False), (100, False)] == [(d.usage, d.replayed) for d in decisions]


async def test_an_erased_user_starts_anew_and_leaves_no_name(world: World) -> None:
    """Counts stay in the totals; the ledger's names are blanked by the sweep."""
    await world.metering.track(world.platform_id, TrackEvent("u_1", 100, properties={"a": 1}))
    await world.loop.roll_up()
    await world.write(lambda c: erase(c, world.platform_id, "u_1"))
    await world.write(lambda c: c.exec_driver_sql("DELETE FROM users"))
    again = await world.metering.track(world.platform_id, TrackEvent("u_1", 1))
    before_sweep = await world.differences()
    while await world.loop.blank_erased(limit=1):
        pass

    assert (True, 1) == (again.allowed, again.usage)
    assert [(None, 100, None), ("u_1", 1, None)] == world.rows(
        "SELECT user_id, amount, properties FROM metering_ledger ORDER BY id"
    )
    assert ([], []) == (before_sweep, await world.differences())


async def test_the_namespace_shows_usage_and_minutes_under_their_keys(world: World) -> None:
    """An outside reader finds what the contract names."""
    await world.publish(PRO, Tier("free", "Free", 0, limit=9, rate_limit_per_minute=5))
    await world.metering.track(world.platform_id, TrackEvent("u_1", 2))

    entries = await world.bindings.api_multi.customers.of(world.platform_id).read(
        lambda c: list_usage(c, "", 10)
    )

    minute = int(NOON.timestamp()) // 60
    assert [
        f"ratelimit:{world.platform_id}:u_1:{minute}",
        f"usage:{world.platform_id}:u_1",
    ] == [entry.key for entry in entries]
    assert (2, "free", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z") == tuple(
        entries[1].value[name] for name in ("usageCount", "plan", "periodStart", "periodEnd")
    )
