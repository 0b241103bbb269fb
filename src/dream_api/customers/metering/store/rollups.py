"""The ledger's upkeep and what charts read of it.

Rollups are exact at any moment: rows up to the watermark are in them, the rest is the tail that
a reader adds. Watermark and rollups move in one transaction, so repeating is harmless.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)

from dream_api.customers.metering.model import DAY_MS
from dream_api.customers.metering.store.retention import ROLLED
from dream_api.customers.metering.store.tables import (
    ERASURES,
    LEDGER,
    ROLLUPS,
    USER_DAYS,
    WATERMARKS,
)
from dream_api.kit.periods import to_milliseconds
from dream_api.stores import Connection, Table, upsert, wait_for_writers

HOUR_MS = 3_600_000
_EPOCH = date(1970, 1, 1)

IS_ERASED: ColumnElement[bool] = or_(
    LEDGER.c.user_id.is_(None),
    select(ERASURES.c.user_id)
    .where(
        ERASURES.c.platform_id == LEDGER.c.platform_id,
        ERASURES.c.user_id == LEDGER.c.user_id,
        ERASURES.c.ledger_id_max >= LEDGER.c.id,
    )
    .exists(),
)
"""Whether a row of the ledger belongs to somebody who has been erased since."""


def settle_ledger(connection: Connection) -> int:
    """Wait for whoever is adding to the ledger; give the newest row, 0 where there is none.

    No row of this number or below can appear after that: numbers are given when a row is
    written, and with several processes that is not the order in which they commit.
    """
    wait_for_writers(connection, LEDGER)
    return connection.execute(select(func.max(LEDGER.c.id))).scalar_one() or 0


def roll_up_ledger(connection: Connection, settled_to: int, limit: int) -> int:
    """Add the ledger's next rows to the rollups, at most *limit*; give how many.

    *settled_to* is what ``settle_ledger`` found in an earlier transaction, so that nobody who
    counts waits for this one.
    """
    watermark = _watermark(connection)
    ahead = (
        select(LEDGER.c.id)
        .where(LEDGER.c.id > watermark, LEDGER.c.id <= settled_to)
        .order_by(LEDGER.c.id)
        .limit(limit)
    ).subquery()
    count, last = connection.execute(select(func.count(), func.max(ahead.c.id))).one()
    if count == 0:
        return 0
    span = and_(LEDGER.c.id > watermark, LEDGER.c.id <= last)
    hour = LEDGER.c.event_at // HOUR_MS * HOUR_MS
    hours = (
        select(LEDGER.c.platform_id, hour, func.sum(LEDGER.c.amount), func.count())
        .where(span)
        .group_by(LEDGER.c.platform_id, hour)
    )
    connection.execute(_adding(ROLLUPS, ["platform_id", "hour_start", "units", "events"], hours))
    day = LEDGER.c.event_at // DAY_MS * DAY_MS
    days = (
        select(LEDGER.c.platform_id, LEDGER.c.user_id, day, func.sum(LEDGER.c.amount))
        .where(span, ~IS_ERASED)
        .group_by(LEDGER.c.platform_id, LEDGER.c.user_id, day)
    )
    connection.execute(_adding(USER_DAYS, ["platform_id", "user_id", "day_start", "units"], days))
    moved = upsert(WATERMARKS).values(name=ROLLED, ledger_id=last)
    connection.execute(
        moved.on_conflict_do_update(index_elements=["name"], set_={"ledger_id": last})
    )
    return int(count)


def read_days(
    connection: Connection, platform_id: str, since: datetime, until: datetime
) -> dict[date, int]:
    """Sum a platform's units by UTC day, *until* exclusive; days without any are left out.

    Exact up to the last committed call. Adjustments count on the day they were made.
    """
    day = ROLLUPS.c.hour_start // DAY_MS
    rolled = (
        select(day, func.sum(ROLLUPS.c.units))
        .where(
            ROLLUPS.c.platform_id == platform_id,
            ROLLUPS.c.hour_start >= _hour(since),
            ROLLUPS.c.hour_start < to_milliseconds(until),
        )
        .group_by(day)
    )
    tail = select(LEDGER.c.event_at // DAY_MS, LEDGER.c.amount).where(
        LEDGER.c.id > _watermark(connection),
        LEDGER.c.platform_id == platform_id,
        LEDGER.c.event_at >= _hour(since),
        LEDGER.c.event_at < to_milliseconds(until),
    )
    return _by_day(connection, rolled, tail)


def read_user_days(
    connection: Connection, platform_id: str, user_id: str, *, since: datetime, until: datetime
) -> dict[date, int]:
    """Sum one end user's units by UTC day; both ends widen to whole days."""
    first, last = to_milliseconds(since) // DAY_MS * DAY_MS, to_milliseconds(until)
    rolled = select(USER_DAYS.c.day_start // DAY_MS, USER_DAYS.c.units).where(
        USER_DAYS.c.platform_id == platform_id,
        USER_DAYS.c.user_id == user_id,
        USER_DAYS.c.day_start >= first,
        USER_DAYS.c.day_start < last,
    )
    tail = select(LEDGER.c.event_at // DAY_MS, LEDGER.c.amount).where(
        LEDGER.c.id > _watermark(connection),
        LEDGER.c.platform_id == platform_id,
        LEDGER.c.user_id == user_id,
        LEDGER.c.event_at >= first,
        LEDGER.c.event_at < last,
        ~IS_ERASED,
    )
    return _by_day(connection, rolled, tail)


def blank_erased(connection: Connection, limit: int) -> int:
    """Blank the names of erased users in the next *limit* rows of the ledger; give how many.

    Each erasure sweeps from the ledger's start to where it stood then, a piece at a time.
    """
    erasure = connection.execute(
        select(ERASURES).order_by(ERASURES.c.platform_id, ERASURES.c.user_id).limit(1)
    ).one_or_none()
    if erasure is None:
        return 0
    at_erasure = (
        ERASURES.c.platform_id == erasure.platform_id,
        ERASURES.c.user_id == erasure.user_id,
    )
    swept_to = min(erasure.swept_to + limit, erasure.ledger_id_max)
    connection.execute(
        update(LEDGER)
        .where(
            LEDGER.c.id > erasure.swept_to,
            LEDGER.c.id <= swept_to,
            LEDGER.c.platform_id == erasure.platform_id,
            LEDGER.c.user_id == erasure.user_id,
        )
        .values(user_id=None, reason=None, properties=None)
    )
    if swept_to < erasure.ledger_id_max:
        connection.execute(update(ERASURES).where(*at_erasure).values(swept_to=swept_to))
    else:
        connection.execute(delete(ERASURES).where(*at_erasure))
    return max(int(swept_to - erasure.swept_to), 1)


def _watermark(connection: Connection) -> int:
    return (
        connection.execute(
            select(WATERMARKS.c.ledger_id).where(WATERMARKS.c.name == ROLLED)
        ).scalar_one_or_none()
        or 0
    )


def _adding(table: Table, columns: list[str], summed: Select[Any]) -> Insert:
    """Build the statement that adds sums to a rollup's rows, making those that are missing."""
    statement = upsert(table).from_select(columns, summed)
    sums = [name for name in columns if name in {"units", "events"}]
    return statement.on_conflict_do_update(
        index_elements=[name for name in columns if name not in sums],
        set_={name: table.c[name] + statement.excluded[name] for name in sums},
    )


def _by_day(connection: Connection, rolled: Select[Any], tail: Select[Any]) -> dict[date, int]:
    units: dict[date, int] = {}
    for statement in (rolled, tail):
        for day, amount in connection.execute(statement):
            key = _EPOCH + timedelta(days=day)
            units[key] = units.get(key, 0) + int(amount)
    return units


def _hour(moment: datetime) -> int:
    return to_milliseconds(moment) // HOUR_MS * HOUR_MS
