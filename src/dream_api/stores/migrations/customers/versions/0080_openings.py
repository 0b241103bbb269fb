"""Checkout sessions that Stripe was asked for, so that a lost answer leaves none open."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

revision = "0080_openings"
down_revision = "0021_shown_usage"


def upgrade() -> None:
    """Create the table; its rows live for the length of a call."""
    op.create_table(
        "subscriptions_openings",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("attempt_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("begun_at", WholeNumber, nullable=False),
        sqlite_strict=True,
    )
