"""The versioned cache: key → access and platform → tiers and standing, at no cost to truth.

An entry is used only after the platform's version was read and found unchanged, inside the
transaction (writes) or by a look-up of one row (reads). Whatever changes a key, a tier or the
standing raises that version in its own transaction, so a change holds on the next request.
"""

import json
from typing import TypeVar

from dream_api.customers.platforms.model import (
    Access,
    PlatformState,
    TierConfig,
    access_from_wire,
    milliseconds_of,
)
from dream_api.stores import Dialect, DriverConnection

KEYS_MAX = 20_000
PLATFORMS_MAX = 5_000
"""Entries kept per process; the oldest goes when a new one comes."""

# One statement is one snapshot: the version can never be newer than the key it vouches for.
_KEY_SQL = {
    Dialect.SQLITE: """
        SELECT k.value, v.value FROM customer_tokens_kv k LEFT JOIN customer_tokens_kv v
            ON v.key = 'platform:' || json_extract(k.value, '$.platformId') || ':version'
        WHERE k.key = ?""",
    Dialect.POSTGRESQL: """
        SELECT k.value, v.value FROM customer_tokens_kv k LEFT JOIN customer_tokens_kv v
            ON v.key = 'platform:' || (k.value::json->>'platformId') || ':version'
        WHERE k.key = $1""",
}
_VERSION_SQL = {
    Dialect.SQLITE: "SELECT value FROM customer_tokens_kv WHERE key = ?",
    Dialect.POSTGRESQL: "SELECT value FROM customer_tokens_kv WHERE key = $1",
}
_STATE_SQL = {
    Dialect.SQLITE: "SELECT key, value FROM customer_tokens_kv WHERE key IN (?, ?)",
    Dialect.POSTGRESQL: "SELECT key, value FROM customer_tokens_kv WHERE key IN ($1, $2)",
}

Entry = TypeVar("Entry")


class PlatformCache:
    """Entries are immutable and replaced whole, so two threads may use one cache."""

    def __init__(self) -> None:
        self._accesses: dict[str, Access] = {}
        self._states: dict[str, PlatformState] = {}

    def cached_access(self, key_hash: str) -> Access | None:
        """Give what a key opened when it was last read; the caller verifies the version."""
        return self._accesses.get(key_hash)

    async def access(
        self, connection: DriverConnection, access: Access, version: int
    ) -> Access | None:
        """Give the key as of *version*; None once it is revoked or gone."""
        if access.version == version:
            return access
        return await self.load_access(connection, access.key_hash)

    async def load_access(self, connection: DriverConnection, key_hash: str) -> Access | None:
        """Read a key and keep it; None when it is unknown or revoked, and nothing is kept."""
        rows = await connection.fetch(_KEY_SQL[connection.dialect], (f"apikey:{key_hash}",))
        access = None
        for value, version in rows:
            access = access_from_wire(key_hash, json.loads(value), int(version or 0))
        if access is None:
            self._accesses.pop(key_hash, None)
        else:
            _keep(self._accesses, key_hash, access, KEYS_MAX)
        return access

    async def state(
        self, connection: DriverConnection, platform_id: str, version: int
    ) -> PlatformState:
        """Give the platform as of *version*, reading it again when the cached one is another."""
        state = self._states.get(platform_id)
        if state is None or state.version != version:
            state = await _load_state(connection, platform_id, version)
            _keep(self._states, platform_id, state, PLATFORMS_MAX)
        return state

    async def current_state(self, connection: DriverConnection, platform_id: str) -> PlatformState:
        """Read the platform's version (0 while nothing was ever written) and give its state."""
        rows = await connection.fetch(
            _VERSION_SQL[connection.dialect], (f"platform:{platform_id}:version",)
        )
        return await self.state(connection, platform_id, int(rows[0][0]) if rows else 0)


async def _load_state(
    connection: DriverConnection, platform_id: str, version: int
) -> PlatformState:
    """Read a platform. Never older than *version*; if newer, the next look reads it again."""
    tiers_key, status_key = f"platform:{platform_id}:tierConfig", f"platform:{platform_id}:status"
    rows = await connection.fetch(_STATE_SQL[connection.dialect], (tiers_key, status_key))
    found = {key: json.loads(value) for key, value in rows}
    return PlatformState(
        platform_id=platform_id,
        version=version,
        tiers=TierConfig.from_wire(found.get(tiers_key)),
        active_until_ms=milliseconds_of(found.get(status_key, {}).get("activeUntil")),
    )


def _keep(entries: dict[str, Entry], key: str, entry: Entry, entries_max: int) -> None:
    if len(entries) >= entries_max and key not in entries:
        entries.pop(next(iter(entries)), None)
    entries[key] = entry
