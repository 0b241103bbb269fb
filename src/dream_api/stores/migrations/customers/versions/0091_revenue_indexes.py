"""Indexes of which the overview's sums read nothing but the index, in its order.

Before, each sum over a platform's movements went to the row of each, and sorted them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0091_revenue_indexes"
down_revision = "0090_user_counts"

_MOVEMENTS = "subscriptions_movements"


def upgrade() -> None:
    """Widen the two that the sums use, and find trials by when they end."""
    op.drop_index(f"{_MOVEMENTS}_user", _MOVEMENTS)
    op.drop_index(f"{_MOVEMENTS}_moved_at", _MOVEMENTS)
    op.create_index(
        f"{_MOVEMENTS}_user", _MOVEMENTS, ["platform_id", "user_id", "moved_at", "amount_cents"]
    )
    op.create_index(
        f"{_MOVEMENTS}_kind",
        _MOVEMENTS,
        ["platform_id", "currency", "kind", "moved_at", "amount_cents"],
    )
    op.create_index(
        "subscriptions_trial_ends_at",
        "subscriptions",
        ["platform_id", "trial_ends_at"],
        sqlite_where=sa.text("trial_ends_at IS NOT NULL"),
        postgresql_where=sa.text("trial_ends_at IS NOT NULL"),
    )
