"""Outbox."""

revision = "0006_outbox"
down_revision = "0005_inbox"


def upgrade() -> None:
    """Create the tables."""
