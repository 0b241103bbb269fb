"""What the SQL dialects spell differently, and we use on both engines."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, Insert, Table
from sqlalchemy.dialects.sqlite.dml import OnConflictDoNothing, OnConflictDoUpdate
from sqlalchemy.sql.base import ReadOnlyColumnCollection


class _DoNothing(OnConflictDoNothing):
    inherit_cache = True
    constraint_target = None


class _DoUpdate(OnConflictDoUpdate):
    inherit_cache = True
    constraint_target = None


class Upsert(Insert):
    """An INSERT that may go on with ``on_conflict_do_update`` or ``…_do_nothing``.

    Its clauses are SQLite's, whose syntax is PostgreSQL's. PostgreSQL's compiler asks for one
    thing more, the constraint that names a conflict, and we never name any. (Core's statement for
    PostgreSQL suits both, too, but brings 2 MB along for which SQLite has no use.)
    """

    inherit_cache = True

    @cached_property
    def excluded(self) -> ReadOnlyColumnCollection[str, Any]:
        """The row that could not be inserted."""
        return self.table.alias("excluded").columns

    def on_conflict_do_update(
        self,
        index_elements: Sequence[str],
        set_: Mapping[str, Any],
        where: ColumnElement[bool] | None = None,
    ) -> Self:
        """Change the row that is there already, if *where* holds for it."""
        return self.ext(_DoUpdate(index_elements, set_=dict(set_), where=where))

    def on_conflict_do_nothing(self) -> Self:
        """Leave the row that is there already."""
        return self.ext(_DoNothing())


def upsert(table: Table) -> Upsert:
    """Start an INSERT that knows what to do about a row that is there already."""
    return Upsert(table)


def wait_for_writers(connection: Connection, table: Table) -> None:
    """Go on once every transaction that is adding to a table has ended, keeping new ones waiting.

    Call it first, and end the transaction soon. On SQLite there is only one writer: this one.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE MODE")


def has_partitions(connection: Connection) -> bool:
    """Tell whether this engine cuts tables into partitions, which can be dropped whole."""
    return connection.dialect.name == "postgresql"
