"""Metering's rows on the hot path: one set of questions, answered in each engine's own SQL."""

from dream_api.customers.metering.rows.model import (
    AnswerRow,
    Changes,
    EventKey,
    Known,
    LedgerRow,
    Point,
    Rows,
    UserKey,
)
from dream_api.customers.metering.rows.postgres import PostgresRows
from dream_api.customers.metering.rows.sqlite import SqliteRows
from dream_api.stores import Dialect, DriverConnection

__all__ = [
    "AnswerRow",
    "Changes",
    "EventKey",
    "Known",
    "LedgerRow",
    "Point",
    "Rows",
    "UserKey",
    "rows_of",
]


def rows_of(connection: DriverConnection) -> Rows:
    """Give the rows behind a connection."""
    return _ROWS[connection.dialect](connection)


_ROWS: dict[Dialect, type[SqliteRows] | type[PostgresRows]] = {
    Dialect.SQLITE: SqliteRows,
    Dialect.POSTGRESQL: PostgresRows,
}
