"""Whose turn it is to change a platform's keys, and what the catalogue is about to publish."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

revision = "0008_bridge"
down_revision = "0007_idempotency"


def upgrade() -> None:
    """Create ``keys_turns`` and ``catalog_intents``."""
    op.create_table(
        "keys_turns",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("developer_id", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("opened_at", WholeNumber, nullable=False),
        sa.Column("closed_at", WholeNumber),
        sa.Column("shown_at", WholeNumber),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "catalog_intents",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("developer_id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("revision", WholeNumber, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tiers", sa.Text, nullable=False),
        sa.Column("retired", sa.Text, nullable=False),
        sa.Column("changed_at", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
