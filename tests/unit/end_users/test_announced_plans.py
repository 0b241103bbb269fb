"""Whoever follows plans hears of each change, in the transaction that makes it."""

from datetime import UTC, datetime

import pytest

from dream_api.customers.end_users import Changes, EndUsers, SubscriptionStanding
from dream_api.customers.platforms import Tier, TierConfig, write_tiers
from dream_api.gateways.clock import MovableClock
from dream_api.shared.identity import Identity
from dream_api.stores import Bindings, Connection

PLATFORM = "pk_test_1"
TIERS = TierConfig((Tier("free", "Free", 0, limit=10), Tier("pro", "Pro", 2_900, limit=1_000)))
GRACE = Identity("usr_1", "grace@example.com", "Grace", datetime(2026, 11, 1, tzinfo=UTC))
PRO = SubscriptionStanding(
    "pro", "active", 2_900, "usd", "sub_1", "cus_1", None, cancel_at_period_end=False, flag=None
)


@pytest.fixture
async def heard(bindings: Bindings, clock: MovableClock) -> tuple[EndUsers, list[str | None]]:
    """Give the room with one user, and the plans that were announced."""
    mine = bindings.api_multi
    end_users = EndUsers(mine.customers, mine.customer_tokens, clock)
    await mine.customers.write(lambda c: write_tiers(c, mine.customer_tokens, PLATFORM, TIERS))
    await mine.customers.write(lambda c: end_users.on_verified(c, PLATFORM, GRACE))
    plans: list[str | None] = []

    def announce(connection: Connection, platform_id: str, user_id: str) -> None:
        plans.append(end_users.claims(connection, platform_id, user_id).plan)

    end_users.announce_plans(announce)
    return end_users, plans


async def test_a_grant_by_hand_is_announced(heard: tuple[EndUsers, list[str | None]]) -> None:
    """What is announced is what a token would say from then on."""
    end_users, plans = heard

    await end_users.patch(PLATFORM, GRACE.user_id, Changes(plan="pro"))
    await end_users.patch(PLATFORM, GRACE.user_id, Changes(plan=None))

    assert ["pro", "free"] == plans


async def test_a_subscription_is_announced(
    heard: tuple[EndUsers, list[str | None]], bindings: Bindings
) -> None:
    """The plan that Stripe's subscription gives, in the same transaction."""
    end_users, plans = heard

    await bindings.api_multi.customers.write(
        lambda c: end_users.set_plan(c, PLATFORM, GRACE.user_id, PRO)
    )

    assert ["pro"] == plans


async def test_another_change_is_not(heard: tuple[EndUsers, list[str | None]]) -> None:
    """A name is no plan."""
    end_users, plans = heard

    await end_users.patch(PLATFORM, GRACE.user_id, Changes(name="Grace H."))

    assert [] == plans
