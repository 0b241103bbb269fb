"""Idempotency."""

revision = "0007_idempotency"
down_revision = "0006_outbox"


def upgrade() -> None:
    """Create the tables."""
