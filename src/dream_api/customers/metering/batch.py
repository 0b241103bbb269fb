"""Group commit: everything that waits to be counted at one moment, in one transaction.

In order: the platforms' versions are checked (stale cache entries read again there and then),
keys must still be live, idempotency, then limit and minute by the pure rules of ``model``; at
the end what has changed is written set by set. The store answers after COMMIT.
"""

from collections.abc import Sequence

import msgspec

from dream_api.customers.metering.errors import IdempotencyConflict
from dream_api.customers.metering.model import (
    Decision,
    Denial,
    RateLimit,
    Usage,
    conflict,
    month_at,
    track,
)
from dream_api.customers.metering.rows import Changes, Known, Rows, UserKey, rows_of
from dream_api.customers.platforms import (
    Access,
    PlatformCache,
    PlatformInactive,
    PlatformState,
    Unauthenticated,
)
from dream_api.kit.errors import DreamError
from dream_api.kit.periods import from_milliseconds, to_milliseconds
from dream_api.stores import DriverConnection

WEEK_MS = 7 * 24 * 60 * 60 * 1000
"""Keys are kept by the week: found for this week and the one before, so for 7 days at least."""


class PreparedEvent(msgspec.Struct, frozen=True):
    """An event with all that can be computed before the writer's turn."""

    user_id: str
    amount: int
    event_ms: int
    key_hash: bytes | None
    content_hash: bytes
    properties: str | None


class Call(msgspec.Struct, frozen=True):
    """One request's events; ``access`` None when the caller was verified otherwise."""

    platform_id: str
    access: Access | None
    events: tuple[PreparedEvent, ...]
    now_ms: int
    is_batch: bool


Answers = Decision | tuple[Decision, ...]
"""One decision for a call of one event, one for each event of a batch."""


class _StoredAnswer(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a counted answer; the rest follows from it."""

    plan: str
    usage: int
    limit: int | None
    period_start_ms: int
    rate_limit: int | None = None
    rate_remaining: int = 0
    rate_reset_ms: int = 0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_StoredAnswer)


class GroupCommit:
    """The verb of ``/v1/track`` and ``/v1/track/batch``; satisfies ``BatchVerb``."""

    def __init__(self, cache: PlatformCache) -> None:
        self._cache = cache

    async def __call__(
        self, connection: DriverConnection, calls: Sequence[Call]
    ) -> Sequence[Answers | Exception]:
        """Answer each call, in order."""
        rows = rows_of(connection)
        now_ms = max(call.now_ms for call in calls)
        known = await _read(rows, calls, now_ms)
        states = {
            platform_id: await self._cache.state(
                connection, platform_id, known.versions.get(platform_id, 0)
            )
            for platform_id in {call.platform_id for call in calls}
        }
        transaction = _Transaction(now_ms, known)
        answers: list[Answers | Exception] = []
        for call in calls:
            state, access = states[call.platform_id], call.access
            if access is not None and access.version != state.version:
                access = await self._cache.load_access(connection, access.key_hash)
            refusal = _refusal(call, access, state)
            answers.append(transaction.answer(call, state) if refusal is None else refusal)
        await rows.write(transaction.changes)
        return answers


def _refusal(call: Call, access: Access | None, state: PlatformState) -> DreamError | None:
    """Say why a call is not decided at all; *access* is its key as of this transaction."""
    if call.access is not None and (access is None or not access.is_live(call.now_ms)):
        return Unauthenticated()
    return PlatformInactive() if state.is_inactive(call.now_ms) else None


async def _read(rows: Rows, calls: Sequence[Call], now_ms: int) -> Known:
    """Read what these calls are about, in one look."""
    users = {(call.platform_id, event.user_id) for call in calls for event in call.events}
    keys = {
        (call.platform_id, event.key_hash)
        for call in calls
        for event in call.events
        if event.key_hash is not None
    }
    platform_ids = {call.platform_id for call in calls}
    return await rows.read(list(platform_ids), list(users), list(keys), now_ms // WEEK_MS)


class _Transaction:
    """What one transaction has read, decided so far, and has to write."""

    def __init__(self, now_ms: int, known: Known) -> None:
        self.changes = Changes(now_ms)
        self._week = now_ms // WEEK_MS
        self._usages = known.usages
        self._stored = known.answers
        self._unknown: set[UserKey] = set()

    def answer(self, call: Call, state: PlatformState) -> Answers | Exception:
        """Decide one call's events in order, each on its own."""
        if call.is_batch:
            return tuple(self._decide(call, state, event) for event in call.events)
        decision = self._decide(call, state, call.events[0])
        if decision.reason is Denial.IDEMPOTENCY_CONFLICT:
            return IdempotencyConflict()
        return decision

    def _decide(self, call: Call, state: PlatformState, event: PreparedEvent) -> Decision:
        user = (call.platform_id, event.user_id)
        usage = self._usages.get(user)
        if usage is None:
            usage = self._usages[user] = Usage(event.user_id)
            self._unknown.add(user)
        if event.key_hash is not None:
            stored = self._stored.get((call.platform_id, event.key_hash))
            if stored is not None:
                return _replayed(stored, event) or conflict(usage, state.tiers, now_ms=call.now_ms)
        last_active_ms = usage.last_active_ms
        decision = track(
            usage,
            state.tiers,
            amount=event.amount,
            event_ms=event.event_ms,
            now_ms=call.now_ms,
            is_call=not call.is_batch,
        )
        if user in self._unknown and decision.plan is not None:
            self.changes.new[user] = usage  # Created also where the very first event is denied.
        if decision.allowed:
            self._note_user(user, usage, last_active_ms)
            self._note(call, event, decision)
        return decision

    def _note_user(self, user: UserKey, usage: Usage, last_active_ms: int | None) -> None:
        if user in self._unknown:
            return
        self.changes.changed[user] = usage
        if usage.last_active_ms != last_active_ms:
            self.changes.active.add(user)

    def _note(self, call: Call, event: PreparedEvent, decision: Decision) -> None:
        period_start_ms = to_milliseconds(decision.period_start)
        self.changes.ledger.append(
            (
                call.platform_id,
                event.user_id,
                event.amount,
                period_start_ms,
                event.event_ms,
                call.now_ms,
                event.properties,
            )
        )
        if event.key_hash is not None:
            answer = _kept(decision, period_start_ms)
            self._stored[call.platform_id, event.key_hash] = (event.content_hash, answer)
            self.changes.answers.append(
                (call.platform_id, self._week, event.key_hash, event.content_hash, answer)
            )


def _kept(decision: Decision, period_start_ms: int) -> str:
    """Write a counted answer as it is stored."""
    assert decision.plan is not None, "what was counted was counted on a tier"
    rate = decision.rate_limit
    answer = _StoredAnswer(
        decision.plan,
        decision.usage,
        decision.limit,
        period_start_ms,
        None if rate is None else rate.limit,
        0 if rate is None else rate.remaining,
        0 if rate is None else to_milliseconds(rate.reset_at),
    )
    return _encoder.encode(answer).decode()


def _replayed(stored: tuple[bytes, str], event: PreparedEvent) -> Decision | None:
    """Give the first answer again; None when the key was used for other content."""
    content_hash, text = stored
    if content_hash != event.content_hash:
        return None
    answer = _decoder.decode(text)
    month = month_at(answer.period_start_ms)
    rate_limit = None
    if answer.rate_limit is not None:
        reset_at = from_milliseconds(answer.rate_reset_ms)
        rate_limit = RateLimit(answer.rate_limit, answer.rate_remaining, reset_at)
    return Decision(
        allowed=True,
        reason=None,
        user_id=event.user_id,
        plan=answer.plan,
        usage=answer.usage,
        limit=answer.limit,
        remaining=None if answer.limit is None else answer.limit - answer.usage,
        period_start=month.start,
        period_end=month.end,
        rate_limit=rate_limit,
        replayed=True,
    )
