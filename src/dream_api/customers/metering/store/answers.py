"""Idempotency keys and what was answered under them: SQLite's index over them, and their end.

PostgreSQL keeps them in a partition for each week, which is dropped whole.
"""

from datetime import datetime

from sqlalchemy import delete, func, insert, select, text, tuple_, update

from dream_api.customers.metering.model import DAY_MS
from dream_api.customers.metering.store.tables import ANSWER_INDEX, ANSWERS, WATERMARKS
from dream_api.kit.periods import to_milliseconds
from dream_api.stores import Connection, has_partitions

WEEK_MS = 7 * DAY_MS
WEEKS_KEPT = 2
"""This week's keys and last week's: a key is kept for 7 days at least."""
_KEY_INDEX = "key_index"


def index_answers(connection: Connection, limit: int) -> int:
    """Bring SQLite's index over the newest idempotency keys forward; give how many keys.

    Keys that are not in it are found all the same: whoever counts keeps them in mind.
    """
    if has_partitions(connection):
        return 0
    indexed_to = connection.execute(
        select(WATERMARKS.c.ledger_id).where(WATERMARKS.c.name == _KEY_INDEX)
    ).scalar_one()
    answers = ANSWERS.c
    ahead = (
        select(answers.id)
        .where(answers.id > indexed_to)
        .order_by(answers.id)
        .limit(limit)
        .subquery()
    )
    count, last = connection.execute(select(func.count(), func.max(ahead.c.id))).one()
    if count == 0:
        return 0
    connection.execute(
        insert(ANSWER_INDEX).from_select(
            ["week", "key_hash", "id"],
            select(answers.week, answers.key_hash, answers.id)
            .where(answers.id > indexed_to, answers.id <= last)
            .order_by(answers.week, answers.key_hash),  # Neighbours share a page.
        )
    )
    _move_key_index(connection, last)
    return int(count)


def forget_answers(connection: Connection, now: datetime, limit: int) -> int:
    """Drop idempotency keys older than last week; give how many pieces went, 0 when done.

    On PostgreSQL a piece is a week of everybody's keys; else a row of the index or an
    answer, at most *limit* of them.
    """
    oldest_kept = to_milliseconds(now) // WEEK_MS - WEEKS_KEPT + 1
    if has_partitions(connection):
        statement = text("SELECT metering_idempotency_drop(:week)")
        return int(connection.execute(statement, {"week": oldest_kept}).scalar_one())
    key = tuple_(ANSWER_INDEX.c.week, ANSWER_INDEX.c.key_hash)
    old = select(*key).where(ANSWER_INDEX.c.week < oldest_kept).limit(limit)
    unlisted = connection.execute(delete(ANSWER_INDEX).where(key.in_(old))).rowcount
    return unlisted + _forget_unlisted_answers(connection, oldest_kept, limit - unlisted)


def _forget_unlisted_answers(connection: Connection, oldest_kept: int, limit: int) -> int:
    """Drop the oldest answers; where none is left, ids start again, and so must the index."""
    answers = ANSWERS.c
    oldest = select(answers.id, answers.week).order_by(answers.id).limit(limit).subquery()
    old = select(oldest.c.id).where(oldest.c.week < oldest_kept)
    gone = connection.execute(delete(ANSWERS).where(answers.id.in_(old))).rowcount
    if gone and connection.execute(select(func.max(answers.id))).scalar_one() is None:
        _move_key_index(connection, 0)
    return gone


def _move_key_index(connection: Connection, indexed_to: int) -> None:
    moved = update(WATERMARKS).where(WATERMARKS.c.name == _KEY_INDEX)
    connection.execute(moved.values(ledger_id=indexed_to))
