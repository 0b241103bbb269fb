"""Clerk's public keys: read over HTTP, kept, and never asked for in a loop by a stranger."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from dream_api.gateways.clerk.errors import ClerkUnavailable
from dream_api.gateways.clock import Clock

FRESH = timedelta(minutes=10)
"""How long a key set is used without asking."""
STALE = timedelta(hours=24)
"""How long it is used where Clerk does not answer."""
UNKNOWN = timedelta(seconds=60)
"""How long a key id that Clerk does not have is refused without asking."""
ASK_AGAIN = timedelta(seconds=10)
"""At most one request in this time, however many unknown key ids arrive."""
KEYS_MAX = 20
UNKNOWN_MAX = 1_000

Jwk = Mapping[str, Any]
Fetch = Callable[[], Awaitable[Any]]


class KeySet:
    """One Clerk application's keys.

    Args:
        fetch: reads the JWKS document; raises ``ClerkUnavailable``.
        clock: tells how old what we have is.
    """

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, Jwk] = {}
        self._read_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._unknown: dict[str, datetime] = {}
        self._asking = asyncio.Lock()

    async def find(self, key_id: str) -> Jwk | None:
        """Find a key; None where Clerk has none of this id.

        Raises:
            ClerkUnavailable: Clerk does not answer, and what we know is too old to go by.
        """
        now = self._clock.now()
        if self._is_newer(self._read_at, FRESH, now) and key_id in self._keys:
            return self._keys[key_id]
        if self._is_newer(self._unknown.get(key_id), UNKNOWN, now):
            return None
        was_answered = await self._refresh()
        if was_answered and key_id not in self._keys:
            # Only then: a key that Clerk has made since the last answer must not be shut out.
            self._remember_unknown(key_id)
        return self._keys.get(key_id)

    async def count(self) -> int:
        """Read the keys anew and count them; what is known stays as it is.

        Raises:
            ClerkUnavailable: Clerk does not answer.
        """
        return len(_read(await self._fetch()))

    async def _refresh(self) -> bool:
        """Ask, and tell whether Clerk has answered; not if somebody has asked just before."""
        async with self._asking:
            now = self._clock.now()
            if self._is_newer(self._asked_at, ASK_AGAIN, now):
                self._require_usable(now)
                return False
            self._asked_at = now
            try:
                self._keys = _read(await self._fetch())
            except ClerkUnavailable:
                self._require_usable(now)
                return False
            self._read_at = now
            return True

    def _require_usable(self, now: datetime) -> None:
        if not self._is_newer(self._read_at, STALE, now):
            raise ClerkUnavailable("Clerk's keys cannot be read right now. Retry in a moment.")

    def _remember_unknown(self, key_id: str) -> None:
        if len(self._unknown) >= UNKNOWN_MAX:
            self._unknown.clear()  # A flood; ASK_AGAIN still holds.
        self._unknown[key_id] = self._clock.now()

    @staticmethod
    def _is_newer(moment: datetime | None, age: timedelta, now: datetime) -> bool:
        return moment is not None and now - moment < age


def _read(document: Any) -> dict[str, Jwk]:
    """Read a JWKS document; what is no RSA key for signatures does not count.

    Raises:
        ClerkUnavailable: it is none.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise ClerkUnavailable("Clerk's answer is no key set.")
    return {
        key["kid"]: {"kty": "RSA", "n": key["n"], "e": key["e"]}
        for key in listed[:KEYS_MAX]
        if isinstance(key, Mapping)
        and key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and all(isinstance(key.get(name), str) for name in ("kid", "n", "e"))
    }
