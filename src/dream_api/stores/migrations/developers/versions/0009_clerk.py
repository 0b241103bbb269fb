"""Which developers come from the Clerk application."""

from dream_api.stores.migrations.shared.clerk import create_clerk

revision = "0009_clerk"
down_revision = "0008_bridge"


def upgrade() -> None:
    """Create the table."""
    create_clerk()
