"""The platform subscription: what a developer pays us."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

revision = "0004_platform_subscription"
down_revision = "0003_accounts"


def upgrade() -> None:
    """Create the table: one row per developer."""
    op.create_table(
        "platform_subscriptions",
        sa.Column("developer_id", sa.Text, primary_key=True),
        sa.Column("stripe_customer_id", sa.Text, unique=True),
        sa.Column("stripe_subscription_id", sa.Text, unique=True),
        sa.Column("status", sa.Text),
        sa.Column("current_period_end", WholeNumber),
        sa.Column("cancel_at_period_end", WholeNumber, nullable=False),
        sa.Column("ended_at", WholeNumber),
        sa.Column("checkout_attempt", WholeNumber, nullable=False),
        sa.Column("seen_at", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
