"""Bridge."""

revision = "0008_bridge"
down_revision = "0007_idempotency"


def upgrade() -> None:
    """Create the tables."""
