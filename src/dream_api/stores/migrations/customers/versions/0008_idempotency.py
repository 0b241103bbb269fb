"""Stored answers to creating calls."""

from dream_api.stores.migrations.shared.idempotency import create_idempotency

revision = "0008_idempotency"
down_revision = "0007_outbox"


def upgrade() -> None:
    """Create the table."""
    create_idempotency()
