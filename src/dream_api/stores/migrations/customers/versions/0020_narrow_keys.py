"""Idempotency keys on SQLite in narrow rows: the hash names the platform too.

Half as wide, the rows of a week fill half as many pages, and each new key changes one of them.
Keys of before are forgotten: their hashes do not name a platform.
"""

from alembic import op

revision = "0020_narrow_keys"
down_revision = "0031_ledger_partitions"


def upgrade() -> None:
    """Make the table anew on SQLite; PostgreSQL keeps the column that its row security needs."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.drop_table("metering_idempotency")
    op.execute(
        """
        CREATE TABLE metering_idempotency (
            week INTEGER NOT NULL,
            key_hash BLOB NOT NULL,
            content_hash BLOB NOT NULL,
            answer TEXT NOT NULL,
            PRIMARY KEY (week, key_hash)
        ) STRICT, WITHOUT ROWID
        """
    )
