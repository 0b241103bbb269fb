"""The life of secret keys."""

import asyncio
from datetime import timedelta

import pytest

from dream_api.bridge.keys import KEYS_LIVE_MAX, KeyLimitReached, KeysChanged, no_key
from dream_api.kit.errors import NotFound, ValidationFailed
from dream_api.kit.keys import Mode
from tests.integration.bridge.shop import PRO, Shop


@pytest.fixture
async def first(connected: Shop) -> str:
    """Publish a tier; give the first secret."""
    published = await connected.catalog().create_products(connected.developer_id, Mode.LIVE, [PRO])
    assert published.secret_key is not None
    return published.secret_key


async def test_no_secret_is_kept_anywhere(connected: Shop, first: str) -> None:
    """Neither world holds it; the hint shows its last four characters."""
    bindings = connected.bindings.front_auth_api
    everything = [
        await bindings.developers.read(lambda c: bindings.platform_tokens.list(c, limit=1000)),
        await bindings.customers.read(lambda c: bindings.customer_tokens.list(c, limit=1000)),
    ]
    credentials = await connected.keys().credentials(connected.platform_id)

    assert first not in repr(everything)
    assert [first[-4:]] == [key.hint[-4:] for key in credentials.secret_keys]


async def test_rotation_without_overlap_replaces_at_once(connected: Shop, first: str) -> None:
    """The old key is dead with the answer that shows the new one."""
    issued = await connected.keys().rotate(
        connected.developer_id, connected.platform_id, overlap_seconds=0
    )

    assert not await connected.works(first)
    assert await connected.works(issued.secret)


async def test_rotation_with_overlap_lets_both_work_until_then(connected: Shop, first: str) -> None:
    """And not a moment longer."""
    issued = await connected.keys().rotate(
        connected.developer_id, connected.platform_id, overlap_seconds=3600
    )
    end = issued.previous_expires_at
    both = [await connected.works(first), await connected.works(issued.secret)]

    assert [True, True] == both
    assert end is not None
    assert timedelta(0) <= connected.clock.now() + timedelta(hours=1) - end < timedelta(minutes=1)


async def test_rotation_retires_every_live_key(connected: Shop, first: str) -> None:
    """Retiring the newest only would leave a leaked older one alive."""
    keys = connected.keys()
    second = await keys.create(connected.developer_id, connected.platform_id, name="Server")

    await keys.rotate(connected.developer_id, connected.platform_id, overlap_seconds=0)

    assert not await connected.works(first)
    assert not await connected.works(second.secret)
    assert 1 == len(await connected.usable())


async def test_rotating_one_leaves_the_others(connected: Shop, first: str) -> None:
    """The successor has the same name, scopes and end."""
    keys = connected.keys()
    ends_at = connected.clock.now().replace(microsecond=0) + timedelta(days=30)
    old = await keys.create(
        connected.developer_id, connected.platform_id,
        name="Reports", scopes=("read",), expires_at=ends_at,
    )  # fmt: skip

    new = await keys.rotate_one(
        connected.developer_id, connected.platform_id, old.key.id, overlap_seconds=0
    )

    assert [True, False, True] == [
        await connected.works(secret) for secret in (first, old.secret, new.secret)
    ]
    assert ("Reports", ("read",), ends_at) == (
        new.key.name, new.key.scopes, new.key.expires_at
    )  # fmt: skip


async def test_a_second_rotation_never_lengthens_the_first(connected: Shop, first: str) -> None:
    """A key that ends in a minute still ends in a minute."""
    keys, developer_id, platform_id = (
        connected.keys(),
        connected.developer_id,
        connected.platform_id,
    )
    await keys.rotate(developer_id, platform_id, overlap_seconds=60)
    before = {row.id: row.expires_at for row in await connected.rows()}

    await keys.rotate(developer_id, platform_id, overlap_seconds=3600)
    after = {row.id: row.expires_at for row in await connected.rows()}

    oldest = next(iter(before))
    assert first
    assert before[oldest] == after[oldest]


async def test_a_platform_without_live_keys_can_still_rotate(connected: Shop, first: str) -> None:
    """The way back in; submitting tiers again shows no secret."""
    keys, developer_id, platform_id = (
        connected.keys(),
        connected.developer_id,
        connected.platform_id,
    )
    (key_id,) = await connected.usable()
    await keys.revoke(developer_id, platform_id, key_id)

    published = await connected.catalog().create_products(developer_id, Mode.LIVE, [PRO])
    issued = await keys.rotate(developer_id, platform_id, overlap_seconds=0)

    assert not await connected.works(first)
    assert published.secret_key is None
    assert issued.previous_expires_at is None
    assert await connected.works(issued.secret)


async def test_a_revoked_key_raises_the_platforms_version(connected: Shop, first: str) -> None:
    """That is what makes it useless from the next request on, on every worker."""
    (key_id,) = await connected.usable()
    version = await connected.version()

    await connected.keys().revoke(connected.developer_id, connected.platform_id, key_id)

    assert not await connected.works(first)
    assert version < await connected.version()


async def test_somebody_elses_platform_or_key_is_not_found(connected: Shop, first: str) -> None:
    """Nothing tells it from one that does not exist, and nothing changes."""
    keys = connected.keys()
    (key_id,) = await connected.usable()
    with pytest.raises(NotFound):
        await keys.revoke("dev_stranger", connected.platform_id, key_id)
    with pytest.raises(NotFound):
        await keys.revoke(connected.developer_id, connected.platform_id, "key_missing")

    assert await connected.works(first)


async def test_the_number_of_live_keys_has_a_limit(connected: Shop, first: str) -> None:
    """At the limit, rotating without overlap is the way out."""
    keys, developer_id, platform_id = (
        connected.keys(),
        connected.developer_id,
        connected.platform_id,
    )
    for _ in range(KEYS_LIVE_MAX - 1):
        await keys.create(developer_id, platform_id, name="One more")
    with pytest.raises(KeyLimitReached):
        await keys.create(developer_id, platform_id, name="Too many")
    with pytest.raises(KeyLimitReached):
        await keys.rotate(developer_id, platform_id, overlap_seconds=60)

    await keys.rotate(developer_id, platform_id, overlap_seconds=0)

    assert not await connected.works(first)
    assert 1 == len(await connected.usable())


@pytest.mark.parametrize("overlap_seconds", [-1, 604_801])
async def test_an_overlap_out_of_bounds_is_refused(
    connected: Shop, first: str, overlap_seconds: int
) -> None:
    """Nothing changes."""
    with pytest.raises(ValidationFailed):
        await connected.keys().rotate(
            connected.developer_id, connected.platform_id, overlap_seconds=overlap_seconds
        )

    assert await connected.works(first)


async def test_verbs_at_the_same_moment_run_one_after_the_other(
    connected: Shop, first: str
) -> None:
    """Five rotations leave one key, which is one of those that were shown."""
    keys = connected.keys()
    shown = await asyncio.gather(
        *(
            keys.rotate(connected.developer_id, connected.platform_id, overlap_seconds=0)
            for _ in range(5)
        )
    )

    assert not await connected.works(first)
    assert 1 == sum([await connected.works(issued.secret) for issued in shown])
    assert await connected.usable() == await connected.known()


async def test_a_verb_whose_turn_was_taken_shows_nothing(connected: Shop, first: str) -> None:
    """Another process came in between and has taken back what this one wrote."""
    slow, bindings = connected.keys(), connected.bindings.front_auth_api
    turn = await bindings.developers.write(
        lambda c: slow.open_turn(c, connected.developer_id, connected.platform_id)
    )

    await connected.keys().repair(connected.developer_id, connected.platform_id)
    _, dead = await bindings.customers.write(lambda c: slow.change_rows(c, turn, no_key))
    with pytest.raises(KeysChanged):
        await bindings.developers.write(lambda c: slow.close_turn(c, turn, issued=None, dead=dead))

    assert await connected.works(first)
