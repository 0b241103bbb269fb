"""Accounts."""

revision = "0003_accounts"
down_revision = "0002_identity"


def upgrade() -> None:
    """Create the tables."""
