"""What the SQL dialects spell differently, and we use on both engines."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import Insert, insert


def upsert(table: Table) -> Insert:
    """Start an INSERT that may go on with ``on_conflict_do_update`` or ``…_do_nothing``.

    It is PostgreSQL's; SQLite took its syntax over, and compiles the same object.
    """
    return insert(table)


def wait_for_writers(connection: Connection, table: Table) -> None:
    """Go on once every transaction that is adding to a table has ended, keeping new ones waiting.

    Call it first, and end the transaction soon. On SQLite there is only one writer: this one.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE MODE")


def has_partitions(connection: Connection) -> bool:
    """Tell whether this engine cuts tables into partitions, which can be dropped whole."""
    return connection.dialect.name == "postgresql"
