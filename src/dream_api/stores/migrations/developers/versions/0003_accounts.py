"""Developers' profiles and the audit log of what they change."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

revision = "0003_accounts"
down_revision = "0002_identity"


def upgrade() -> None:
    """Create ``accounts_developers`` and ``accounts_audit``."""
    op.create_table(
        "accounts_developers",
        sa.Column("developer_id", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("created_at", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "accounts_audit",
        sa.Column("developer_id", sa.Text, primary_key=True),
        sa.Column("audit_id", sa.Text, primary_key=True),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("happened_at", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
