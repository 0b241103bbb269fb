"""The verbs: begin, finish, abandon."""

from dream_api.gateways.clock import Clock
from dream_api.shared.idempotency import store as rows
from dream_api.shared.idempotency.errors import IdempotencyConflict, IdempotencyInProgress
from dream_api.shared.idempotency.model import LEASE, RETENTION, StoredAnswer
from dream_api.stores import Connection, Store

DELETE_MAX = 500
RETRY_SECONDS = 1


class Idempotency:
    """Stored answers of one world."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, scope: str, key: str, fingerprint: str) -> StoredAnswer | None:
        """Claim a key for a request, or give the answer that its first request got.

        Of any number of racing requests exactly one gets None and does the work; it then calls
        ``finish`` or ``abandon``. One that dies loses its claim after two minutes.

        Args:
            scope: whose key it is; the same key of two callers is two keys.
            key: the caller's word.
            fingerprint: a hash of the whole request.

        Raises:
            IdempotencyConflict: the key stands for another request.
            IdempotencyInProgress: the first request is still running.
        """
        now = self._clock.now()

        def verb(connection: Connection) -> StoredAnswer | None:
            entry = rows.find_entry(connection, scope, key, now)
            if entry is None:
                rows.claim(connection, scope, key, fingerprint, now + LEASE)
                return None
            if entry.fingerprint != fingerprint:
                raise IdempotencyConflict(
                    "This Idempotency-Key was used for another request. Use a new key for a new "
                    "request, and the same body for a repeat."
                )
            if entry.answer is None:
                raise IdempotencyInProgress(
                    "The first request with this Idempotency-Key is still running. "
                    "Repeat it in a second.",
                    retry_after_seconds=RETRY_SECONDS,
                )
            return entry.answer

        return await self._store.write(verb)

    async def finish(self, scope: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer for a week of repeats."""
        expires_at = self._clock.now() + RETENTION
        await self._store.write(
            lambda connection: rows.keep(connection, scope, key, answer, expires_at)
        )

    async def abandon(self, scope: str, key: str) -> None:
        """Give the key back after a request that changed nothing worth repeating."""
        await self._store.write(lambda connection: rows.release(connection, scope, key))

    async def drop_expired(self) -> int:
        """Delete expired rows, a bounded number of them; give how many went."""
        now = self._clock.now()
        return await self._store.write(
            lambda connection: rows.delete_expired(connection, now, DELETE_MAX)
        )
