# ruff: noqa: S608 - what is put into SQL here are constants and question marks.
"""Metering's hand-tuned SQL for SQLite: set-based, or a prepared statement run many times.

The control plane's SQL stands in ``store``. A key's hash names its platform too, so the keys of
all platforms lie in one table of small rows.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from dream_api.customers.metering.model import Usage, month_at
from dream_api.customers.metering.rows.model import (
    AnswerRow,
    Changes,
    EventKey,
    Known,
    Point,
    UserKey,
)
from dream_api.customers.metering.rows.recent_keys import RecentKeys
from dream_api.stores import DriverConnection

_USAGE_COLUMNS = """u.user_id, u.plan, u.shown_plan, u.had_subscription, u.is_blocked,
    coalesce(u.period_start, 0), u.usage_count, u.previous_count,
    u.minute_start, u.minute_count, u.last_active"""
_POINT = f"""
    SELECT v.value, {_USAGE_COLUMNS} FROM (SELECT 1)
    LEFT JOIN customer_tokens_kv v ON v.key = ?
    LEFT JOIN customer_usage_kv u ON u.platform_id = ? AND u.user_id = ?
"""
_INSERT_USAGE = """
    INSERT INTO customer_usage_kv (shown_plan, period_start, period_end, usage_count,
        previous_count, minute_start, minute_count, last_active, platform_id, user_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE_USAGE = """
    UPDATE customer_usage_kv SET shown_plan = ?, period_start = ?, period_end = ?,
        usage_count = ?, previous_count = ?, minute_start = ?, minute_count = ?, last_active = ?
    WHERE platform_id = ? AND user_id = ?
"""
_UPDATE_USER = """
    UPDATE users SET usage_count = ?, period_start = ?, period_end = ?
    WHERE platform_id = ? AND user_id = ?
"""
_UPDATE_ACTIVE_USER = """
    UPDATE users SET usage_count = ?, period_start = ?, period_end = ?, last_active = ?
    WHERE platform_id = ? AND user_id = ?
"""
_INSERT_USER = """
    INSERT INTO users (usage_count, period_start, period_end, last_active, platform_id, user_id,
        plan, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (platform_id, user_id) DO UPDATE SET usage_count = excluded.usage_count,
        last_active = excluded.last_active, period_start = excluded.period_start,
        period_end = excluded.period_end
"""
_INSERT_LEDGER = """
    INSERT INTO metering_ledger (platform_id, user_id, amount, period_start, event_at,
        recorded_at, properties, kind)
    VALUES (?, ?, ?, ?, ?, ?, ?, 'track')
"""
_INSERT_ANSWER = """
    INSERT INTO metering_idempotency (id, week, key_hash, content_hash, answer)
    VALUES (?, ?, ?, ?, ?)
"""

_recent_keys: WeakKeyDictionary[DriverConnection, RecentKeys] = WeakKeyDictionary()


class SqliteRows:
    """Metering's rows in an SQLite file; satisfies ``Rows``.

    The transaction holds the only writer, so nothing that it reads can change under it.
    """

    __slots__ = ("_connection", "_recent_keys")

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection
        self._recent_keys = _recent_keys.setdefault(connection, RecentKeys())

    async def read_points(self, users: Sequence[UserKey]) -> Sequence[Point]:
        """Read end users' rows and their platforms' versions, each in one look."""
        return [await self._read_point(*user) for user in users]

    async def _read_point(self, platform_id: str, user_id: str) -> Point:
        row = (
            await self._connection.fetch(
                _POINT, (f"platform:{platform_id}:version", platform_id, user_id)
            )
        )[0]
        return Point(int(row[0] or 0), None if row[1] is None else Usage(*row[1:]))

    async def read(
        self,
        platform_ids: Sequence[str],
        users: Sequence[UserKey],
        keys: Sequence[EventKey],
        week: int,
    ) -> Known:
        """Read what a batch is about."""
        return Known(
            await self._read_versions(platform_ids),
            await self._read_usages(users) if users else {},
            await self.read_answers(keys, week) if keys else {},
        )

    async def _read_versions(self, platform_ids: Sequence[str]) -> dict[str, int]:
        keys = {f"platform:{platform_id}:version": platform_id for platform_id in platform_ids}
        marks, padded = _padded(list(keys))
        rows = await self._connection.fetch(
            f"SELECT key, value FROM customer_tokens_kv WHERE key IN ({marks})", padded
        )
        return {keys[key]: int(value) for key, value in rows}

    async def _read_usages(self, keys: Sequence[UserKey]) -> dict[UserKey, Usage]:
        usages: dict[UserKey, Usage] = {}
        for platform_id, user_ids in _by_platform(keys):
            marks, padded = _padded(user_ids)
            rows = await self._connection.fetch(
                f"SELECT {_USAGE_COLUMNS} FROM customer_usage_kv u"
                f" WHERE u.platform_id = ? AND u.user_id IN ({marks})",
                [platform_id, *padded],
            )
            for row in rows:
                usages[platform_id, row[0]] = Usage(*row)
        return usages

    async def read_answers(
        self, keys: Sequence[EventKey], week: int
    ) -> dict[EventKey, tuple[bytes, str]]:
        """Read what was answered under these keys this week or last; unused ones are left out."""
        platforms = {key_hash: platform_id for platform_id, key_hash in keys}
        await self._recent_keys.catch_up(self._connection)
        recent_ids, others = self._recent_keys.find(platforms)
        rows = [*await self._answers_of(recent_ids), *await self._indexed_answers(others, week)]
        return {
            (platforms[key_hash], key_hash): (content_hash, answer)
            for key_hash, content_hash, answer in rows
        }

    async def _answers_of(self, ids: Sequence[int]) -> Sequence[Any]:
        if not ids:
            return ()
        marks, padded = _padded(ids)
        return await self._connection.fetch(
            "SELECT key_hash, content_hash, answer FROM metering_idempotency"
            f" WHERE id IN ({marks})",
            padded,
        )

    async def _indexed_answers(self, key_hashes: Sequence[bytes], week: int) -> Sequence[Any]:
        if not key_hashes:
            return ()
        marks, padded = _padded(key_hashes)
        return await self._connection.fetch(
            "SELECT k.key_hash, k.content_hash, k.answer"
            " FROM metering_idempotency_index i CROSS JOIN metering_idempotency k USING (id)"
            f" WHERE i.week IN (?, ?) AND i.key_hash IN ({marks})",
            [week, week - 1, *padded],
        )

    async def write(self, changes: Changes) -> None:
        """Write everything; ``users`` shows what the usage rows hold."""
        run = self._connection.execute_many
        if changes.new:
            new = changes.new.items()
            await run(_INSERT_USAGE, [_usage_values(*change) for change in new])
            await run(_INSERT_USER, [_new_user_values(*change, changes.now_ms) for change in new])
        if changes.changed:
            changed = changes.changed.items()
            await run(_UPDATE_USAGE, [_usage_values(*change) for change in changed])
            await self._update_users(changes)
        if changes.ledger:
            await run(_INSERT_LEDGER, changes.ledger)
        if changes.answers:
            await self._append_answers(changes.answers)

    async def _append_answers(self, answers: Sequence[AnswerRow]) -> None:
        ids = self._recent_keys.append([key_hash for _, _, key_hash, _, _ in answers])
        rows = [(row_id, *answer[1:]) for row_id, answer in zip(ids, answers, strict=True)]
        await self._connection.execute_many(_INSERT_ANSWER, rows)

    async def _update_users(self, changes: Changes) -> None:
        """Leave ``last_active`` and its index alone where it has not moved."""
        counted, active = [], []
        for key, usage in changes.changed.items():
            if key in changes.active:
                active.append(_active_user_values(key, usage))
            else:
                counted.append(_user_values(key, usage))
        if counted:
            await self._connection.execute_many(_UPDATE_USER, counted)
        if active:
            await self._connection.execute_many(_UPDATE_ACTIVE_USER, active)


def _usage_values(key: UserKey, usage: Usage) -> tuple[Any, ...]:
    return (
        usage.shown_plan,
        usage.period_start_ms,
        month_at(usage.period_start_ms).end_ms,
        usage.usage_count,
        usage.previous_count,
        usage.minute_start_ms,
        usage.minute_count,
        usage.last_active_ms,
        *key,
    )


def _user_values(key: UserKey, usage: Usage) -> tuple[Any, ...]:
    period_start_ms = usage.period_start_ms
    return (usage.usage_count, period_start_ms, month_at(period_start_ms).end_ms, *key)


def _active_user_values(key: UserKey, usage: Usage) -> tuple[Any, ...]:
    count, start_ms, end_ms, *_ = _user_values(key, usage)
    return (count, start_ms, end_ms, usage.last_active_ms, *key)


def _new_user_values(key: UserKey, usage: Usage, now_ms: int) -> tuple[Any, ...]:
    return (*_active_user_values(key, usage), usage.shown_plan, now_ms)


def _by_platform(keys: Sequence[tuple[str, Any]]) -> Iterable[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for platform_id, key in keys:
        groups.setdefault(platform_id, []).append(key)
    return groups.items()


def _padded(values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Fill up to a power of two by repeating, so that few statements serve all sizes."""
    size = 1 << (len(values) - 1).bit_length()
    return ", ".join("?" * size), [*values, *[values[-1]] * (size - len(values))]
