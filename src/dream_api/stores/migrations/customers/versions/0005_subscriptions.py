"""Subscriptions of end users, their Checkouts, and the locks of verbs that ask Stripe."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

revision = "0005_subscriptions"
down_revision = "0004_metering"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "subscriptions",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("subscription_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("tier", sa.Text),
        sa.Column("price_id", sa.Text),
        sa.Column("price_monthly_cents", WholeNumber, nullable=False),
        sa.Column("mrr_cents", WholeNumber, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("current_period_end", WholeNumber),
        sa.Column("cancel_at_period_end", WholeNumber, nullable=False),
        sa.Column("held_tier", sa.Text),
        sa.Column("held_until", WholeNumber),
        sa.Column("flag", sa.Text),
        sa.Column("created_at", WholeNumber, nullable=False),
        sa.Column("checked_at", WholeNumber, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("subscriptions_user", "subscriptions", ["platform_id", "user_id"])
    op.create_index("subscriptions_checked_at", "subscriptions", ["checked_at"])
    op.create_table(
        "subscriptions_checkouts",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("success_url", sa.Text, nullable=False),
        sa.Column("cancel_url", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", WholeNumber, nullable=False),
        sa.Column("expires_at", WholeNumber, nullable=False),
        sqlite_strict=True,
    )
    op.create_index(
        "subscriptions_checkouts_user", "subscriptions_checkouts", ["platform_id", "user_id"]
    )
    op.create_index(
        "subscriptions_checkouts_open",
        "subscriptions_checkouts",
        ["expires_at"],
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "subscriptions_portals",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("configuration_id", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "subscriptions_locks",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("expires_at", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
