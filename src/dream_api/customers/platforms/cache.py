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
from dream_api.stores import DriverConnection

KEYS_MAX = 20_000
PLATFORMS_MAX = 5_000
"""Entries kept per process; the oldest goes when a new one comes."""

_VERSION_SQL = "SELECT value FROM customer_tokens_kv WHERE key = ?"
# One statement is one snapshot: the version can never be newer than the key it vouches for.
_KEY_SQL = """
    SELECT k.value, v.value FROM customer_tokens_kv k
    LEFT JOIN customer_tokens_kv v
        ON v.key = 'platform:' || json_extract(k.value, '$.platformId') || ':version'
    WHERE k.key = ?
"""
_STATE_SQL = "SELECT key, value FROM customer_tokens_kv WHERE key IN (?, ?)"

Entry = TypeVar("Entry")


class PlatformCache:
    """Entries are immutable and replaced whole, so two threads may use one cache."""

    def __init__(self) -> None:
        self._accesses: dict[str, Access] = {}
        self._states: dict[str, PlatformState] = {}

    def cached_access(self, key_hash: str) -> Access | None:
        """Give what a key opened when it was last read; the caller verifies the version."""
        return self._accesses.get(key_hash)

    def access(self, connection: DriverConnection, access: Access, version: int) -> Access | None:
        """Give the key as of *version*; None once it is revoked or gone."""
        if access.version == version:
            return access
        return self.load_access(connection, access.key_hash)

    def load_access(self, connection: DriverConnection, key_hash: str) -> Access | None:
        """Read a key and keep it; None when it is unknown or revoked, and nothing is kept."""
        row = connection.execute(_KEY_SQL, (f"apikey:{key_hash}",)).fetchone()
        access = None
        if row is not None:
            access = access_from_wire(key_hash, json.loads(row[0]), int(row[1] or 0))
        if access is None:
            self._accesses.pop(key_hash, None)
        else:
            _keep(self._accesses, key_hash, access, KEYS_MAX)
        return access

    def state(self, connection: DriverConnection, platform_id: str, version: int) -> PlatformState:
        """Give the platform as of *version*, reading it again when the cached one is another."""
        state = self._states.get(platform_id)
        if state is None or state.version != version:
            state = _load_state(connection, platform_id, version)
            _keep(self._states, platform_id, state, PLATFORMS_MAX)
        return state

    def current_state(self, connection: DriverConnection, platform_id: str) -> PlatformState:
        """Read the platform's version (0 while nothing was ever written) and give its state."""
        row = connection.execute(_VERSION_SQL, (f"platform:{platform_id}:version",)).fetchone()
        return self.state(connection, platform_id, 0 if row is None else int(row[0]))


def _load_state(connection: DriverConnection, platform_id: str, version: int) -> PlatformState:
    """Read a platform. Never older than *version*; if newer, the next look reads it again."""
    tiers_key, status_key = f"platform:{platform_id}:tierConfig", f"platform:{platform_id}:status"
    found = dict(connection.execute(_STATE_SQL, (tiers_key, status_key)).fetchall())
    tiers = json.loads(found[tiers_key]) if tiers_key in found else None
    status = json.loads(found[status_key]) if status_key in found else {}
    return PlatformState(
        platform_id=platform_id,
        version=version,
        tiers=TierConfig.from_wire(tiers),
        active_until_ms=milliseconds_of(status.get("activeUntil")),
    )


def _keep(entries: dict[str, Entry], key: str, entry: Entry, entries_max: int) -> None:
    if len(entries) >= entries_max and key not in entries:
        entries.pop(next(iter(entries)), None)
    entries[key] = entry
