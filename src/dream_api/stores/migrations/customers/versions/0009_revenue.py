"""Which account a subscription is on, how revenue moved, and money that went back."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

revision = "0009_revenue"
down_revision = "0008_idempotency"


def upgrade() -> None:
    """Create the tables; what already runs counts as new when it was made."""
    op.add_column("subscriptions", sa.Column("account_id", sa.Text))
    op.add_column("subscriptions", sa.Column("trial_ends_at", WholeNumber))
    op.create_table(
        "subscriptions_accounts",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("charges_enabled", WholeNumber, nullable=False),
        sa.Column("checked_at", WholeNumber, nullable=False),
        sa.Column("reconciled_at", WholeNumber),
        sqlite_strict=True,
    )
    op.create_table(
        "subscriptions_charges",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("charge_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("amount_cents", WholeNumber, nullable=False),
        sa.Column("refunded_cents", WholeNumber, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("dispute_status", sa.Text),
        sa.Column("created_at", WholeNumber, nullable=False),
        sa.Column("checked_at", WholeNumber, nullable=False),
        sqlite_strict=True,
    )
    op.create_index(
        "subscriptions_charges_user", "subscriptions_charges", ["platform_id", "user_id"]
    )
    op.create_table(
        "subscriptions_movements",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("movement_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("subscription_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("amount_cents", WholeNumber, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("moved_at", WholeNumber, nullable=False),
        sqlite_strict=True,
    )
    op.create_index(
        "subscriptions_movements_moved_at", "subscriptions_movements", ["platform_id", "moved_at"]
    )
    op.create_index(
        "subscriptions_movements_user", "subscriptions_movements", ["platform_id", "user_id"]
    )
    op.create_index(
        "subscriptions_movements_subscription",
        "subscriptions_movements",
        ["platform_id", "subscription_id"],
    )
    op.execute(
        "INSERT INTO subscriptions_movements (platform_id, movement_id, user_id, subscription_id,"
        " kind, amount_cents, currency, moved_at)"
        " SELECT platform_id, 'mov_' || subscription_id, user_id, subscription_id, 'new',"
        " mrr_cents, currency, created_at FROM subscriptions WHERE mrr_cents > 0"
    )
