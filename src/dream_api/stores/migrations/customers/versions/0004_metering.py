"""Metering."""

revision = "0004_metering"
down_revision = "0003_end_users"


def upgrade() -> None:
    """Create the tables."""
