"""Stored answers of one world: what a repeated request is answered with."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber


def create_idempotency() -> None:
    """Create the table; the caller's scope leads its key."""
    op.create_table(
        "idempotency_answers",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", WholeNumber),
        sa.Column("body", sa.Text),
        sa.Column("expires_at", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("idempotency_answers_expires_at", "idempotency_answers", ["expires_at"])
