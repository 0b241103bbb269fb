"""The one statement on which the SQL dialects differ in spelling, and we use both."""

from sqlalchemy import Table
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def upsert(table: Table) -> Insert:
    """Start an INSERT that may go on with ``on_conflict_do_update`` or ``…_do_nothing``."""
    return sqlite_insert(table)
