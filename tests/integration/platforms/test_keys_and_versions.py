"""Keys and the versioned cache: what is cached is used only while it is true."""

from datetime import timedelta

import pytest

from dream_api.customers.metering import TrackEvent
from dream_api.customers.platforms import (
    Branding,
    Platforms,
    PlatformSettings,
    Tier,
    TierConfig,
    Unauthenticated,
    read_key,
    touch_key,
    write_branding,
    write_settings,
    write_status,
    write_tiers,
)
from dream_api.kit.keys import Mode, hash_key, issue_key
from dream_api.kit.periods import rfc3339
from dream_api.stores import Connection
from tests.integration.metering.conftest import World


@pytest.mark.parametrize("key", ["", "sk_", "sk_test_drm_x", "pk", "sk_live_" + "a" * 42])
async def test_a_malformed_key_touches_no_store(world: World, key: str) -> None:
    """Its checksum refuses it before any look-up."""
    with pytest.raises(Unauthenticated):
        await world.metering.find_access(key)


async def test_a_key_opens_its_platform(world: World) -> None:
    """With the scopes it was given, and nobody else's platform."""
    secret = await world.issue_key(scopes=["usage"], keyId="key_7")

    access = await world.metering.find_access(secret)

    assert (world.platform_id, "key_7", ("usage",)) == (
        access.platform_id, access.key_id, access.scopes
    )  # fmt: skip


async def test_a_key_ends_when_it_expires(world: World) -> None:
    """To the moment, without anybody writing anything."""
    ends = world.clock.now() + timedelta(minutes=1)
    secret = await world.issue_key(expiresAt=rfc3339(ends))
    access = await world.metering.find_access(secret)

    world.clock.moment = ends

    with pytest.raises(Unauthenticated):
        await world.metering.find_access(secret)
    with pytest.raises(Unauthenticated):
        await world.metering.track(world.platform_id, TrackEvent("u_1"), access=access)
    with pytest.raises(Unauthenticated):
        await world.metering.check(world.platform_id, "u_1", access=access)


async def test_a_revoked_key_counts_nothing_though_it_is_cached(world: World) -> None:
    """The transaction itself finds out."""
    secret = await world.issue_key()
    await world.metering.find_access(secret)
    access = world.metering.cached_access(secret)
    await world.put_key(secret, revokedAt=rfc3339(world.clock.now()))

    with pytest.raises(Unauthenticated):
        await world.metering.track(world.platform_id, TrackEvent("u_1"), access=access)
    with pytest.raises(Unauthenticated):
        await world.metering.check(world.platform_id, "u_1", access=access)

    assert {0} == set(world.counts().values())
    assert None is world.metering.cached_access(secret)


async def test_a_key_that_still_lives_survives_a_change_of_its_platform(world: World) -> None:
    """A new version makes the cache look again, not refuse."""
    secret = await world.issue_key()
    access = await world.metering.find_access(secret)
    await world.publish(Tier("free", "Free", 0, limit=1))

    decision = await world.metering.track(world.platform_id, TrackEvent("u_1"), access=access)

    assert (True, 1) == (decision.allowed, decision.limit)


async def test_every_change_of_a_platform_raises_its_version(world: World) -> None:
    """Whoever caches a platform hears of each change; noting a key's use is none."""
    tokens = world.bindings.api_multi.customer_tokens
    platform_id, now = world.platform_id, world.clock.now()
    secret = await world.issue_key()

    async def version_after(*verb: object) -> int:
        write, *arguments = verb
        assert callable(write)

        def change(connection: Connection) -> int:
            write(connection, tokens, platform_id, *arguments)
            return int(tokens.get(connection, f"platform:{platform_id}:version") or 0)

        version: int = await world.write(change)
        return version

    versions = [
        await version_after(write_tiers, TierConfig()),
        await version_after(write_status, now),
        await version_after(write_branding, Branding("Acme")),
        await version_after(write_settings, PlatformSettings()),
    ]
    touched = await version_after(touch_key, hash_key(secret), now)

    assert list(range(versions[0], versions[0] + 4)) == versions
    assert versions[-1] == touched


async def test_last_use_is_written_once_a_minute(world: World) -> None:
    """However often a key is used, its row is written once; the next minute again."""
    secret = await world.issue_key()
    tokens = world.bindings.api_multi.customer_tokens

    async def last_used() -> str:
        await world.metering.find_access(secret)
        await world.metering.close()
        record = await world.bindings.api_multi.customers.of(world.platform_id).read(
            lambda c: read_key(c, tokens, world.platform_id, hash_key(secret))
        )
        assert record is not None
        return str(record["lastUsedAt"])

    first = await last_used()
    world.clock.moment += timedelta(seconds=59)
    same = await last_used()
    world.clock.moment += timedelta(seconds=1)
    later = await last_used()

    assert first == same
    assert rfc3339(world.clock.now()) == later


async def test_another_platforms_key_row_is_nobodys(world: World) -> None:
    """A row is read and touched only with the platform it belongs to."""
    secret = await world.issue_key()
    tokens = world.bindings.api_multi.customer_tokens
    stranger = issue_key("pk", Mode.TEST)

    found = await world.bindings.api_multi.customers.of(world.platform_id).read(
        lambda c: read_key(c, tokens, stranger, hash_key(secret))
    )

    assert None is found


async def test_a_platform_exists_once_anything_was_written(world: World) -> None:
    """A publishable key with a good checksum is still unknown until then."""
    platforms = Platforms(
        world.bindings.api_multi.customers, world.bindings.api_multi.customer_tokens
    )

    assert [True, False, False] == [
        await platforms.exists(world.platform_id),
        await platforms.exists(issue_key("pk", Mode.TEST)),
        await platforms.exists("pk_test_drm_nothing"),
    ]
    assert ["free", "pro", "unlimited"] == [
        tier.name for tier in (await platforms.tiers(world.platform_id)).tiers
    ]
