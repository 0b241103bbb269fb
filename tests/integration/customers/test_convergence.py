"""State is a function of what Stripe says now: however events arrive, a life ends alike.

Each life is lived once at the simulator and written down; then it is heard hundreds of times,
late, twice, out of order, side by side, and with holes in it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from dream_api.customers.subscriptions import locks
from dream_api.customers.subscriptions.locks import Lock, Locks
from dream_api.stores import Connection
from tests.integration.customers.lives import (
    LIVES,
    Life,
    paid_twice_at_once,
    refunded_and_disputed,
    renewed_and_cancelled,
    tried_and_left,
    tried_up_and_down,
)
from tests.integration.customers.memory_store import store_of
from tests.integration.customers.owner import Owner
from tests.integration.customers.recording import Recorder
from tests.integration.customers.replaying import PAUSES_MAX, Replay, rules_alone
from tests.integration.customers.shop import Shop

BY_THE_RULES = 300
SHUFFLES = 12
WITH_LOSSES = 12
DROP = 0.6
CONTROL_SHUFFLES = 20

Record = Callable[[Life], Awaitable[Replay]]


@pytest.fixture
async def record(
    shop: Shop, owner: Owner, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Record]:
    """Give a function that lives a life at the simulator, and gives it to be heard again."""
    monkeypatch.setattr(locks, "RETRY_SECONDS", 0)  # Nothing here takes real time.
    opened: list[Replay] = []

    async def record_life(live: Life) -> Replay:
        life = Recorder(shop, owner)
        await live(life)
        assert sum(len(step.told) for step in life.steps) >= 3, "a life is told of"
        store = store_of(data_dir / "customers.db", shop.platform_id, life.steps[0].at)
        opened.append(Replay(shop.platform_id, store, life.steps))
        return opened[-1]

    yield record_life
    for replay in opened:
        replay.store.close()


async def _ends_otherwise(
    replay: Replay, expected: dict[str, Any], count: int, drop: float = 0.0
) -> bool:
    """Tell whether one of *count* shuffles ends in another way; the first one tells it."""
    for seed in range(count):
        if expected != await replay.shuffled(seed, drop=drop):
            return True
    return False


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
async def test_a_life_ends_alike_however_it_is_told(record: Record, shop: Shop, life: Life) -> None:
    """Plan, status, revenue, its movements, charges and the usage row are those of the order.

    By the rooms with their store and locks some dozens of times, and by the rules alone hundreds.
    """
    replay = await record(life)
    expected = await replay.in_order()

    for seed in range(SHUFFLES):
        assert expected == await replay.shuffled(seed, drop=0), f"seed {seed}"
    for seed in range(WITH_LOSSES):
        assert expected == await replay.shuffled(seed, drop=DROP), f"seed {seed}, with losses"
    assert 0 == await replay.drifts()
    tiers = await shop.tiers()
    by_the_rules = [rules_alone(replay.steps, tiers, seed) for seed in range(BY_THE_RULES)]
    assert all(end == by_the_rules[0] for end in by_the_rules)
    assert by_the_rules[0][0].plan == expected["users"][0]["subscription_plan"]
    assert by_the_rules[0][1] == expected["moved"]


async def test_what_is_compared_is_the_end_of_the_life(record: Record) -> None:
    """The test would be empty if the state that it compares were."""
    end = await (await record(refunded_and_disputed)).in_order()
    (user,), (charge,) = end["users"], end["subscriptions_charges"]

    assert ("pro", "active", 2_900) == (
        user["plan"],
        user["subscription_status"],
        user["mrr_cents"],
    )
    assert (900, "won") == (charge["refunded_cents"], charge["dispute_status"])
    assert {"usd": 2_900} == end["moved"]
    assert ["pro"] == [row["plan"] for row in end["customer_usage_kv"]]


@pytest.mark.parametrize("life", [renewed_and_cancelled, tried_up_and_down, paid_twice_at_once])
async def test_a_mirror_that_believed_events_would_be_caught(
    record: Record, shop: Shop, life: Life
) -> None:
    """Reading what stood when an event was made, order decides: the shuffles must show it."""
    replay, tiers = await record(life), await shop.tiers()
    expected = await replay.in_order()
    replay.believes_events = True
    by_the_rules = [
        rules_alone(replay.steps, tiers, seed, believes_events=True) for seed in range(BY_THE_RULES)
    ]

    assert await _ends_otherwise(replay, expected, CONTROL_SHUFFLES)
    assert any(end != by_the_rules[0] for end in by_the_rules)


async def test_a_mirror_without_locks_would_be_caught(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older answer overwrites a newer one, where nobody waits for the other."""
    replay = await record(tried_and_left)
    expected = await replay.in_order()
    # Nothing comes so late that it would repair what an older answer has overwritten.
    replay.delay_steps_max, replay.pauses_max = 0, 4 * PAUSES_MAX
    assert not await _ends_otherwise(replay, expected, CONTROL_SHUFFLES)

    @asynccontextmanager
    async def hold(_self: Locks, platform_id: str, name: str) -> AsyncIterator[Lock]:
        yield Lock(platform_id, name, "nobody")

    def check(_self: Lock, _connection: Connection) -> None:
        """Let everybody write."""

    monkeypatch.setattr(Locks, "hold", hold)
    monkeypatch.setattr(Lock, "check", check)

    assert await _ends_otherwise(replay, expected, 10 * CONTROL_SHUFFLES)


async def test_without_the_nightly_comparison_losses_would_be_seen(record: Record) -> None:
    """What heals a lost event is the comparison, not luck."""
    replay = await record(tried_and_left)
    expected = await replay.in_order()
    replay.is_compared = False

    assert await _ends_otherwise(replay, expected, CONTROL_SHUFFLES, DROP)
