"""The platform subscription."""

revision = "0004_platform_subscription"
down_revision = "0003_accounts"


def upgrade() -> None:
    """Create the tables."""
