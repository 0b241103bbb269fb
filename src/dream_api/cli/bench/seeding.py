"""What a measurement finds: a platform, its key, and end users who have called before."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from dream_api.app import Engine
from dream_api.customers.metering import Metering, TrackEvent
from dream_api.customers.platforms import Tier, TierConfig, write_key, write_tiers
from dream_api.gateways.clock import Clock
from dream_api.kit.keys import Mode, hash_key, issue_key
from dream_api.kit.periods import rfc3339
from dream_api.stores import ApiMultiBindings, Connection

UNLIMITED = Tier("unlimited", "Unlimited", 0)
USERS_AT_ONCE = 5_000
ROLLED_AT_ONCE = 50_000


async def seed(engine: Engine, clock: Clock, users: int) -> str:
    """Make a platform with an unlimited free tier and count one call of each user.

    Returns:
        The platform's secret key.
    """
    await engine.migrate()
    platform_id, secret_key = issue_key("pk", Mode.TEST), issue_key("sk", Mode.TEST)
    async with engine.opened(clock) as bindings:
        await _publish(bindings.api_multi, platform_id, secret_key, clock.now())
        metering = Metering(bindings.api_multi, clock)
        async for events in _first_calls(users):
            await metering.track_batch(platform_id, events)
        await metering.close()
        loop = Metering(bindings.loops.api_multi, clock)
        while await loop.roll_up(ROLLED_AT_ONCE):
            pass  # What a server would otherwise make up for while it is measured.
    return secret_key


async def _publish(
    api_multi: ApiMultiBindings, platform_id: str, secret_key: str, now: datetime
) -> None:
    tokens = api_multi.customer_tokens
    record: dict[str, Any] = {
        "platformId": platform_id,
        "keyId": "key_bench",
        "name": "Bench",
        "hint": "",
        "scopes": [],
        "createdAt": rfc3339(now),
        "endsAt": None,
        "expiresAt": None,
        "revokedAt": None,
        "lastUsedAt": None,
        "replaces": [],
    }

    def verb(connection: Connection) -> None:
        write_tiers(connection, tokens, platform_id, TierConfig((UNLIMITED,)))
        write_key(connection, tokens, platform_id, hash_key(secret_key), record)

    await api_multi.customers.of(platform_id).write(verb)


async def _first_calls(users: int) -> AsyncIterator[list[TrackEvent]]:
    for start in range(0, users, USERS_AT_ONCE):
        yield [
            TrackEvent(f"u_{number:07d}")
            for number in range(start, min(start + USERS_AT_ONCE, users))
        ]
        await asyncio.sleep(0)
