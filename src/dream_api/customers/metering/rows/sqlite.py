# ruff: noqa: S608 - what is put into SQL here are constants and question marks.
"""Metering's hand-tuned SQL for SQLite: set-based, or a prepared statement run many times.

The control plane's SQL stands in ``store``.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from dream_api.customers.metering.model import Usage, month_at
from dream_api.customers.metering.rows.model import Changes, EventKey, Point, UserKey
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
    UPDATE users SET usage_count = ?, last_active = ?, period_start = ?, period_end = ?
    WHERE platform_id = ? AND user_id = ?
"""
_INSERT_USER = """
    INSERT INTO users (usage_count, last_active, period_start, period_end, platform_id, user_id,
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
    INSERT INTO metering_idempotency (platform_id, week, key_hash, content_hash, answer)
    VALUES (?, ?, ?, ?, ?)
"""


class SqliteRows:
    """Metering's rows in an SQLite file; satisfies ``Rows``.

    The transaction holds the only writer, so nothing that it reads can change under it.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def read_point(self, platform_id: str, user_id: str) -> Point:
        """Read one end user's row and the platform's version in one look."""
        row = (
            await self._connection.fetch(
                _POINT, (f"platform:{platform_id}:version", platform_id, user_id)
            )
        )[0]
        return Point(int(row[0] or 0), None if row[1] is None else Usage(*row[1:]))

    async def read_versions(self, platform_ids: Sequence[str]) -> dict[str, int]:
        """Read the version of each platform; one that was never written is left out."""
        keys = {f"platform:{platform_id}:version": platform_id for platform_id in platform_ids}
        marks, padded = _padded(list(keys))
        rows = await self._connection.fetch(
            f"SELECT key, value FROM customer_tokens_kv WHERE key IN ({marks})", padded
        )
        return {keys[key]: int(value) for key, value in rows}

    async def read_usages(self, keys: Sequence[UserKey]) -> dict[UserKey, Usage]:
        """Read the rows of many end users; unknown ones are left out."""
        usages: dict[UserKey, Usage] = {}
        for platform_id, user_ids in _by_platform(keys):
            marks, padded = _padded(user_ids)
            # One row of JSON: the driver lets go of the interpreter for each row that it fetches,
            # and getting it back from a busy loop costs more than writing and reading JSON.
            rows = await self._connection.fetch(
                f"SELECT json_group_array(json_array({_USAGE_COLUMNS})) FROM customer_usage_kv u"
                f" WHERE u.platform_id = ? AND u.user_id IN ({marks})",
                [platform_id, *padded],
            )
            for row in msgspec.json.decode(rows[0][0]):
                usages[platform_id, row[0]] = Usage(*row)
        return usages

    async def read_answers(
        self, keys: Sequence[EventKey], week: int
    ) -> dict[EventKey, tuple[bytes, str]]:
        """Read what was answered under these keys this week or last; unused ones are left out."""
        answers: dict[EventKey, tuple[bytes, str]] = {}
        for platform_id, hashes in _by_platform(keys):
            marks, padded = _padded(hashes)
            rows = await self._connection.fetch(
                "SELECT key_hash, content_hash, answer FROM metering_idempotency"
                f" WHERE platform_id = ? AND week IN (?, ?) AND key_hash IN ({marks})",
                [platform_id, week, week - 1, *padded],
            )
            for key_hash, content_hash, answer in rows:
                answers[platform_id, key_hash] = (content_hash, answer)
        return answers

    async def write(self, changes: Changes) -> None:
        """Write everything; ``users`` shows what the usage rows hold."""
        run = self._connection.execute_many
        if changes.new:
            new = [(key[0], usage) for key, usage in changes.new.items()]
            await run(_INSERT_USAGE, [_usage_values(*change) for change in new])
            await run(
                _INSERT_USER,
                [
                    (*_user_values(platform_id, usage), usage.shown_plan, changes.now_ms)
                    for platform_id, usage in new
                ],
            )
        if changes.changed:
            changed = [(key[0], usage) for key, usage in changes.changed.items()]
            await run(_UPDATE_USAGE, [_usage_values(*change) for change in changed])
            await run(_UPDATE_USER, [_user_values(*change) for change in changed])
        if changes.ledger:
            await run(_INSERT_LEDGER, changes.ledger)
        if changes.answers:
            await run(_INSERT_ANSWER, changes.answers)


def _usage_values(platform_id: str, usage: Usage) -> tuple[Any, ...]:
    return (
        usage.shown_plan,
        usage.period_start_ms,
        month_at(usage.period_start_ms).end_ms,
        usage.usage_count,
        usage.previous_count,
        usage.minute_start_ms,
        usage.minute_count,
        usage.last_active_ms,
        platform_id,
        usage.user_id,
    )


def _user_values(platform_id: str, usage: Usage) -> tuple[Any, ...]:
    return (
        usage.usage_count,
        usage.last_active_ms,
        usage.period_start_ms,
        month_at(usage.period_start_ms).end_ms,
        platform_id,
        usage.user_id,
    )


def _by_platform(keys: Sequence[tuple[str, Any]]) -> Iterable[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for platform_id, key in keys:
        groups.setdefault(platform_id, []).append(key)
    return groups.items()


def _padded(values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Fill up to a power of two by repeating, so that few statements serve all sizes."""
    size = 1 << (len(values) - 1).bit_length()
    return ", ".join("?" * size), [*values, *[values[-1]] * (size - len(values))]
