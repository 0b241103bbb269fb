"""Counts of users in groups: kept by the stores, whoever writes, and exact at any moment."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from dream_api.customers.end_users import (
    Changes,
    CountDifference,
    EndUsers,
    SubscriptionStanding,
    UserGroup,
    find_count_differences,
    read_groups,
)
from dream_api.customers.metering import Metering, TrackEvent
from dream_api.customers.platforms import Tier, TierConfig, write_tiers
from dream_api.gateways.clock import MovableClock
from dream_api.stores import ApiMultiBindings, Bindings
from tests.both_engines import bindings, engine

__all__ = ["bindings", "engine"]

PLATFORM, OTHER = "pk_test_1", "pk_test_2"
TIERS = TierConfig((Tier("free", "Free", 0, limit=10), Tier("pro", "Pro", 2_900, limit=1_000)))
ENDING = SubscriptionStanding(
    "pro", "active", 2_900, "eur", "sub_1", "cus_1", None, cancel_at_period_end=True, flag=None
)
ONE_FREE = UserGroup(
    "free", None, is_ending=False, currency="usd", users=1, paying_users=0, mrr_cents=0
)
ONE_ENDING = UserGroup(
    "pro", "active", is_ending=True, currency="eur", users=1, paying_users=1, mrr_cents=2_900
)


@pytest.fixture
async def mine(bindings: Bindings) -> ApiMultiBindings:
    """Give api-multi's bindings, with tiers on sale."""
    mine = bindings.api_multi
    await mine.customers.of(PLATFORM).write(
        lambda c: write_tiers(c, mine.customer_tokens, PLATFORM, TIERS)
    )
    return mine


@pytest.fixture
def end_users(mine: ApiMultiBindings, clock: MovableClock) -> EndUsers:
    """Open the room as a door has it."""
    return EndUsers(mine.customers, mine.customer_tokens, clock)


@pytest.fixture
def loop(bindings: Bindings, clock: MovableClock) -> EndUsers:
    """Open the room as the loop has it."""
    mine = bindings.loops.api_multi
    return EndUsers(mine.customers, mine.customer_tokens, clock)


@pytest.fixture
async def metering(mine: ApiMultiBindings, clock: MovableClock) -> AsyncIterator[Metering]:
    """Open the room of the hot path."""
    opened = Metering(mine, clock)
    yield opened
    await opened.close()


async def _groups(bindings: Bindings, platform_id: str = PLATFORM) -> list[UserGroup]:
    """Read a platform's groups as the dashboard may."""
    customers = bindings.front_auth_api.customers.of(platform_id)
    return await customers.read(lambda c: read_groups(c, platform_id))


async def _differences(bindings: Bindings) -> list[CountDifference]:
    return await bindings.loops.api_multi.customers.read(find_count_differences)


async def test_whoever_is_tracked_first_is_counted(bindings: Bindings, metering: Metering) -> None:
    """A user whom the hot path makes is one more; a second call makes nobody."""
    for _ in range(2):
        await metering.track(PLATFORM, TrackEvent("u_1", 1))

    assert [ONE_FREE] == await _groups(bindings)


async def test_a_user_moves_from_group_to_group(
    bindings: Bindings, end_users: EndUsers, mine: ApiMultiBindings
) -> None:
    """A subscription takes them with their revenue out of the one and into the other."""
    await end_users.create(PLATFORM, "u_1")
    await end_users.create(PLATFORM, "u_2")
    await mine.customers.of(PLATFORM).write(
        lambda c: end_users.set_plan(c, PLATFORM, "u_2", ENDING)
    )

    assert {ONE_FREE, ONE_ENDING} == set(await _groups(bindings))


async def test_a_changed_name_moves_nobody(bindings: Bindings, end_users: EndUsers) -> None:
    """What no group is made of changes no count."""
    await end_users.create(PLATFORM, "u_1")
    await end_users.patch(PLATFORM, "u_1", Changes(name="Ada"))

    assert [ONE_FREE] == await _groups(bindings)


async def test_an_erased_user_is_counted_no_more(bindings: Bindings, end_users: EndUsers) -> None:
    """Nothing of them is left in any sum."""
    await end_users.create(PLATFORM, "u_1")
    await end_users.erase(PLATFORM, "u_1")

    assert [] == await _groups(bindings)


async def test_groups_of_platforms_are_apart(bindings: Bindings, end_users: EndUsers) -> None:
    """Another platform's users are in no sum."""
    await end_users.create(PLATFORM, "u_1")
    await end_users.create(OTHER, "u_1")

    assert [ONE_FREE] == await _groups(bindings)


async def test_many_who_come_at_once_are_all_counted(
    bindings: Bindings, end_users: EndUsers
) -> None:
    """Transactions that make users of one platform side by side lose none."""
    await asyncio.gather(*(end_users.create(PLATFORM, f"u_{number}") for number in range(20)))

    assert [replace(ONE_FREE, users=20)] == await _groups(bindings)


async def test_folding_changes_no_sum_and_leaves_nothing_to_fold(
    bindings: Bindings, end_users: EndUsers, loop: EndUsers
) -> None:
    """What transactions left apart becomes one row a group."""
    for number in range(3):
        await end_users.create(PLATFORM, f"u_{number}")
    before = await _groups(bindings)
    while await loop.fold_counts():
        assert before == await _groups(bindings)
    rows = await bindings.loops.api_multi.customers.read(
        lambda c: c.execute(text("SELECT users FROM end_users_counts")).scalars().all()
    )

    assert [3] == rows


async def test_the_audit_finds_nothing_where_all_is_kept(
    bindings: Bindings, end_users: EndUsers, loop: EndUsers, mine: ApiMultiBindings
) -> None:
    """Made, subscribed, erased and folded: kept and counted agree."""
    for number in range(3):
        await end_users.create(PLATFORM, f"u_{number}")
    await mine.customers.of(PLATFORM).write(
        lambda c: end_users.set_plan(c, PLATFORM, "u_1", ENDING)
    )
    await loop.fold_counts()
    await end_users.erase(PLATFORM, "u_2")

    assert [] == await _differences(bindings)


@pytest.mark.parametrize("column", ["users", "paying_users", "mrr_cents"])
async def test_the_audit_finds_a_sum_that_is_wrong(
    bindings: Bindings, end_users: EndUsers, column: str
) -> None:
    """Users, those who pay, or what they bring: each is compared."""
    await end_users.create(PLATFORM, "u_1")
    await bindings.loops.api_multi.customers.write(
        lambda c: c.execute(text(f"UPDATE end_users_counts SET {column} = {column} + 1"))  # noqa: S608 - our own names.
    )
    (found,) = await _differences(bindings)

    assert (PLATFORM, "free", 1) == (found.platform_id, found.plan, found.present)
