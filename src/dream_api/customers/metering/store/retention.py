"""What is kept for how long: the ledger by the month, idempotency keys by the week.

PostgreSQL keeps both in partitions and drops them whole; SQLite removes the same rows piece by
piece (its keys in ``answers``). ``metering_retention`` says from which month on the ledger is
complete.
"""

from datetime import datetime

from sqlalchemy import delete, func, select, text, update

from dream_api.customers.metering.model import LATE_MS_MAX
from dream_api.customers.metering.store.tables import (
    ANSWERS,
    LEDGER,
    RETENTION,
    WATERMARKS,
)
from dream_api.kit.periods import to_milliseconds
from dream_api.stores import Connection, Table, has_partitions, upsert

ROLLED = "rollups"
PARTITIONED = (LEDGER, ANSWERS)
_LEDGER = "ledger"


def make_partitions(
    connection: Connection, table: Table, now: datetime, *, alone: bool = False
) -> int | None:
    """Make the partitions of a table for what is to come, where an engine has any.

    Args:
        connection: sees all platforms.
        table: one of PARTITIONED; one a transaction, so that it cannot deadlock with the meter.
        now: the moment.
        alone: keep everybody else away from the table meanwhile.

    Returns:
        How many rows had found no partition; they are where they belong now. None where there
        are such rows, and they can be moved only *alone*.
    """
    if not has_partitions(connection):
        return 0
    if alone:  # Before the first look: the snapshot is younger than the lock, and misses no row.
        connection.exec_driver_sql(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE")
    statement = text(f"SELECT {table.name}_make(:now_ms)")
    moved: int | None = connection.execute(statement, {"now_ms": to_milliseconds(now)}).scalar_one()
    return moved


def prune_ledger(connection: Connection, before: datetime, limit: int) -> int:
    """Drop the ledger's months before *before*, once they are rolled up.

    Counters and rollups stay, and the audit compares what is kept. Repeat it until it gives 0.

    Args:
        connection: sees all platforms.
        before: the beginning of the first month that stays.
        limit: rows looked at in one turn, on an engine without partitions.

    Returns:
        How many pieces went; 0 when nothing is left to do.
    """
    before_ms = to_milliseconds(before)
    if has_partitions(connection):
        statement = text("SELECT metering_ledger_drop(:before_ms)")
        return int(connection.execute(statement, {"before_ms": before_ms}).scalar_one())
    kept = connection.execute(select(RETENTION).where(RETENTION.c.name == _LEDGER)).one_or_none()
    if kept is None or kept.kept_from < before_ms:
        return _begin_pruning(connection, before_ms)
    return _sweep(connection, kept.kept_from, kept.swept_to, limit)


def _begin_pruning(connection: Connection, before_ms: int) -> int:
    """Say that an earlier month is no longer complete; its rows go in the turns that follow."""
    mark = select(WATERMARKS.c.ledger_id).where(WATERMARKS.c.name == ROLLED).scalar_subquery()
    waits = select(LEDGER.c.id).where(
        LEDGER.c.id > func.coalesce(mark, 0), LEDGER.c.period_start < before_ms
    )
    if connection.execute(waits.limit(1)).one_or_none() is not None:
        return 0
    statement = upsert(RETENTION).values(name=_LEDGER, kept_from=before_ms, swept_to=0)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"kept_from": before_ms, "swept_to": 0}
        )
    )
    return 1


def _sweep(connection: Connection, kept_from: int, swept_to: int, limit: int) -> int:
    """Go through the oldest rows, to where none of an earlier month can be any more."""
    first = connection.execute(
        select(LEDGER.c.id, LEDGER.c.recorded_at)
        .where(LEDGER.c.id > swept_to)
        .order_by(LEDGER.c.id)
        .limit(1)
    ).one_or_none()
    if first is None or first.recorded_at >= kept_from + LATE_MS_MAX:
        return 0
    last = first.id + limit - 1
    connection.execute(
        delete(LEDGER).where(
            LEDGER.c.id >= first.id, LEDGER.c.id <= last, LEDGER.c.period_start < kept_from
        )
    )
    connection.execute(update(RETENTION).where(RETENTION.c.name == _LEDGER).values(swept_to=last))
    return limit
