"""Keys of an SQLite file are found before and after they are indexed, by whoever looks."""

from datetime import timedelta
from pathlib import Path

import pytest

from dream_api.customers.metering import Metering, TrackEvent
from dream_api.stores.sqlite import SqliteStores
from tests.integration.metering.conftest import World


@pytest.fixture
def engine(stores: SqliteStores) -> SqliteStores:
    """Stay with SQLite: PostgreSQL's index is its own."""
    return stores


async def count(world: World, *keys: str, metering: Metering | None = None) -> list[bool]:
    """Count one event for each key; tell which were replays."""
    events = [TrackEvent(f"u_{key}", 1, key) for key in keys]
    decisions = await (metering or world.metering).track_batch(world.platform_id, events)
    return [decision.replayed for decision in decisions]


async def test_keys_are_found_while_they_are_being_indexed(world: World) -> None:
    """Those behind the watermark by the index, the others from memory."""
    loop = world.loop
    await count(world, "a", "b", "c", "d")
    left = [await loop.index_keys(keys_per_slice=1) for _ in range(2)]
    halfway = await count(world, "a", "b", "c", "d", "e")
    left += [await loop.index_keys(keys_per_slice=1) for _ in range(3)]

    assert [True, True, True, True, False] == halfway
    assert [3, 2, 1, 0, 0] == left
    assert [(5,)] == world.rows("SELECT count(*) FROM metering_idempotency_index")
    assert [True] * 5 == await count(world, "a", "b", "c", "d", "e")
    assert 5 == world.counts()["metering_idempotency"]


async def test_another_process_finds_keys_that_are_not_indexed(
    world: World, data_dir: Path
) -> None:
    """Memory is made from the file, and made anew where somebody else has written."""
    await count(world, "a", "b", "c")
    await world.loop.index_keys(keys_per_slice=1)
    with SqliteStores(data_dir, world.clock, is_serving=False) as beside:
        other = Metering(beside.bindings.api_multi, world.clock)
        seen_by_other = await count(world, "a", "b", "c", "d", metering=other)
        await other.close()

    assert [True, True, True, False] == seen_by_other
    assert [True, True, True, True, False] == await count(world, "a", "b", "c", "d", "e")


async def test_where_all_keys_were_forgotten_new_ones_are_remembered(world: World) -> None:
    """Numbers start again from one, below what the index had reached."""
    await count(world, "a", "b", "c")
    await world.loop.index_keys()
    world.clock.moment += timedelta(days=21)
    while await world.loop.forget_old_keys(limit=2):
        pass
    anew = await count(world, "a", "b")
    await world.loop.index_keys()

    assert [False, False] == anew
    assert [True, True] == await count(world, "a", "b")
    assert [(2,)] == world.rows("SELECT count(*) FROM metering_idempotency_index")
