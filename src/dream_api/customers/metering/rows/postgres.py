# ruff: noqa: S608 - what is put into SQL here are constants of this file.
"""Metering's hand-tuned SQL for PostgreSQL: a batch is one statement to read and one to write.

Several processes count at once. A batch reads without locks, decides, and writes in a single
statement, which is the transaction: it changes a usage row only where that row is still the
version that was read (``ctid`` says where it lies, ``xmin`` who wrote it). Where one is another by
now, or a key was used meanwhile, nothing at all is written and the batch runs again. When others
want the same users all the time, the store asks for locks, which are taken before the reading.

Whoever changes a usage row holds the row of ``users`` first, then the usage row, and takes users
in the order of their keys, so that no two wait for each other.

Rows are found by their keys one by one, or by their places: LATERAL with LIMIT, ``ctid`` and
ON CONFLICT leave the planner no other way, so that a plan made while a table was empty is still
right when it is full.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from dream_api.customers.metering.model import Usage, month_at
from dream_api.customers.metering.rows.model import Changes, EventKey, Known, Point, UserKey
from dream_api.stores import RacingConnection

_USAGE_COLUMNS = """u.user_id, u.plan, u.shown_plan, u.had_subscription, u.is_blocked,
    coalesce(u.period_start, 0), u.usage_count, u.previous_count,
    u.minute_start, u.minute_count, u.last_active"""
_NO_USAGE = ", ".join(["NULL"] * 9)
_POINTS = f"""
    SELECT wanted.platform_id, wanted.user_id, v.value, {_USAGE_COLUMNS}
    FROM unnest($1::text[], $2::text[]) AS wanted (platform_id, user_id)
    LEFT JOIN LATERAL (
        SELECT i.value FROM customer_tokens_kv i
        WHERE i.key = 'platform:' || wanted.platform_id || ':version' LIMIT 1
    ) v ON true
    LEFT JOIN LATERAL (
        SELECT * FROM customer_usage_kv i
        WHERE i.platform_id = wanted.platform_id AND i.user_id = wanted.user_id LIMIT 1
    ) u ON true
"""
_LOCK = """
    SELECT count(*) FROM (
        SELECT FROM unnest($1::text[], $2::text[]) AS wanted (platform_id, user_id)
        CROSS JOIN LATERAL (
            SELECT s.platform_id, s.user_id FROM users s
            WHERE s.platform_id = wanted.platform_id AND s.user_id = wanted.user_id
            LIMIT 1 FOR NO KEY UPDATE
        ) held
        CROSS JOIN LATERAL (
            SELECT FROM customer_usage_kv k
            WHERE k.platform_id = held.platform_id AND k.user_id = held.user_id
            LIMIT 1 FOR NO KEY UPDATE
        ) used
    ) locked
"""
_ANSWERS = """
    SELECT wanted.platform_id, wanted.key_hash, kept.content_hash, kept.answer
    FROM unnest({keys}) AS wanted (platform_id, key_hash)
    CROSS JOIN LATERAL (
        SELECT i.content_hash, i.answer FROM metering_idempotency i
        WHERE i.platform_id = wanted.platform_id AND i.week IN ({week}::bigint, {week}::bigint - 1)
            AND i.key_hash = wanted.key_hash
        LIMIT 1
    ) kept
"""
_ANSWERS_ALONE = _ANSWERS.format(keys="$1::text[], $2::bytea[]", week="$3")
# Three kinds of rows, told apart by what is NULL: users; versions; and answers, with a hash.
_KNOWN = f"""
    SELECT NULL::bytea, NULL::bytea, u.platform_id, s.ctid, u.ctid, u.xmin, {_USAGE_COLUMNS}
    FROM unnest($1::text[], $2::text[]) AS wanted (platform_id, user_id)
    CROSS JOIN LATERAL (
        SELECT i.ctid FROM users i
        WHERE i.platform_id = wanted.platform_id AND i.user_id = wanted.user_id LIMIT 1
    ) s
    CROSS JOIN LATERAL (
        SELECT i.ctid, i.xmin, i.* FROM customer_usage_kv i
        WHERE i.platform_id = wanted.platform_id AND i.user_id = wanted.user_id LIMIT 1
    ) u
    UNION ALL
    SELECT NULL, NULL, v.key, NULL, NULL, NULL, NULL, v.value, {_NO_USAGE}
    FROM customer_tokens_kv v WHERE v.key = ANY($6::text[])
    UNION ALL
    SELECT a.key_hash, a.content_hash, a.platform_id, NULL, NULL, NULL, NULL, a.answer,
        {_NO_USAGE}
    FROM ({_ANSWERS.format(keys="$3::text[], $4::bytea[]", week="$5")}) a
"""
_CHANGED = """
    shown AS (
        UPDATE users s SET usage_count = n.usage_count, last_active = n.last_active,
            period_start = n.period_start, period_end = n.period_end
        FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
            $11::tid[], $12::tid[], $13::xid[])
            AS n (platform_id, user_id, shown_plan, period_start, period_end, usage_count,
                previous_count, minute_start, minute_count, last_active, user_at, usage_at, version)
        WHERE s.ctid = n.user_at
            AND (s.platform_id, s.user_id) IS NOT DISTINCT FROM (n.platform_id, n.user_id)
        RETURNING n.*
    ), changed AS (
        UPDATE customer_usage_kv k SET shown_plan = n.shown_plan, period_start = n.period_start,
            period_end = n.period_end, usage_count = n.usage_count,
            previous_count = n.previous_count, minute_start = n.minute_start,
            minute_count = n.minute_count, last_active = n.last_active
        FROM shown n
        WHERE k.ctid = n.usage_at AND k.xmin = n.version
            AND (k.platform_id, k.user_id) IS NOT DISTINCT FROM (n.platform_id, n.user_id)
        RETURNING 1
    ), counted AS (
        INSERT INTO metering_ledger (platform_id, user_id, amount, period_start, event_at,
            recorded_at, properties, kind)
        SELECT n.*, 'track' FROM unnest($14::text[], $15::text[], $16::bigint[], $17::bigint[],
            $18::bigint[], $19::bigint[], $20::text[]) AS n
    ), kept AS (
        INSERT INTO metering_idempotency (platform_id, week, key_hash, content_hash, answer)
        SELECT n.* FROM unnest($21::text[], $22::bigint[], $23::bytea[], $24::bytea[], $25::text[])
            AS n
        ON CONFLICT DO NOTHING RETURNING 1
    )
"""
_MADE = """
    made AS (
        INSERT INTO customer_usage_kv (platform_id, user_id, shown_plan, period_start, period_end,
            usage_count, previous_count, minute_start, minute_count, last_active)
        SELECT n.* FROM unnest($28::text[], $29::text[], $30::text[], $31::bigint[], $32::bigint[],
            $33::bigint[], $34::bigint[], $35::bigint[], $36::bigint[], $37::bigint[]) AS n
        ON CONFLICT (platform_id, user_id) DO NOTHING
        RETURNING platform_id, user_id, shown_plan, period_start, period_end, usage_count,
            last_active
    ), welcomed AS (
        INSERT INTO users (platform_id, user_id, plan, created_at, usage_count, last_active,
            period_start, period_end)
        SELECT platform_id, user_id, shown_plan, $38::bigint, usage_count, last_active,
            period_start, period_end FROM made
        ON CONFLICT (platform_id, user_id) DO UPDATE SET usage_count = excluded.usage_count,
            last_active = excluded.last_active, period_start = excluded.period_start,
            period_end = excluded.period_end
    )
"""
# What is not whole divides by zero, which undoes the statement: see ``RacingConnection.settle``.
_IS_WHOLE = """(SELECT count(*) FROM changed) = $26::bigint
    AND (SELECT count(*) FROM kept) = $27::bigint"""
_WRITE = f"WITH {_CHANGED} SELECT 1 / ({_IS_WHOLE})::integer"
_WRITE_WITH_NEW = f"""
    WITH {_MADE}, {_CHANGED}
    SELECT 1 / ((SELECT count(*) FROM made) = $39::bigint AND {_IS_WHOLE})::integer
"""
_USAGE_COLUMNS_COUNT = 10
_PLACE_COLUMNS_COUNT = 3
_LEDGER_COLUMNS_COUNT = 7
_ANSWER_COLUMNS_COUNT = 5

Place = tuple[tuple[int, int], tuple[int, int], int]
"""Where a row of ``users`` lies, where its usage row, and who wrote the latter."""


class PostgresRows:
    """Metering's rows in PostgreSQL, for one batch or look; satisfies ``Rows``."""

    __slots__ = ("_connection", "_places")

    def __init__(self, connection: RacingConnection) -> None:
        self._connection = connection
        self._places: dict[UserKey, Place] = {}

    async def read_points(self, users: Sequence[UserKey]) -> Sequence[Point]:
        """Read end users' rows and their platforms' versions in one look, in the order given."""
        rows = await self._connection.fetch(_POINTS, _columns(users, 2))
        points = {
            (platform_id, user_id): Point(
                int(version or 0), None if known is None else Usage(known, *usage)
            )
            for platform_id, user_id, version, known, *usage in rows
        }
        return [points[user] for user in users]

    async def read(
        self,
        platform_ids: Sequence[str],
        users: Sequence[UserKey],
        keys: Sequence[EventKey],
        week: int,
    ) -> Known:
        """Read what a batch is about in one look, and remember which version of each row it was."""
        wanted = _columns(sorted(users), 2)
        if self._connection.locks:
            await self._connection.fetch(_LOCK, wanted)
        platforms = {_version_key(platform_id): platform_id for platform_id in platform_ids}
        known = Known({}, {}, {})
        parameters = (*wanted, *_columns(keys, 2), week, list(platforms))
        for (
            key_hash,
            content_hash,
            name,
            user_at,
            usage_at,
            version,
            user_id,
            text,
            *usage,
        ) in await self._connection.fetch(_KNOWN, parameters):
            if user_id is not None:
                known.usages[name, user_id] = Usage(user_id, text, *usage)
                self._places[name, user_id] = (user_at, usage_at, version)
            elif key_hash is not None:
                known.answers[name, key_hash] = (content_hash, text)
            else:
                known.versions[platforms[name]] = int(text)
        return known

    async def read_answers(
        self, keys: Sequence[EventKey], week: int
    ) -> dict[EventKey, tuple[bytes, str]]:
        """Read what was answered under these keys this week or last; unused ones are left out."""
        rows = await self._connection.fetch(_ANSWERS_ALONE, (*_columns(keys, 2), week))
        return {
            (platform_id, key_hash): (content_hash, answer)
            for platform_id, key_hash, content_hash, answer in rows
        }

    async def write(self, changes: Changes) -> None:
        """Write everything, in the order of keys; ``users`` shows what the usage rows hold.

        Raises:
            Raced: another process changed one of the rows meanwhile, or used one of the keys.
        """
        if not (changes.new or changes.changed or changes.ledger):
            return
        changed = sorted(changes.changed.items(), key=_key)
        parameters = [
            *_usage_columns(changed),
            *_columns((self._places[key] for key, _ in changed), _PLACE_COLUMNS_COUNT),
            *_columns(changes.ledger, _LEDGER_COLUMNS_COUNT),
            *_columns(sorted(changes.answers), _ANSWER_COLUMNS_COUNT),
            len(changed),
            len(changes.answers),
        ]
        if changes.new:
            new = sorted(changes.new.items(), key=_key)
            parameters += [*_usage_columns(new), changes.now_ms, len(new)]
        await self._connection.settle(_WRITE_WITH_NEW if changes.new else _WRITE, parameters)


def _usage_columns(usages: Sequence[tuple[UserKey, Usage]]) -> list[list[Any]]:
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
            for key, usage in usages
        ),
        _USAGE_COLUMNS_COUNT,
    )


def _key(item: tuple[UserKey, Usage]) -> UserKey:
    return item[0]


def _version_key(platform_id: str) -> str:
    return f"platform:{platform_id}:version"


def _columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Turn rows into one array a column, as ``unnest`` takes them."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _ in range(width)]
