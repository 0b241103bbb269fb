"""The process dies at every moment that leaves a trace; what follows is as if it had not.

After each crash: no key works that nobody knows of once repair has run, no key is known that does
not work, and submitting again ends where the first submit would have, with nothing made twice.
"""

from dataclasses import replace

import pytest

from dream_api.bridge.keys.service import REPAIR_AFTER
from dream_api.gateways.clock import MovableClock
from dream_api.gateways.stripe import StripeModes, StripeUnavailable
from dream_api.kit.keys import Mode
from tests.integration.bridge.crashes import Crash, Fuse, dying_bindings, dying_stripes
from tests.integration.bridge.shop import FREE, MAX, PRO, Shop
from tests.stripe_server import gateway

COMMITS_OF_A_SUBMIT = 4
CALLS_OF_A_SUBMIT = 4
COMMITS_OF_A_KEY_VERB = 3


async def worker_sweeps(shop: Shop, clock: MovableClock) -> None:
    """Let the worker come by, when every turn and intent is old enough."""
    clock.advance(int(REPAIR_AFTER.total_seconds()) + 1)
    await shop.keys().repair_stale()
    await shop.catalog().finish_open_intents()


async def crash_in_submit(shop: Shop, *, commits: int = 99, calls: int = 99) -> None:
    """Submit three tiers and die after so many commits or calls of Stripe."""
    bindings = dying_bindings(shop.bindings.front_auth_api, Fuse(commits))
    stripes = dying_stripes(shop.stripes, Fuse(calls))
    with pytest.raises(Crash):
        await shop.catalog(bindings, stripes).create_products(
            shop.developer_id, Mode.LIVE, [FREE, PRO, MAX]
        )


@pytest.mark.parametrize("commits", range(1, COMMITS_OF_A_SUBMIT + 1))
async def test_a_submit_that_crashed_after_a_commit_is_finished_by_the_next(
    connected: Shop, commits: int
) -> None:
    """The secret is shown unless it was on its way already; nothing is made twice."""
    await crash_in_submit(connected, commits=commits)
    was_on_its_way = bool(await connected.known())

    published = await connected.catalog().create_products(
        connected.developer_id, Mode.LIVE, [FREE, PRO, MAX]
    )

    assert was_on_its_way == (published.secret_key is None)
    assert await connected.usable() == await connected.known()
    assert 1 == len(await connected.usable())
    assert {"Pro": [2900], "Max": [9900]} == await connected.on_sale()
    assert (2, 2) == (
        len(await connected.at_stripe("products")), len(await connected.at_stripe("prices"))
    )  # fmt: skip


@pytest.mark.parametrize("calls", range(1, CALLS_OF_A_SUBMIT + 1))
async def test_a_submit_that_crashed_at_stripe_makes_nothing_twice(
    connected: Shop, calls: int
) -> None:
    """What Stripe had made is taken up under the same idempotency key."""
    await crash_in_submit(connected, calls=calls)

    published = await connected.catalog().create_products(
        connected.developer_id, Mode.LIVE, [FREE, PRO, MAX]
    )

    assert published.secret_key is not None
    assert (2, 2) == (
        len(await connected.at_stripe("products")), len(await connected.at_stripe("prices"))
    )  # fmt: skip


@pytest.mark.parametrize("commits", range(1, COMMITS_OF_A_SUBMIT + 1))
async def test_the_worker_finishes_what_nobody_submits_again(
    connected: Shop, clock: MovableClock, commits: int
) -> None:
    """The tiers are there; a key that nobody saw is not; the next submit brings one."""
    await crash_in_submit(connected, commits=commits)
    was_on_its_way = bool(await connected.known())
    await worker_sweeps(connected, clock)
    usable_before = await connected.usable()

    published = await connected.catalog().create_products(
        connected.developer_id, Mode.LIVE, [FREE, PRO, MAX]
    )

    assert ["free", "pro", "max"] == [tier.name for tier in (await connected.tiers()).tiers]
    assert was_on_its_way == bool(usable_before)
    assert was_on_its_way == (published.secret_key is None)
    assert await connected.usable() == await connected.known()


async def test_a_submit_that_was_answered_is_not_finished_behind_the_developers_back(
    connected: Shop, clock: MovableClock
) -> None:
    """They heard that it failed and may have thought better of it."""
    async with gateway("http://127.0.0.1:9") as away:
        offline = connected.catalog(stripes=StripeModes(away, None))
        with pytest.raises(StripeUnavailable):
            await offline.create_products(connected.developer_id, Mode.LIVE, [PRO])

    await worker_sweeps(connected, clock)

    assert () == (await connected.tiers()).tiers


@pytest.mark.parametrize("commits", range(1, COMMITS_OF_A_SUBMIT + 1))
async def test_another_submit_after_a_crash_leaves_no_old_price_on_sale(
    connected: Shop, commits: int
) -> None:
    """The developer changed their mind in between."""
    await crash_in_submit(connected, commits=commits)

    await connected.catalog().create_products(
        connected.developer_id, Mode.LIVE, [FREE, replace(PRO, price_cents=1900)]
    )

    on_sale = await connected.on_sale()
    if commits == 1:
        # Stripe's answers were lost with the process, so nobody knows the ids of these prices.
        on_sale = {"Pro": on_sale["Pro"][:1]}
    assert {"Pro": [1900]} == on_sale


@pytest.mark.parametrize("commits", range(1, COMMITS_OF_A_SUBMIT + 2))
async def test_a_price_change_that_crashed_ends_with_one_price_on_sale(
    connected: Shop, clock: MovableClock, commits: int
) -> None:
    """The old price comes off sale even when the crash hits right before that."""
    await connected.catalog().create_products(connected.developer_id, Mode.LIVE, [PRO])
    bindings = dying_bindings(connected.bindings.front_auth_api, Fuse(commits))
    with pytest.raises(Crash):
        await connected.catalog(bindings).create_products(
            connected.developer_id, Mode.LIVE, [replace(PRO, price_cents=3900)]
        )

    await worker_sweeps(connected, clock)

    assert {"Pro": [3900]} == await connected.on_sale()


@pytest.mark.parametrize("commits", range(1, COMMITS_OF_A_KEY_VERB + 1))
@pytest.mark.parametrize("overlap_seconds", [0, 3600])
async def test_a_rotation_that_crashed_never_locks_the_developer_out(
    connected: Shop, clock: MovableClock, commits: int, overlap_seconds: int
) -> None:
    """If the new secret was not on its way, the old one goes on as if nothing had happened."""
    first = await connected.catalog().create_products(connected.developer_id, Mode.LIVE, [PRO])
    assert first.secret_key is not None
    before = await connected.known()
    bindings = dying_bindings(connected.bindings.front_auth_api, Fuse(commits))
    with pytest.raises(Crash):
        await connected.keys(bindings).rotate(
            connected.developer_id, connected.platform_id, overlap_seconds=overlap_seconds
        )
    was_on_its_way = bool(await connected.known() - before)

    await worker_sweeps(connected, clock)
    clock.advance(7200)

    assert await connected.works(first.secret_key) != was_on_its_way
    assert 1 == len(await connected.usable())
    assert await connected.usable() <= await connected.known()


@pytest.mark.parametrize("commits", range(1, COMMITS_OF_A_KEY_VERB + 1))
async def test_a_revocation_that_crashed_is_repeated(connected: Shop, commits: int) -> None:
    """Once the customers' world has heard of it the key is dead; repeating is no error."""
    first = await connected.catalog().create_products(connected.developer_id, Mode.LIVE, [PRO])
    assert first.secret_key is not None
    (key_id,) = await connected.usable()
    bindings = dying_bindings(connected.bindings.front_auth_api, Fuse(commits))
    with pytest.raises(Crash):
        await connected.keys(bindings).revoke(connected.developer_id, connected.platform_id, key_id)
    works_after_crash = await connected.works(first.secret_key)

    await connected.keys().revoke(connected.developer_id, connected.platform_id, key_id)

    assert (commits == 1) == works_after_crash
    assert not await connected.works(first.secret_key)
    assert set() == await connected.known()


@pytest.mark.parametrize("commits", range(1, COMMITS_OF_A_KEY_VERB + 1))
async def test_a_key_whose_creation_crashed_works_for_nobody(
    connected: Shop, clock: MovableClock, commits: int
) -> None:
    """Unless its secret was on its way: then it is listed, and can be revoked."""
    await connected.catalog().create_products(connected.developer_id, Mode.LIVE, [PRO])
    bindings = dying_bindings(connected.bindings.front_auth_api, Fuse(commits))
    with pytest.raises(Crash):
        await connected.keys(bindings).create(
            connected.developer_id, connected.platform_id, name="Server"
        )

    await worker_sweeps(connected, clock)

    assert await connected.usable() == await connected.known()
    assert (2 if commits == COMMITS_OF_A_KEY_VERB else 1) == len(await connected.usable())
