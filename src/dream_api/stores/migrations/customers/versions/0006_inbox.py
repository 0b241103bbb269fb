"""Inbox."""

revision = "0006_inbox"
down_revision = "0005_subscriptions"


def upgrade() -> None:
    """Create the tables."""
