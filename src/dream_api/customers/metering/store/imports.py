"""Usage from elsewhere, many events at a time: no decision is made, what happened is believed.

The ledger is the truth here too: events are appended to it, then everything that is kept of a
month is counted from it. Charts follow with the next roll-up.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, insert, literal, select, update

from dream_api.customers.metering.model import month_at
from dream_api.customers.metering.store.tables import LEDGER, USAGE, USERS
from dream_api.kit.periods import to_milliseconds
from dream_api.stores import Connection, upsert

PastEvent = tuple[str, int, int]
"""(user, units, Unix milliseconds): a plain tuple, since there may be millions."""

_COLUMNS = (
    "platform_id", "user_id", "amount", "period_start", "event_at", "recorded_at", "kind",
)  # fmt: skip


def add_events(connection: Connection, platform_id: str, events: Iterable[PastEvent]) -> None:
    """Append past events to the ledger; call ``recount`` when all are there."""
    rows = [
        (platform_id, user_id, units, month_at(at_ms).start_ms, at_ms, at_ms, "track")
        for user_id, units, at_ms in events
    ]
    if rows:
        # Compiled once and run by the driver: Core would look at every value of every row.
        statement = insert(LEDGER).compile(dialect=connection.dialect, column_keys=_COLUMNS)
        assert statement.positiontup == list(_COLUMNS), "rows are in the order of the columns"
        connection.exec_driver_sql(str(statement), rows)


def recount(connection: Connection, platform_id: str, now: datetime) -> None:
    """Count this month, the month before and the last use of every user from the ledger."""
    month = month_at(to_milliseconds(now))
    before = month_at(month.start_ms - 1)
    counted = (
        select(
            LEDGER.c.platform_id,
            LEDGER.c.user_id,
            _units_since(month.start_ms).label("usage_count"),
            _units_since(before.start_ms).label("since_before"),
            func.max(LEDGER.c.event_at).label("last_active"),
        )
        .where(LEDGER.c.platform_id == platform_id, LEDGER.c.user_id.is_not(None))
        .group_by(LEDGER.c.platform_id, LEDGER.c.user_id)
    ).subquery()
    totals = {
        "period_start": month.start_ms,
        "period_end": month.end_ms,
        "usage_count": counted.c.usage_count,
        "previous_count": counted.c.since_before - counted.c.usage_count,
        "last_active": counted.c.last_active,
    }
    columns = ["platform_id", "user_id", *totals]
    source = select(
        counted.c.platform_id,
        counted.c.user_id,
        *(literal(one) if isinstance(one, int) else one for one in totals.values()),
    ).where(counted.c.user_id.is_not(None))  # SQLite takes ON CONFLICT after a WHERE only.
    statement = upsert(USAGE).from_select(columns, source)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["platform_id", "user_id"],
            set_={name: statement.excluded[name] for name in totals},
        )
    )
    shown = ("usage_count", "last_active", "period_start", "period_end")
    connection.execute(
        update(USERS)
        .where(
            USERS.c.platform_id == platform_id,
            USAGE.c.platform_id == USERS.c.platform_id,
            USAGE.c.user_id == USERS.c.user_id,
            USAGE.c.period_start.is_not(None),
        )
        .values({name: USAGE.c[name] for name in shown})
    )


def _units_since(start_ms: int) -> ColumnElement[int]:
    return func.coalesce(
        func.sum(case((LEDGER.c.period_start >= start_ms, LEDGER.c.amount), else_=0)), 0
    )
