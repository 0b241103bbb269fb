"""A platform's users, written straight into the table as the other rooms leave them.

Pages, searches and sums are SQL that the engines might read differently, so both are asked.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sqlalchemy import text

from dream_api.customers.dashboard import Dashboard
from dream_api.customers.platforms import Tier, TierConfig, write_tiers
from dream_api.gateways.clock import MovableClock
from dream_api.kit.periods import month_of, to_milliseconds
from dream_api.stores import ApiMultiBindings, Bindings, Connection
from tests.both_engines import bindings, engine

__all__ = ["bindings", "engine"]

PLATFORM = "pk_test_1"
TIERS = TierConfig((Tier("free", "Free", 0, limit=10), Tier("pro", "Pro", 2_900, limit=1_000)))

AddUsers = Callable[..., Coroutine[Any, Any, None]]


@pytest.fixture
def mine(bindings: Bindings) -> ApiMultiBindings:
    """Give api-multi's bindings, which write."""
    return bindings.api_multi


@pytest.fixture
async def dashboard(bindings: Bindings, clock: MovableClock, mine: ApiMultiBindings) -> Dashboard:
    """Open the room with the bindings of the developers' door, which only read."""
    await mine.customers.of(PLATFORM).write(
        lambda c: write_tiers(c, mine.customer_tokens, PLATFORM, TIERS)
    )
    theirs = bindings.front_auth_api
    return Dashboard(theirs.customers, theirs.customer_tokens, clock)


@pytest.fixture
def add_users(mine: ApiMultiBindings, clock: MovableClock) -> AddUsers:
    """Give a function that adds users: dictionaries of columns, the rest by default."""
    start, end = map(to_milliseconds, month_of(clock.now()))
    now = to_milliseconds(clock.now())

    async def add(*users: dict[str, Any], platform_id: str = PLATFORM) -> None:
        def verb(connection: Connection) -> None:
            for number, user in enumerate(users):
                values = {
                    "platform_id": platform_id,
                    "user_id": f"u_{number:05}",
                    "created_at": now - number * 1_000,
                    "period_start": start,
                    "period_end": end,
                    **user,
                }
                names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
                sql = f"INSERT INTO users ({names}) VALUES ({places})"  # noqa: S608 - our own names.
                connection.execute(text(sql), values)

        await mine.customers.of(platform_id).write(verb)

    return add
