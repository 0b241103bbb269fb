"""The table ``users``: what the dashboard shows of each end user."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

revision = "0003_end_users"
down_revision = "0002_identity"

# Frozen as of this revision: currencies whose minor unit is the major one.
_ZERO_DECIMAL = (
    "'bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga',"
    " 'pyg', 'rwf', 'ugx', 'vnd', 'vuv', 'xaf', 'xof', 'xpf'"
)
# Computed whenever a row is written, also when usage is counted: the usual currency decides
# before the list is looked through.
_MRR = (
    "CASE WHEN currency = 'usd' THEN mrr_cents / 100.0"
    f" WHEN currency IN ({_ZERO_DECIMAL}) THEN mrr_cents ELSE mrr_cents / 100.0 END"
)


def upgrade() -> None:
    """Create ``users``, its indexes (each led by the platform), and the tombstones.

    Without a rowid the rows lie in the order of their key: one tree less to write when usage is
    counted, and a search reads one platform's rows from end to end instead of jumping.
    """
    op.create_table(
        "users",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("clerk_email", sa.Text),
        sa.Column("clerk_name", sa.Text),
        sa.Column("plan", sa.Text),
        sa.Column("stripe_customer_id", sa.Text),
        sa.Column("subscription_status", sa.Text),
        sa.Column(
            "mrr",
            sa.REAL().with_variant(sa.Numeric(18, 2), "postgresql"),
            sa.Computed(_MRR, persisted=True),
        ),
        sa.Column("usage_count", WholeNumber, nullable=False, server_default=sa.text("0")),
        sa.Column("last_active", WholeNumber),
        sa.Column("created_at", WholeNumber, nullable=False),
        sa.Column("mrr_cents", WholeNumber, nullable=False, server_default=sa.text("0")),
        sa.Column("currency", sa.Text, nullable=False, server_default="usd"),
        sa.Column("plan_grant", sa.Text),
        sa.Column("subscription_plan", sa.Text),
        sa.Column("subscription_flag", sa.Text),
        sa.Column("stripe_subscription_id", sa.Text),
        sa.Column("current_period_end", WholeNumber),
        sa.Column("cancel_at_period_end", WholeNumber, nullable=False, server_default=sa.text("0")),
        sa.Column("period_start", WholeNumber),
        sa.Column("period_end", WholeNumber),
        sa.Column("blocked_at", WholeNumber),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    for name in ("plan", "last_active", "created_at", "mrr_cents"):
        op.create_index(f"users_{name}", "users", ["platform_id", name, "user_id"])
    op.create_index(
        "users_stripe_customer_id",
        "users",
        ["platform_id", "stripe_customer_id"],
        sqlite_where=sa.text("stripe_customer_id IS NOT NULL"),
        postgresql_where=sa.text("stripe_customer_id IS NOT NULL"),
    )
    op.create_table(
        "end_users_tombstones",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("user_hash", sa.Text, primary_key=True),
        sa.Column("erased_at", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
