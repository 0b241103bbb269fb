"""End users."""

revision = "0003_end_users"
down_revision = "0002_identity"


def upgrade() -> None:
    """Create the tables."""
