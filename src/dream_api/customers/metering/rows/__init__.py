"""Metering's rows on the hot path: one set of questions, answered in each engine's own SQL."""

from typing import cast

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
from dream_api.stores import Dialect, DriverConnection, RacingConnection

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
    if connection.dialect is Dialect.SQLITE:
        return SqliteRows(connection)
    return PostgresRows(cast("RacingConnection", connection))
