"""The verbs of metering. Each answers after its transaction is on disk, or reads one row."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import cast

import structlog

from dream_api.customers.metering import store
from dream_api.customers.metering.batch import WEEK_MS, Call, GroupCommit, PreparedEvent
from dream_api.customers.metering.looking import GroupLook, Look
from dream_api.customers.metering.model import (
    LATE_MS_MAX,
    Decision,
    TrackEvent,
    check,
)
from dream_api.customers.metering.preparing import prepare
from dream_api.customers.metering.rows import rows_of
from dream_api.customers.platforms import (
    Access,
    PlatformCache,
    PlatformInactive,
    Unauthenticated,
    read_tiers,
    touch_key,
)
from dream_api.gateways.clock import Clock
from dream_api.kit.errors import DreamError, FieldError, ValidationFailed
from dream_api.kit.keys import hash_key, is_well_formed
from dream_api.kit.periods import from_milliseconds, months_before, to_milliseconds
from dream_api.stores import ApiMultiBindings, Connection

EVENTS_PER_CALL_MAX = 500
"""Events that go into a transaction as one item; a larger batch takes several turns."""
ERRORS_MAX = 20
"""Refused fields named in one answer."""
TOUCH_MS = 60_000
"""A key's ``lastUsedAt`` is written once in this time, however often it is used."""
TOUCHED_KEYS_MAX = 20_000
ROLL_UP_ROWS_MAX = 1_000
"""Rows a turn: some milliseconds, since counting waits for each turn of the writer."""
SWEEP_ROWS_MAX = 20_000
INDEX_KEYS_MAX = 65_536
"""Keys in one pass over the index."""
KEYS_PER_SLICE = 2_000
"""Keys indexed in one turn, some milliseconds."""
FORGET_KEYS_MAX = 5_000

_log = structlog.get_logger()


class Metering:
    """Counts and limits the use of every end user of every platform.

    Args:
        bindings: the customers' world as api-multi sees it; ``meter`` is the hot path's role.
        clock: tells when an event arrives.
    """

    def __init__(self, bindings: ApiMultiBindings, clock: Clock) -> None:
        self._bindings = bindings
        self._clock = clock
        self._cache = PlatformCache()
        self._group_commit = GroupCommit(self._cache)
        self._group_look = GroupLook(self._cache)
        self._indexing: store.IndexPass | None = None
        self._touched: dict[str, int] = {}
        self._touching: set[asyncio.Task[None]] = set()

    async def find_access(self, secret_key: str) -> Access:
        """Tell what a secret key opens, as of now.

        Raises:
            Unauthenticated: it is malformed, unknown, revoked or expired.
        """
        if not is_well_formed(secret_key, "sk"):
            raise Unauthenticated
        return await self._current_access(hash_key(secret_key))

    def cached_access(self, secret_key: str) -> Access | None:
        """Tell what a secret key opened when it was last looked at, at the cost of a hash.

        For ``track`` and ``check`` with ``access=``, which verify it themselves; None means
        that ``find_access`` has to be asked.
        """
        return self._cache.cached_access(hash_key(secret_key))

    async def gate(self, platform_id: str) -> None:
        """Refuse a platform whose subscription ended more than the days of grace ago.

        Raises:
            PlatformInactive: it did.
        """
        now_ms = to_milliseconds(self._clock.now())
        state = await self._bindings.meter.read_point(
            lambda connection: self._cache.current_state(connection, platform_id)
        )
        if state.is_inactive(now_ms):
            raise PlatformInactive

    async def track(
        self,
        platform_id: str,
        event: TrackEvent,
        *,
        access: Access | None = None,
        owner_id: str | None = None,
    ) -> Decision:
        """Count an event if it fits, else count nothing; durable on return.

        Args:
            platform_id: whose end user it is.
            event: checked for form; its timestamp is judged here.
            access: the key that asks, verified in the transaction; None when it has been.
            owner_id: the end user whose own idempotency keys these are; None for the platform's.

        Raises:
            IdempotencyConflict: the key was used for other content; nothing was counted.
            ValidationFailed: the timestamp lies in the future or too far back.
            Unauthenticated: *access* is no longer live.
            PlatformInactive: grace is over.
            StoreUnavailable, Overloaded: nothing was counted; try again.
        """
        now_ms = to_milliseconds(self._clock.now())
        prepared = prepare(platform_id, event, owner_id, now_ms)
        if event.timestamp is not None:
            await self._check_timestamps(platform_id, (prepared,), now_ms, path="timestamp")
        return await self._submit(platform_id, access, prepared, now_ms)

    def count(self, platform_id: str, event: TrackEvent, *, access: Access) -> Awaitable[Decision]:
        """``track``, without a coroutine of its own where the event happens now."""
        if event.timestamp is not None:
            return self.track(platform_id, event, access=access)
        now_ms = to_milliseconds(self._clock.now())
        prepared = prepare(platform_id, event, None, now_ms)
        return self._submit(platform_id, access, prepared, now_ms)

    async def track_batch(
        self, platform_id: str, events: Sequence[TrackEvent], *, access: Access | None = None
    ) -> list[Decision]:
        """Decide events in order, each on its own; what was answered is durable.

        Not atomic: when it fails midway, the first events may be counted, so give them keys
        and repeat it whole. No minute limits them.

        Raises:
            ValidationFailed: a timestamp is refused; nothing was counted.
            Unauthenticated, PlatformInactive, StoreUnavailable, Overloaded: as ``track``.
        """
        now_ms = to_milliseconds(self._clock.now())
        prepared = [prepare(platform_id, event, None, now_ms) for event in events]
        await self._check_timestamps(platform_id, prepared, now_ms, path="events[{}].timestamp")
        decisions: list[Decision] = []
        for start in range(0, len(prepared), EVENTS_PER_CALL_MAX):
            turn = tuple(prepared[start : start + EVENTS_PER_CALL_MAX])
            call = Call(platform_id, access, turn, now_ms, True)
            counting = self._bindings.meter.write_batched(
                self._group_commit, call, weight=len(turn)
            )
            decisions += cast("tuple[Decision, ...]", await counting)
        if access is not None:
            self._note_use(access, now_ms)
        return decisions

    def check(
        self, platform_id: str, user_id: str, *, amount: int = 1, access: Access | None = None
    ) -> Awaitable[Decision]:
        """Tell what ``track`` would answer now. Writes nothing and never waits for the writer.

        Raises:
            Unauthenticated: *access* is no longer live.
            PlatformInactive: grace is over.
            StoreUnavailable, Overloaded: try again.
        """
        now_ms = to_milliseconds(self._clock.now())
        if access is not None:
            self._note_use(access, now_ms)
        look = Look(platform_id, access, user_id, amount, now_ms)
        return self._bindings.meter.read_batched(self._group_look, look)

    def glance(self, access: Access, user_id: str, *, amount: int) -> Decision | None:
        """``check``, at once; None where the store cannot be asked without waiting.

        Raises:
            Unauthenticated, PlatformInactive: as ``check``.
        """
        now_ms = to_milliseconds(self._clock.now())
        look = Look(access.platform_id, access, user_id, amount, now_ms)
        answers = self._bindings.meter.glance(
            lambda connection: self._group_look(connection, (look,))
        )
        if answers is None:
            return None
        self._note_use(access, now_ms)
        if isinstance(answers[0], Exception):
            raise answers[0]
        return answers[0]

    async def usage(
        self, platform_id: str, user_id: str, *, access: Access | None = None
    ) -> Decision:
        """Show where an end user stands: whether one more unit fits. Writes nothing.

        Raises:
            Unauthenticated, PlatformInactive: as ``check``.
        """
        return await self.check(platform_id, user_id, access=access)

    async def adjust(self, platform_id: str, user_id: str, *, amount: int, reason: str) -> Decision:
        """Correct this month's usage by a row of its own in the ledger; durable on return.

        The result may exceed the limit.

        Raises:
            NotFound: the platform has no such user.
            UsageBelowZero: more would be taken than was counted; nothing changed.
        """
        now = self._clock.now()

        def verb(connection: Connection) -> Decision:
            usage = store.adjust_usage(
                connection, platform_id, user_id, amount=amount, reason=reason, now=now
            )
            tiers = read_tiers(connection, self._bindings.customer_tokens, platform_id)
            return check(usage, tiers, amount=1, now_ms=to_milliseconds(now))

        return await self._bindings.customers.of(platform_id).write(verb)

    async def roll_up(self, limit: int = ROLL_UP_ROWS_MAX) -> int:
        """Add the ledger's next rows to the rollups; give how many, 0 when nothing is left."""
        settled_to = await self._bindings.customers.write(store.settle_ledger)
        return await self._bindings.customers.write(
            lambda connection: store.roll_up_ledger(connection, settled_to, limit)
        )

    async def make_partitions(self) -> int:
        """Prepare the stores for the months to come; give how many rows came before them.

        Those were counted all the same, and lie where they belong afterwards.
        """
        make, write = store.make_partitions, self._bindings.customers.write
        astray, now = 0, self._clock.now()
        for table in store.PARTITIONED:
            moved = await write(partial(make, table=table, now=now))
            if moved is None:
                moved = await write(partial(make, table=table, now=now, alone=True))
            astray += moved or 0
        if astray:
            _log.warning("metering.partitions_were_late", rows=astray)
        return astray

    async def prune_ledger(self, months: int | None, limit: int = SWEEP_ROWS_MAX) -> int:
        """Drop what is older than *months* whole months before this one; 0 when done.

        None keeps everything. Only months that the rollups have passed go, and the audit
        compares what is kept.
        """
        if months is None:
            return 0
        before = months_before(self._clock.now(), months)
        return await self._bindings.customers.write(
            lambda connection: store.prune_ledger(connection, before, limit)
        )

    async def index_keys(self, keys_per_slice: int = KEYS_PER_SLICE) -> int:
        """Index a slice of the idempotency keys that were appended; give how many are left.

        Slices, not keys: 0 once those are indexed that were there when the first one was.
        """
        customers, indexing = self._bindings.customers, self._indexing
        if indexing is None or indexing.is_done:
            indexing = await customers.read(
                lambda connection: store.begin_index_pass(
                    connection, INDEX_KEYS_MAX, keys_per_slice
                )
            )
        if not indexing.is_done:
            at = indexing
            await customers.write(lambda connection: store.index_slice(connection, at))
            indexing.next_slice += 1
        self._indexing = indexing
        return indexing.slices - indexing.next_slice

    async def forget_old_keys(self, limit: int = FORGET_KEYS_MAX) -> int:
        """Drop idempotency keys of more than a week ago; give how many pieces went."""
        now = self._clock.now()
        return await self._bindings.customers.write(
            lambda connection: store.forget_answers(connection, now, limit)
        )

    async def blank_erased(self, limit: int = SWEEP_ROWS_MAX) -> int:
        """Blank the names of erased end users in the ledger, a piece at a time; 0 when done."""
        return await self._bindings.customers.write(
            lambda connection: store.blank_erased(connection, limit)
        )

    async def close(self) -> None:
        """Finish what was noted on the side."""
        await asyncio.gather(*self._touching, return_exceptions=True)

    def _submit(
        self, platform_id: str, access: Access | None, event: PreparedEvent, now_ms: int
    ) -> Awaitable[Decision]:
        """Put one call's event into the next transaction."""
        counting = self._bindings.meter.write_batched(
            self._group_commit, Call(platform_id, access, (event,), now_ms, False)
        )
        if access is not None:
            self._note_use(access, now_ms)
        return cast("Awaitable[Decision]", counting)

    async def _check_timestamps(
        self, platform_id: str, events: Sequence[PreparedEvent], now_ms: int, *, path: str
    ) -> None:
        """Refuse events of the future, and those too late unless they repeat a counted one."""
        errors = [
            FieldError(path.format(index), detail)
            for index, event in enumerate(events)
            if event.event_ms != now_ms
            and (detail := await self._timestamp_error(platform_id, event, now_ms)) is not None
        ]
        if errors:
            raise ValidationFailed(
                errors[0].detail, param=errors[0].param, errors=tuple(errors[:ERRORS_MAX])
            )

    async def _timestamp_error(
        self, platform_id: str, event: PreparedEvent, now_ms: int
    ) -> str | None:
        if event.event_ms > now_ms:
            return "must not lie in the future"
        if event.event_ms >= now_ms - LATE_MS_MAX:
            return None
        if await self._is_answered(platform_id, event, now_ms):
            return None
        return "must not lie more than 24 hours back"

    async def _is_answered(self, platform_id: str, event: PreparedEvent, now_ms: int) -> bool:
        if event.key_hash is None:
            return False
        keys = [(platform_id, event.key_hash)]
        return bool(
            await self._bindings.meter.read_point(
                lambda connection: rows_of(connection).read_answers(keys, now_ms // WEEK_MS)
            )
        )

    async def _current_access(self, key_hash: str) -> Access:
        access = await self._bindings.meter.read_point(
            lambda connection: self._cache.load_access(connection, key_hash)
        )
        now_ms = to_milliseconds(self._clock.now())
        if access is None or not access.is_live(now_ms):
            raise Unauthenticated
        self._note_use(access, now_ms)
        return access

    def _note_use(self, access: Access, now_ms: int) -> None:
        """Write ``lastUsedAt`` aside, once a minute a key: nobody waits for it."""
        if now_ms < self._touched.get(access.key_hash, 0) + TOUCH_MS:
            return
        if len(self._touched) >= TOUCHED_KEYS_MAX:
            self._touched.clear()
        self._touched[access.key_hash] = now_ms
        task = asyncio.create_task(self._touch(access, from_milliseconds(now_ms)))
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)

    async def _touch(self, access: Access, now: datetime) -> None:
        tokens = self._bindings.customer_tokens
        with suppress(DreamError):  # The next use notes it again.
            await self._bindings.customers.of(access.platform_id).write(
                lambda connection: touch_key(
                    connection, tokens, access.platform_id, access.key_hash, now
                )
            )
