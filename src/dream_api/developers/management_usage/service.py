"""The verbs: admit a changing call, take it back when it changed nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from math import ceil

from dream_api.developers.management_usage.errors import ManagementLimitReached
from dream_api.developers.management_usage.model import CALLS_PER_MINUTE, Limits, Usage
from dream_api.gateways.clock import Clock
from dream_api.kit.periods import MINUTE, minute_of, rfc3339
from dream_api.stores import Connection, FrontAuthApiBindings


class ManagementUsage:
    """Meters what developers change, in ``PLATFORM_USAGE_KV``."""

    def __init__(self, bindings: FrontAuthApiBindings, clock: Clock, limits: Limits) -> None:
        self._store = bindings.developers
        self._platform_usage = bindings.platform_usage
        self._clock = clock
        self._limits = limits

    @asynccontextmanager
    async def metered(self, developer_id: str, *, is_paid: bool) -> AsyncIterator[None]:
        """Count one changing call around what it does; a call that raises is not counted.

        It is counted first and taken back on failure, so racing calls never share the last one.

        Raises:
            ManagementLimitReached: nothing was done; says how long to wait.
        """
        await self._admit(developer_id, is_paid=is_paid)
        try:
            yield
        except BaseException:
            await self._take_back(developer_id)
            raise

    async def get(self, developer_id: str) -> Usage:
        """Read this month's count."""
        now = self._clock.now()
        return await self._store.read(lambda connection: self._read(connection, developer_id, now))

    async def _admit(self, developer_id: str, *, is_paid: bool) -> None:
        now = self._clock.now()
        limit = self._limits.of(is_paid=is_paid)

        def verb(connection: Connection) -> None:
            usage = self._read(connection, developer_id, now)
            if usage.usage_count >= limit:
                raise ManagementLimitReached(
                    f"You have made {limit} changing calls this month. Wait for the next month, "
                    "or subscribe for more.",
                    retry_after_seconds=_seconds_until(usage.period_end, now),
                )
            self._count_minute(connection, developer_id, now)
            self._write(connection, developer_id, replace(usage, usage_count=usage.usage_count + 1))

        await self._store.write(verb)

    async def _take_back(self, developer_id: str) -> None:
        now = self._clock.now()

        def verb(connection: Connection) -> None:
            usage = self._read(connection, developer_id, now)
            self._write(
                connection, developer_id, replace(usage, usage_count=max(usage.usage_count - 1, 0))
            )

        await self._store.write(verb)

    def _count_minute(self, connection: Connection, developer_id: str, now: datetime) -> None:
        minute = minute_of(now)
        key = f"ratelimit:{developer_id}:{rfc3339(minute)}"
        calls = int(self._platform_usage.get(connection, key) or 0)
        if calls >= CALLS_PER_MINUTE:
            raise ManagementLimitReached(
                f"Make at most {CALLS_PER_MINUTE} changing calls a minute.",
                retry_after_seconds=_seconds_until(minute + MINUTE, now),
            )
        self._platform_usage.put(connection, key, calls + 1, expires_at=minute + 2 * MINUTE)

    def _read(self, connection: Connection, developer_id: str, now: datetime) -> Usage:
        return Usage.read(self._platform_usage.get(connection, f"usage:{developer_id}"), now)

    def _write(self, connection: Connection, developer_id: str, usage: Usage) -> None:
        self._platform_usage.put(connection, f"usage:{developer_id}", usage.to_wire())


def _seconds_until(moment: datetime, now: datetime) -> int:
    return max(ceil((moment - now).total_seconds()), 1)
