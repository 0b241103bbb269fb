"""Locks that hold across processes while a verb asks Stripe."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.errors import UserBusy
from dream_api.gateways.clock import Clock, monotonic_seconds
from dream_api.stores import Connection, Store

LEASE = timedelta(seconds=60)
"""How long a holder that died keeps others waiting; longer than any verb may take."""
PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 0.05
_HOLDER_BYTES = 12


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that is ours."""

    platform_id: str
    name: str
    holder: str

    def check(self, connection: Connection) -> None:
        """Refuse to write when the lease has run out and somebody else works on it.

        Raises:
            UserBusy: it is not ours any more; whoever has it writes something newer.
        """
        if not rows.has_lock(connection, self.platform_id, self.name, self.holder):
            raise _busy()


class Locks:
    """Named locks of a platform, kept as rows with a lease."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @asynccontextmanager
    async def hold(self, platform_id: str, name: str) -> AsyncIterator[Lock]:
        """Hold a lock for the time of a block.

        Raises:
            UserBusy: somebody else has held it for PATIENCE_SECONDS.
        """
        lock = Lock(platform_id, name, secrets.token_urlsafe(_HOLDER_BYTES))
        gives_up_at = monotonic_seconds() + PATIENCE_SECONDS
        while not await self._try(lock):
            if monotonic_seconds() > gives_up_at:
                raise _busy()
            await asyncio.sleep(RETRY_SECONDS)
        try:
            yield lock
        finally:
            await self._store.of(platform_id).write(
                lambda connection: rows.drop_lock(connection, platform_id, name, lock.holder)
            )

    async def _try(self, lock: Lock) -> bool:
        now = self._clock.now()
        return await self._store.of(lock.platform_id).write(
            lambda connection: rows.take_lock(
                connection,
                lock.platform_id,
                lock.name,
                lock.holder,
                now=now,
                expires_at=now + LEASE,
            )
        )


def _busy() -> UserBusy:
    return UserBusy("Another change of this user is under way. Send this again in a moment.")
