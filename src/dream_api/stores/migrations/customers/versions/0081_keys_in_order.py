"""Idempotency keys on SQLite in the order they came, and an index over them that is built behind.

A random key changes a page of its own in a sorted table, so remembering keys cost as much as
counting did. Appended, the keys of a whole transaction share a page or two; the index holds
nothing but the hash and the number, four times as many to a page.
"""

from alembic import op

revision = "0081_keys_in_order"
down_revision = "0080_openings"


def upgrade() -> None:
    """Make the table anew on SQLite and index what it held; PostgreSQL keeps its partitions."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.rename_table("metering_idempotency", "metering_idempotency_before")
    op.execute(
        """
        CREATE TABLE metering_idempotency (
            id INTEGER PRIMARY KEY,
            week INTEGER NOT NULL,
            key_hash BLOB NOT NULL,
            content_hash BLOB NOT NULL,
            answer TEXT NOT NULL
        ) STRICT
        """
    )
    op.execute(
        """
        CREATE TABLE metering_idempotency_index (
            week INTEGER NOT NULL,
            key_hash BLOB NOT NULL,
            id INTEGER NOT NULL,
            PRIMARY KEY (week, key_hash)
        ) STRICT, WITHOUT ROWID
        """
    )
    op.execute(
        "INSERT INTO metering_idempotency (week, key_hash, content_hash, answer)"
        " SELECT week, key_hash, content_hash, answer FROM metering_idempotency_before"
        " ORDER BY week, key_hash"
    )
    op.execute(
        "INSERT INTO metering_idempotency_index (week, key_hash, id)"
        " SELECT week, key_hash, id FROM metering_idempotency ORDER BY week, key_hash"
    )
    op.execute(
        "INSERT INTO metering_watermarks (name, ledger_id)"
        " SELECT 'key_index', coalesce(max(id), 0) FROM metering_idempotency"
    )
    op.drop_table("metering_idempotency_before")
