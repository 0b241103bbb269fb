"""Idempotency."""

revision = "0008_idempotency"
down_revision = "0007_outbox"


def upgrade() -> None:
    """Create the tables."""
