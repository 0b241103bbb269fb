"""Outbox."""

revision = "0007_outbox"
down_revision = "0006_inbox"


def upgrade() -> None:
    """Create the tables."""
