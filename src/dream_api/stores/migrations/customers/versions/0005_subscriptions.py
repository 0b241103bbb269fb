"""Subscriptions."""

revision = "0005_subscriptions"
down_revision = "0004_metering"


def upgrade() -> None:
    """Create the tables."""
