"""End users: profile, grant, block, erasure; and `users` beside the usage row."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from dream_api.customers.end_users import (
    Changes,
    EndUsers,
    SubscriptionStanding,
    UserExists,
    erased_at,
)
from dream_api.customers.metering import Metering, TrackEvent
from dream_api.customers.platforms import Tier, TierConfig, write_tiers
from dream_api.gateways.clock import MovableClock
from dream_api.kit.errors import NotFound, ValidationFailed
from dream_api.shared.identity import Identity
from dream_api.stores import ApiMultiBindings, Bindings

PLATFORM = "pk_test_1"
FREE = Tier("free", "Free", 0, limit=10)
PRO = Tier("pro", "Pro", 2_900, limit=1_000)
GONE = Tier("gone", "Gone", 100, archived=True)
GRACE = Identity("usr_1", "grace@example.com", "Grace", datetime(2026, 11, 1, tzinfo=UTC))
PRO_STANDING = SubscriptionStanding(
    "pro", "active", 2_900, "usd", "sub_1", "cus_1", None, cancel_at_period_end=False, flag=None
)
ENDED_STANDING = SubscriptionStanding(
    None, "canceled", 0, "usd", "sub_1", "cus_1", None, cancel_at_period_end=False, flag=None
)


@pytest.fixture
def mine(bindings: Bindings) -> ApiMultiBindings:
    """Give api-multi's bindings."""
    return bindings.api_multi


@pytest.fixture
def end_users(mine: ApiMultiBindings, clock: MovableClock) -> EndUsers:
    """Open the room."""
    return EndUsers(mine.customers, mine.customer_tokens, clock)


@pytest.fixture
async def metering(mine: ApiMultiBindings, clock: MovableClock) -> AsyncIterator[Metering]:
    """Open the room below."""
    opened = Metering(mine, clock)
    yield opened
    await opened.close()


async def _sell(mine: ApiMultiBindings, *tiers: Tier) -> None:
    config = TierConfig(tiers)
    await mine.customers.write(lambda c: write_tiers(c, mine.customer_tokens, PLATFORM, config))


@pytest.fixture(autouse=True)
async def _tiers(mine: ApiMultiBindings) -> None:
    await _sell(mine, FREE, PRO, GONE)


async def _set(
    mine: ApiMultiBindings, end_users: EndUsers, user_id: str, standing: SubscriptionStanding
) -> None:
    await mine.customers.write(lambda c: end_users.set_plan(c, PLATFORM, user_id, standing))


async def _verify(mine: ApiMultiBindings, end_users: EndUsers, identity: Identity) -> None:
    await mine.customers.write(lambda c: end_users.on_verified(c, PLATFORM, identity))


async def test_a_new_user_is_on_the_free_tier(end_users: EndUsers) -> None:
    """With its limit, no usage and no revenue."""
    row = await end_users.create(PLATFORM, "u_1", email="ada@example.com", name="Ada")

    assert ("free", 10, 0, 0, None, "ada@example.com", "Ada") == (
        row.plan,
        row.limit,
        row.usage_count,
        row.mrr_cents,
        row.subscription_status,
        row.email,
        row.name,
    )


async def test_a_new_user_of_a_platform_without_a_free_tier_is_on_none(
    end_users: EndUsers, mine: ApiMultiBindings
) -> None:
    """And may use nothing."""
    await _sell(mine, PRO)
    row = await end_users.create(PLATFORM, "u_1")

    assert (None, 0) == (row.plan, row.limit)


async def test_a_user_is_created_once(end_users: EndUsers) -> None:
    """The refusal leads to PATCH; the first one stays as it was."""
    await end_users.create(PLATFORM, "u_1", name="Ada")

    with pytest.raises(UserExists):
        await end_users.create(PLATFORM, "u_1", name="Bob")

    assert "Ada" == (await end_users.get(PLATFORM, "u_1")).name


async def test_two_platforms_may_have_users_of_the_same_id(end_users: EndUsers) -> None:
    """Ids are the developers' own."""
    await end_users.create(PLATFORM, "u_1", name="Ada")
    await end_users.create("pk_test_2", "u_1", name="Bob")

    assert "Ada" == (await end_users.get(PLATFORM, "u_1")).name


async def test_another_platforms_user_is_not_found(end_users: EndUsers) -> None:
    """Told apart from a missing one by nothing."""
    await end_users.create("pk_test_2", "u_1")

    with pytest.raises(NotFound):
        await end_users.get(PLATFORM, "u_1")


@pytest.mark.parametrize(
    ("param", "fields"),
    [
        ("userId", {"user_id": ""}),
        ("userId", {"user_id": "a" * 129}),
        ("userId", {"user_id": "a\n"}),
        ("userId", {"user_id": "\ud800"}),
        ("email", {"user_id": "u_1", "email": "nobody"}),
        ("email", {"user_id": "u_1", "email": "a b@example.com"}),
        ("email", {"user_id": "u_1", "email": f"{'a' * 250}@example.com"}),
        ("name", {"user_id": "u_1", "name": "a\0b"}),
        ("name", {"user_id": "u_1", "name": "a" * 201}),
    ],
)
async def test_what_cannot_be_a_profile_is_refused(
    end_users: EndUsers, param: str, fields: dict[str, str]
) -> None:
    """By the name of the field; nothing is written."""
    with pytest.raises(ValidationFailed) as refused:
        await end_users.create(PLATFORM, **fields)

    assert param == refused.value.errors[0].param


async def test_a_grant_holds_at_once(end_users: EndUsers, metering: Metering) -> None:
    """The next decision has the tier's limit."""
    await end_users.create(PLATFORM, "u_1")

    row = await end_users.patch(PLATFORM, "u_1", Changes(plan="pro"))
    decision = await metering.track(PLATFORM, TrackEvent("u_1", 11))

    assert ("pro", True, 1_000) == (row.plan, decision.allowed, decision.limit)


async def test_a_grant_beats_the_subscription_until_it_is_taken_back(
    end_users: EndUsers, mine: ApiMultiBindings
) -> None:
    """Events go on writing what Stripe says, beneath the grant."""
    await end_users.create(PLATFORM, "u_1")
    await end_users.patch(PLATFORM, "u_1", Changes(plan="free"))
    await _set(mine, end_users, "u_1", PRO_STANDING)
    granted = await end_users.get(PLATFORM, "u_1")

    row = await end_users.patch(PLATFORM, "u_1", Changes(plan=None))

    assert ("free", "pro", 2_900) == (granted.plan, row.plan, row.mrr_cents)


async def test_a_grant_that_is_taken_back_leaves_the_free_tier(end_users: EndUsers) -> None:
    """Without a subscription there is nothing else."""
    await end_users.create(PLATFORM, "u_1")
    await end_users.patch(PLATFORM, "u_1", Changes(plan="pro"))

    assert "free" == (await end_users.patch(PLATFORM, "u_1", Changes(plan=None))).plan


@pytest.mark.parametrize("plan", ["nothing", "gone", ""])
async def test_a_grant_of_what_is_not_on_sale_is_refused(end_users: EndUsers, plan: str) -> None:
    """Unknown and archived tiers; the refusal lists the others."""
    await end_users.create(PLATFORM, "u_1")

    with pytest.raises(ValidationFailed) as refused:
        await end_users.patch(PLATFORM, "u_1", Changes(plan=plan, name="Changed"))

    assert "free, pro" in refused.value.detail
    assert (await end_users.get(PLATFORM, "u_1")).name is None


async def test_a_blocked_user_is_denied_at_once(end_users: EndUsers, metering: Metering) -> None:
    """And let back at once."""
    await end_users.create(PLATFORM, "u_1")
    await end_users.patch(PLATFORM, "u_1", Changes(blocked=True))
    blocked = await metering.track(PLATFORM, TrackEvent("u_1"))
    await end_users.patch(PLATFORM, "u_1", Changes(blocked=False))
    free = await metering.track(PLATFORM, TrackEvent("u_1"))

    assert ("user_blocked", True) == (blocked.reason, free.allowed)


async def test_blocking_again_keeps_the_first_moment(
    end_users: EndUsers, clock: MovableClock
) -> None:
    """Blocked since then, not since now."""
    await end_users.create(PLATFORM, "u_1")
    await end_users.patch(PLATFORM, "u_1", Changes(blocked=True))
    before = await end_users.find(PLATFORM, "u_1")
    clock.advance(60)
    await end_users.patch(PLATFORM, "u_1", Changes(blocked=True))

    assert before == await end_users.find(PLATFORM, "u_1")


async def test_nobody_patches_an_unknown_user(end_users: EndUsers) -> None:
    """A change makes nobody."""
    with pytest.raises(NotFound):
        await end_users.patch(PLATFORM, "u_1", Changes(name="Ada"))


async def test_a_verified_identity_is_a_user(end_users: EndUsers, mine: ApiMultiBindings) -> None:
    """With the address that was verified, on the free tier; repeating renames."""
    await _verify(mine, end_users, GRACE)
    renamed = Identity(GRACE.user_id, "hopper@example.com", "Hopper", GRACE.created_at)
    await _verify(mine, end_users, renamed)
    row = await end_users.get(PLATFORM, GRACE.user_id)

    assert ("hopper@example.com", "Hopper", "free") == (row.email, row.name, row.plan)


async def test_a_verified_identity_has_a_profile_in_the_namespace(
    end_users: EndUsers, mine: ApiMultiBindings
) -> None:
    """Under the key that the contract names; it goes with the identity."""
    key = f"clerkuser:{GRACE.user_id}:profile"
    await _verify(mine, end_users, GRACE)
    profile = await mine.customers.read(lambda c: mine.customer_tokens.get(c, key))
    await mine.customers.write(lambda c: end_users.on_deleted(c, PLATFORM, GRACE.user_id))

    assert {"email": "grace@example.com", "name": "Grace"} == profile
    assert await mine.customers.read(lambda c: mine.customer_tokens.get(c, key)) is None


async def test_a_token_hints_at_the_plan(end_users: EndUsers, mine: ApiMultiBindings) -> None:
    """Claims are the platform and the plan to show."""
    await _verify(mine, end_users, GRACE)
    await _set(mine, end_users, GRACE.user_id, PRO_STANDING)
    claims = await mine.customers.read(lambda c: end_users.claims(c, PLATFORM, GRACE.user_id))

    assert (PLATFORM, "pro") == (claims.platform_id, claims.plan)


async def test_nothing_that_stripe_says_makes_a_user(
    end_users: EndUsers, mine: ApiMultiBindings
) -> None:
    """A standing of nobody is written nowhere."""
    await _set(mine, end_users, "u_1", PRO_STANDING)

    assert await end_users.find(PLATFORM, "u_1") is None


async def test_an_ended_subscription_without_free_tier_is_inactive(
    end_users: EndUsers, mine: ApiMultiBindings, metering: Metering
) -> None:
    """Also after a grant came and went."""
    await _sell(mine, PRO)
    await end_users.create(PLATFORM, "u_1")
    await _set(mine, end_users, "u_1", ENDED_STANDING)
    await end_users.patch(PLATFORM, "u_1", Changes(plan="pro"))
    await end_users.patch(PLATFORM, "u_1", Changes(plan=None))

    assert "subscription_inactive" == (await metering.usage(PLATFORM, "u_1")).reason


async def test_usage_of_a_month_that_has_passed_is_shown_as_none(
    end_users: EndUsers, metering: Metering, clock: MovableClock
) -> None:
    """The stored count is of its month."""
    await metering.track(PLATFORM, TrackEvent("u_1", 5))
    before = await end_users.get(PLATFORM, "u_1")
    clock.advance(32 * 86_400)

    assert (5, 0) == (before.usage_count, (await end_users.get(PLATFORM, "u_1")).usage_count)


async def test_erasing_leaves_a_tombstone_without_a_name(
    end_users: EndUsers, mine: ApiMultiBindings
) -> None:
    """What remembers the erasure holds nothing of the person."""
    await end_users.create(PLATFORM, "ada@example.com")
    await end_users.erase(PLATFORM, "ada@example.com")

    erased = await mine.customers.read(lambda c: erased_at(c, PLATFORM, "ada@example.com"))
    stored = await mine.customers.read(
        lambda c: c.exec_driver_sql("SELECT user_hash FROM end_users_tombstones").scalar_one()
    )

    assert erased is not None
    assert "ada" not in stored


async def test_an_erased_user_is_gone_from_usage_too(
    end_users: EndUsers, metering: Metering
) -> None:
    """Somebody of the same id begins at nothing."""
    await metering.track(PLATFORM, TrackEvent("u_1", 9))
    await end_users.erase(PLATFORM, "u_1")

    assert 1 == (await metering.track(PLATFORM, TrackEvent("u_1"))).usage


async def test_revenue_is_shown_in_major_units(end_users: EndUsers, mine: ApiMultiBindings) -> None:
    """The store generates it from the truth; yen have no smaller unit."""
    rows = {"u_usd": ("usd", 2_950, 29.5), "u_jpy": ("jpy", 2_950, 2_950.0)}
    for user_id, (currency, cents, _) in rows.items():
        await end_users.create(PLATFORM, user_id)
        standing = SubscriptionStanding(
            "pro",
            "active",
            cents,
            currency,
            None,
            None,
            None,
            cancel_at_period_end=False,
            flag=None,
        )
        await _set(mine, end_users, user_id, standing)

    stored = await mine.customers.read(
        lambda c: {
            row.user_id: row.mrr for row in c.exec_driver_sql("SELECT user_id, mrr FROM users")
        }
    )
    shown = {user_id: (await end_users.get(PLATFORM, user_id)).to_wire()["mrr"] for user_id in rows}

    assert {user_id: major for user_id, (_, _, major) in rows.items()} == stored == shown
