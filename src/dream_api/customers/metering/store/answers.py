"""Idempotency keys and what was answered under them: SQLite's index over them, and their end.

PostgreSQL keeps them in a partition for each week, which is dropped whole.
"""

from datetime import datetime

import msgspec
from sqlalchemy import delete, func, select, text, tuple_, update

from dream_api.customers.metering.model import DAY_MS
from dream_api.customers.metering.store.tables import ANSWER_INDEX, ANSWERS, WATERMARKS
from dream_api.kit.periods import to_milliseconds
from dream_api.stores import Connection, has_partitions, upsert

WEEK_MS = 7 * DAY_MS
WEEKS_KEPT = 2
"""This week's keys and last week's: a key is kept for 7 days at least."""
SLICES_MAX = 256
_KEY_INDEX = "key_index"


class IndexPass(msgspec.Struct):
    """One pass over the keys that came since the last one, slice by slice of their hashes."""

    first_id: int
    last_id: int
    slices: int
    next_slice: int = 0

    @property
    def is_done(self) -> bool:
        """Whether every slice has been indexed."""
        return self.next_slice >= self.slices


def begin_index_pass(connection: Connection, keys_max: int, keys_per_slice: int) -> IndexPass:
    """Look which keys SQLite's index lacks: the next *keys_max* of them make a pass.

    Keys that are not in it are found all the same: whoever counts keeps them in mind.
    """
    if has_partitions(connection):
        return IndexPass(1, 0, slices=0)
    indexed_to = _read_key_index(connection)
    last = connection.execute(select(func.max(ANSWERS.c.id))).scalar_one() or 0
    last = min(last, indexed_to + keys_max)
    slices = min(-(-(last - indexed_to) // keys_per_slice), SLICES_MAX)
    return IndexPass(indexed_to + 1, last, slices)


def index_slice(connection: Connection, indexing: IndexPass) -> None:
    """Index one slice: neighbours in the index share its pages, so a slice changes few of them.

    A pass that a crash interrupted is begun anew, and meets what it had indexed before.
    """
    answers, at, slices = ANSWERS.c, indexing.next_slice, indexing.slices
    span = [
        answers.id >= indexing.first_id,
        answers.id <= indexing.last_id,
        answers.key_hash >= _boundary(at, slices),
    ]
    is_last = at + 1 == slices
    if not is_last:
        span.append(answers.key_hash < _boundary(at + 1, slices))
    in_order = (
        select(answers.week, answers.key_hash, answers.id)
        .where(*span)
        .order_by(answers.week, answers.key_hash)
    )
    connection.execute(
        upsert(ANSWER_INDEX)
        .from_select(["week", "key_hash", "id"], in_order)
        .on_conflict_do_nothing()
    )
    if is_last:
        _move_key_index(connection, indexing.last_id)


def _boundary(number: int, slices: int) -> bytes:
    """Give the lowest hash of a slice."""
    return (number * 2**16 // slices).to_bytes(2, "big")


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
    return unlisted + _forget_indexed_answers(connection, oldest_kept, limit - unlisted)


def _forget_indexed_answers(connection: Connection, oldest_kept: int, limit: int) -> int:
    """Drop the oldest answers, but none that the index has not reached.

    Where none is left ids start again from 1, and so must the index; no pass is under way then.
    """
    answers = ANSWERS.c
    oldest = select(answers.id, answers.week).order_by(answers.id).limit(limit).subquery()
    old = select(oldest.c.id).where(
        oldest.c.week < oldest_kept, oldest.c.id <= _read_key_index(connection)
    )
    gone = connection.execute(delete(ANSWERS).where(answers.id.in_(old))).rowcount
    if gone and connection.execute(select(func.max(answers.id))).scalar_one() is None:
        _move_key_index(connection, 0)
    return gone


def _read_key_index(connection: Connection) -> int:
    mark = select(WATERMARKS.c.ledger_id).where(WATERMARKS.c.name == _KEY_INDEX)
    return int(connection.execute(mark).scalar_one())


def _move_key_index(connection: Connection, indexed_to: int) -> None:
    moved = update(WATERMARKS).where(WATERMARKS.c.name == _KEY_INDEX)
    connection.execute(moved.values(ledger_id=indexed_to))
