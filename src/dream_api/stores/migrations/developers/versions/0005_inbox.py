"""Inbox."""

revision = "0005_inbox"
down_revision = "0004_platform_subscription"


def upgrade() -> None:
    """Create the tables."""
