# ruff: noqa: S608 - what is put into SQL here are constants of this file.
"""Metering's hand-tuned SQL for PostgreSQL: sets over ``unnest``, few round trips a transaction.

Several processes count at once, so the rows are the lock: whoever changes a usage row holds the
row of ``users`` first, then the usage row, and takes users in the order of their keys, so that
no two wait for each other.

Rows are found by their keys, one by one: LATERAL with LIMIT and ON CONFLICT leave the planner no
other way, so that a plan made while a table was empty is still right when it is full. A row that
is written by ON CONFLICT DO UPDATE here is there already, locked by this transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from dream_api.customers.metering.model import Usage, month_at
from dream_api.customers.metering.rows.model import Changes, EventKey, Known, Point, UserKey
from dream_api.stores import DriverConnection, Raced

_USAGE_COLUMNS = """u.user_id, u.plan, u.shown_plan, u.had_subscription, u.is_blocked,
    coalesce(u.period_start, 0), u.usage_count, u.previous_count,
    u.minute_start, u.minute_count, u.last_active"""
_POINT = f"""
    SELECT v.value, {_USAGE_COLUMNS} FROM (SELECT 1) one
    LEFT JOIN customer_tokens_kv v ON v.key = $1
    LEFT JOIN customer_usage_kv u ON u.platform_id = $2 AND u.user_id = $3
"""
_VERSIONS = "SELECT key, value FROM customer_tokens_kv WHERE key = ANY($1::text[])"
_USAGES = f"""
    SELECT held.platform_id, {_USAGE_COLUMNS}
    FROM unnest($1::text[], $2::text[]) AS wanted (platform_id, user_id)
    CROSS JOIN LATERAL (
        SELECT s.platform_id, s.user_id FROM users s
        WHERE s.platform_id = wanted.platform_id AND s.user_id = wanted.user_id
        LIMIT 1 FOR NO KEY UPDATE
    ) held
    CROSS JOIN LATERAL (
        SELECT * FROM customer_usage_kv k
        WHERE k.platform_id = held.platform_id AND k.user_id = held.user_id
        LIMIT 1 FOR NO KEY UPDATE
    ) u
"""
_ANSWERS = """
    SELECT wanted.platform_id, wanted.key_hash, kept.content_hash, kept.answer
    FROM unnest($1::text[], $2::bytea[]) AS wanted (platform_id, key_hash)
    CROSS JOIN LATERAL (
        SELECT i.content_hash, i.answer FROM metering_idempotency i
        WHERE i.platform_id = wanted.platform_id AND i.week IN ($3::bigint, $3::bigint - 1)
            AND i.key_hash = wanted.key_hash
        LIMIT 1
    ) kept
"""
_USAGE_ARRAYS = """unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],
        $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
    AS n (platform_id, user_id, shown_plan, period_start, period_end,
        usage_count, previous_count, minute_start, minute_count, last_active)"""
_USERS_MADE = f"""
    WITH made AS (
        INSERT INTO customer_usage_kv (platform_id, user_id, shown_plan, period_start, period_end,
            usage_count, previous_count, minute_start, minute_count, last_active)
        SELECT n.* FROM {_USAGE_ARRAYS}
        ON CONFLICT (platform_id, user_id) DO NOTHING
        RETURNING platform_id, user_id, shown_plan, period_start, period_end, usage_count,
            last_active
    ), shown AS (
        INSERT INTO users (platform_id, user_id, plan, created_at, usage_count, last_active,
            period_start, period_end)
        SELECT platform_id, user_id, shown_plan, $11::bigint, usage_count, last_active,
            period_start, period_end FROM made
        ON CONFLICT (platform_id, user_id) DO UPDATE SET usage_count = excluded.usage_count,
            last_active = excluded.last_active, period_start = excluded.period_start,
            period_end = excluded.period_end
    )
    SELECT count(*) FROM made
"""
_COUNTED = f"""
    WITH changed AS (
        INSERT INTO customer_usage_kv (platform_id, user_id, shown_plan, period_start, period_end,
            usage_count, previous_count, minute_start, minute_count, last_active)
        SELECT n.* FROM {_USAGE_ARRAYS}
        ON CONFLICT (platform_id, user_id) DO UPDATE SET shown_plan = excluded.shown_plan,
            period_start = excluded.period_start, period_end = excluded.period_end,
            usage_count = excluded.usage_count, previous_count = excluded.previous_count,
            minute_start = excluded.minute_start, minute_count = excluded.minute_count,
            last_active = excluded.last_active
    ), shown AS (
        INSERT INTO users (platform_id, user_id, created_at, usage_count, last_active,
            period_start, period_end)
        SELECT platform_id, user_id, 0, usage_count, last_active, period_start, period_end
        FROM {_USAGE_ARRAYS}
        ON CONFLICT (platform_id, user_id) DO UPDATE SET usage_count = excluded.usage_count,
            last_active = excluded.last_active, period_start = excluded.period_start,
            period_end = excluded.period_end
    ), counted AS (
        INSERT INTO metering_ledger (platform_id, user_id, amount, period_start, event_at,
            recorded_at, properties, kind)
        SELECT n.*, 'track' FROM unnest($11::text[], $12::text[], $13::bigint[], $14::bigint[],
            $15::bigint[], $16::bigint[], $17::text[]) AS n
    ), kept AS (
        INSERT INTO metering_idempotency (platform_id, week, key_hash, content_hash, answer)
        SELECT n.* FROM unnest($18::text[], $19::bigint[], $20::bytea[], $21::bytea[], $22::text[])
            AS n
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT count(*) FROM kept
"""
_LEDGER_COLUMNS = 7
_ANSWER_COLUMNS = 5


class PostgresRows:
    """Metering's rows in PostgreSQL; satisfies ``Rows``. Its transactions are READ COMMITTED."""

    __slots__ = ("_connection",)

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def read_point(self, platform_id: str, user_id: str) -> Point:
        """Read one end user's row and the platform's version in one look."""
        version, user, *rest = (
            await self._connection.fetch(
                _POINT, (f"platform:{platform_id}:version", platform_id, user_id)
            )
        )[0]
        return Point(int(version or 0), None if user is None else Usage(user, *rest))

    async def read(
        self,
        platform_ids: Sequence[str],
        users: Sequence[UserKey],
        keys: Sequence[EventKey],
        week: int,
    ) -> Known:
        """Read what a batch is about. Users first: their rows are locked before keys are read."""
        return Known(
            await self._read_versions(platform_ids),
            await self._read_usages(users) if users else {},
            await self.read_answers(keys, week) if keys else {},
        )

    async def _read_versions(self, platform_ids: Sequence[str]) -> dict[str, int]:
        keys = {f"platform:{platform_id}:version": platform_id for platform_id in platform_ids}
        rows = await self._connection.fetch(_VERSIONS, (list(keys),))
        return {keys[key]: int(value) for key, value in rows}

    async def _read_usages(self, keys: Sequence[UserKey]) -> dict[UserKey, Usage]:
        """Read and lock the rows of many end users."""
        rows = await self._connection.fetch(_USAGES, _columns(sorted(keys), 2))
        return {(platform_id, user[0]): Usage(*user) for platform_id, *user in rows}

    async def read_answers(
        self, keys: Sequence[EventKey], week: int
    ) -> dict[EventKey, tuple[bytes, str]]:
        """Read what was answered under these keys this week or last; unused ones are left out."""
        rows = await self._connection.fetch(_ANSWERS, (*_columns(keys, 2), week))
        return {
            (platform_id, key_hash): (content_hash, answer)
            for platform_id, key_hash, content_hash, answer in rows
        }

    async def write(self, changes: Changes) -> None:
        """Write everything, in the order of keys; ``users`` shows what the usage rows hold.

        Raises:
            Raced: another process made one of the new users or used one of the keys meanwhile.
        """
        if changes.new:
            arrays = _usage_arrays(changes.new)
            made = await self._connection.fetch(_USERS_MADE, (*arrays, changes.now_ms))
            if made[0][0] != len(changes.new):
                raise Raced
        if not (changes.changed or changes.ledger):
            return
        kept = await self._connection.fetch(
            _COUNTED,
            (
                *_usage_arrays(changes.changed),
                *_columns(changes.ledger, _LEDGER_COLUMNS),
                *_columns(sorted(changes.answers), _ANSWER_COLUMNS),
            ),
        )
        if kept[0][0] != len(changes.answers):
            raise Raced


def _usage_arrays(usages: dict[UserKey, Usage]) -> list[list[Any]]:
    return _columns(
        (
            (
                *key,
                usage.shown_plan,
                usage.period_start_ms,
                month_at(usage.period_start_ms).end_ms,
                usage.usage_count,
                usage.previous_count,
                usage.minute_start_ms,
                usage.minute_count,
                usage.last_active_ms,
            )
            for key, usage in sorted(usages.items(), key=_key)
        ),
        10,
    )


def _key(item: tuple[UserKey, Usage]) -> UserKey:
    return item[0]


def _columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Turn rows into one array a column, as ``unnest`` takes them."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _ in range(width)]
