"""The verbs of secret keys, each in the order that a crash cannot hurt.

Every verb: take the turn (developers' world) → in one transaction of the customers' world, repair
what an earlier crash left and change the rows → copy, audit and give the turn back (developers'
world) → answer. A crash leaves the turn open; the next verb of the platform, or the worker,
repairs. See ``model.repaired`` for what that means.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from dream_api.bridge.keys import store as rows
from dream_api.bridge.keys.errors import KeyLimitReached, KeysChanged
from dream_api.bridge.keys.model import (
    KEYS_LIVE_MAX,
    SCOPES,
    Credentials,
    Issued,
    SecretKey,
    Turn,
    check_new_key,
    check_overlap,
    issue,
    repaired,
    rotated,
)
from dream_api.developers.accounts import audit
from dream_api.gateways.clock import Clock
from dream_api.kit.errors import NotFound
from dream_api.stores import Connection, FrontAuthApiBindings

REPAIR_AFTER = timedelta(seconds=60)
"""Longer than any verb may take, so that the worker never takes the turn of a verb in flight."""
REPAIRS_A_SWEEP_MAX = 100

Changed = tuple[Issued | None, Sequence[SecretKey]]
"""What is issued, and the older keys that change."""
Change = Callable[[str, Sequence[SecretKey], datetime], Changed]
"""Looks at a platform's keys after repair, dead ones too, and says what becomes of them."""


class Keys:
    """Secret keys of platforms, with the rights of front-auth-api.

    A platform's key verbs run one at a time: in this process they queue, and a turn in the store
    fences off other processes. ``KeysChanged`` is raised by every verb whose turn was taken.
    """

    def __init__(self, bindings: FrontAuthApiBindings, clock: Clock) -> None:
        self._developers = bindings.developers
        self._customers = bindings.customers
        self._platform_tokens = bindings.platform_tokens
        self._customer_tokens = bindings.customer_tokens
        self._clock = clock
        self._queues: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def credentials(self, platform_id: str) -> Credentials:
        """List what a developer may see of a platform's keys: those that work, oldest first."""
        now = self._clock.now()
        keys = await self._customers.of(platform_id).read(
            lambda connection: rows.read_rows(connection, self._customer_tokens, platform_id)
        )
        return Credentials(platform_id, platform_id, tuple(key for key in keys if key.is_live(now)))

    async def create(
        self,
        developer_id: str,
        platform_id: str,
        *,
        name: str,
        scopes: Sequence[str] | None = None,
        expires_at: datetime | None = None,
    ) -> Issued:
        """Issue one more key; without *scopes* it may do everything.

        Raises:
            NotFound: the platform is not this developer's.
            ValidationFailed: name, scopes or expiry.
            KeyLimitReached: the platform has KEYS_LIVE_MAX live keys.
        """
        check_new_key(name, scopes, expires_at, self._clock.now())

        def change(_: str, keys: Sequence[SecretKey], now: datetime) -> Changed:
            check_room_for_one_more(_live(keys, now))
            return issue(platform_id, now, name=name, scopes=scopes or (), ends_at=expires_at), ()

        return _shown(await self._change(developer_id, platform_id, "key.created", change))

    async def rotate(self, developer_id: str, platform_id: str, *, overlap_seconds: int) -> Issued:
        """Issue one key and retire all live ones after the overlap; 0 retires them at once.

        The new key may do what any of the old ones may; where none is live, everything.
        """
        overlap = check_overlap(overlap_seconds)

        def change(_: str, keys: Sequence[SecretKey], now: datetime) -> Changed:
            live = _live(keys, now)
            _check_room_for_overlap(live, overlap)
            issued = issue(platform_id, now, scopes=_scopes_of_all(live))
            return rotated(live, issued, overlap, now)

        return _shown(await self._change(developer_id, platform_id, "keys.rotated", change))

    async def rotate_one(
        self, developer_id: str, platform_id: str, key_id: str, *, overlap_seconds: int
    ) -> Issued:
        """Replace one live key by another of the same name, scopes and chosen end.

        Raises:
            NotFound: no such live key on this platform.
        """
        overlap = check_overlap(overlap_seconds)

        def change(_: str, keys: Sequence[SecretKey], now: datetime) -> Changed:
            live = _live(keys, now)
            old = _find(live, key_id)
            _check_room_for_overlap(live, overlap)
            issued = issue(platform_id, now, name=old.name, scopes=old.scopes, ends_at=old.ends_at)
            return rotated([old], issued, overlap, now)

        return _shown(
            await self._change(developer_id, platform_id, "key.rotated", change, key_id=key_id)
        )

    async def revoke(self, developer_id: str, platform_id: str, key_id: str) -> None:
        """Make a key useless from the next request on, on every worker. Repeatable.

        Raises:
            NotFound: no such key on this platform.
        """

        def change(_: str, keys: Sequence[SecretKey], now: datetime) -> Changed:
            key = _find(keys, key_id)
            return None, () if key.revoked_at else [key.revoked(now)]

        await self._change(developer_id, platform_id, "key.revoked", change, key_id=key_id)

    async def repair(self, developer_id: str, platform_id: str) -> None:
        """Take back what a crash left half-done on one platform; harmless when nothing is."""
        await self._change(developer_id, platform_id, "keys.repaired", no_key)

    async def repair_stale(self) -> int:
        """Repair platforms whose turn has been open for REPAIR_AFTER; give how many."""
        opened_before = self._clock.now() - REPAIR_AFTER
        stale = await self._developers.read(
            lambda connection: rows.stale_turns(connection, opened_before, REPAIRS_A_SWEEP_MAX)
        )
        for platform_id, developer_id in stale:
            # One that cannot be repaired now must not keep the others waiting.
            with suppress(NotFound, KeysChanged):
                await self.repair(developer_id, platform_id)
        return len(stale)

    # What the catalogue needs to publish tiers and the first key in its own transactions.

    @asynccontextmanager
    async def queue(self, platform_id: str) -> AsyncIterator[None]:
        """Wait until no other verb of this process changes the platform's keys or tiers."""
        async with self._queues.setdefault(platform_id, asyncio.Lock()):
            yield

    def open_turn(self, connection: Connection, developer_id: str, platform_id: str) -> Turn:
        """Take the platform's turn, in a transaction of the developers' world."""
        return rows.open_turn(
            connection,
            platform_id,
            platform_tokens=self._platform_tokens,
            developer_id=developer_id,
            now=self._clock.now(),
        )

    def check_turn(self, connection: Connection, turn: Turn) -> None:
        """Make sure that the turn is still ours, in a transaction of the developers' world.

        Raises:
            KeysChanged: it is not.
        """
        rows.check_turn(connection, turn)

    def change_rows(
        self, connection: Connection, turn: Turn, change: Change
    ) -> tuple[Issued | None, tuple[SecretKey, ...]]:
        """Repair and change the platform's rows, in a transaction of the customers' world.

        Returns:
            What was issued, and the keys that are dead: their copies go with the turn.
        """
        now = self._clock.now()
        before = rows.read_rows(connection, self._customer_tokens, turn.platform_id)
        current = {row.key_hash: row for row in before}
        changed = repaired(before, turn.known, now)
        current.update(changed)
        issued, older = change(turn.platform_id, [*current.values()], now)
        changed.update({row.key_hash: row for row in older})
        if issued is not None:
            changed[issued.key.key_hash] = issued.key
        rows.write_rows(
            connection,
            self._customer_tokens,
            turn.platform_id,
            changed=changed,
            known=turn.known,
        )
        current.update(changed)
        return issued, tuple(row for row in current.values() if not row.is_live(now))

    def close_turn(
        self,
        connection: Connection,
        turn: Turn,
        *,
        issued: Issued | None,
        dead: Sequence[SecretKey],
    ) -> None:
        """Copy what is about to be shown and give the turn back (developers' world).

        Raises:
            KeysChanged: another process took the turn; what was issued must not be shown.
        """
        rows.check_turn(connection, turn)
        added = [] if issued is None else [issued.key]
        dropped = [key for key in dead if key.id in turn.known]
        if added or dropped:
            rows.copy_keys(connection, self._platform_tokens, turn, added=added, dropped=dropped)
        rows.close_turn(connection, turn, now=self._clock.now(), has_shown=bool(added))

    async def _change(
        self,
        developer_id: str,
        platform_id: str,
        action: str,
        change: Change,
        *,
        key_id: str | None = None,
    ) -> Issued | None:
        async with self.queue(platform_id):
            turn = await self._developers.write(
                lambda connection: self.open_turn(connection, developer_id, platform_id)
            )
            issued, dead = await self._customers.of(platform_id).write(
                lambda connection: self.change_rows(connection, turn, change)
            )

            def close(connection: Connection) -> None:
                self.close_turn(connection, turn, issued=issued, dead=dead)
                detail = {
                    "platformId": platform_id,
                    "keyId": key_id,
                    "issuedKeyId": issued.key.id if issued else None,
                }
                audit(connection, developer_id, action, detail, self._clock.now())

            await self._developers.write(close)
            return issued


def check_room_for_one_more(live: Sequence[SecretKey]) -> None:
    """Refuse a key too many.

    Raises:
        KeyLimitReached: KEYS_LIVE_MAX are live.
    """
    if len(live) >= KEYS_LIVE_MAX:
        raise KeyLimitReached(
            f"This platform has {len(live)} live keys. Revoke one, or rotate without overlap."
        )


def _check_room_for_overlap(live: Sequence[SecretKey], overlap: timedelta) -> None:
    if overlap:
        check_room_for_one_more(live)


def first_key(platform_id: str, keys: Sequence[SecretKey], now: datetime) -> Changed:
    """Issue the key that comes with a platform's first tiers."""
    check_room_for_one_more(_live(keys, now))
    return issue(platform_id, now), ()


def no_key(_platform_id: str, _keys: Sequence[SecretKey], _now: datetime) -> Changed:
    """Change nothing but what has to be repaired."""
    return None, ()


def _scopes_of_all(keys: Sequence[SecretKey]) -> list[str]:
    """Give what any of the keys may do; empty, which is everything, where one has no limit."""
    if not all(key.scopes for key in keys):
        return []
    return [scope for scope in SCOPES if any(scope in key.scopes for key in keys)]


def _live(keys: Sequence[SecretKey], now: datetime) -> list[SecretKey]:
    return [key for key in keys if key.is_live(now)]


def _find(keys: Sequence[SecretKey], key_id: str) -> SecretKey:
    for key in keys:
        if key.id == key_id:
            return key
    raise NotFound("No such key. GET /platform/credentials lists them.")


def _shown(issued: Issued | None) -> Issued:
    assert issued is not None, "the verbs that show a key issue one"
    return issued
