"""Looking: what ``track`` would answer now, for everyone who asks at one moment."""

from collections.abc import Sequence

import msgspec

from dream_api.customers.metering.model import Decision, Usage, check
from dream_api.customers.metering.rows import Point, rows_of
from dream_api.customers.platforms import (
    Access,
    PlatformCache,
    PlatformInactive,
    Unauthenticated,
)
from dream_api.stores import DriverConnection


class Look(msgspec.Struct, frozen=True):
    """One question; ``access`` None when the caller was verified otherwise."""

    platform_id: str
    access: Access | None
    user_id: str
    amount: int
    now_ms: int


class GroupLook:
    """The verb of ``/v1/check`` and ``/v1/usage``; satisfies ``BatchVerb``, and writes nothing."""

    def __init__(self, cache: PlatformCache) -> None:
        self._cache = cache

    async def __call__(
        self, connection: DriverConnection, looks: Sequence[Look]
    ) -> Sequence[Decision | Exception]:
        """Answer each question, in order, as of one moment."""
        points = await rows_of(connection).read_points(
            [(look.platform_id, look.user_id) for look in looks]
        )
        return [
            await self._answer(connection, look, point)
            for look, point in zip(looks, points, strict=True)
        ]

    async def _answer(
        self, connection: DriverConnection, look: Look, point: Point
    ) -> Decision | Exception:
        if look.access is not None:
            access = await self._cache.access(connection, look.access, point.version)
            if access is None or not access.is_live(look.now_ms):
                return Unauthenticated()
        state = await self._cache.state(connection, look.platform_id, point.version)
        if state.is_inactive(look.now_ms):
            return PlatformInactive()
        usage = point.usage or Usage(look.user_id)
        return check(usage, state.tiers, amount=look.amount, now_ms=look.now_ms)
