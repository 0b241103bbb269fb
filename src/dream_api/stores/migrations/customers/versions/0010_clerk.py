"""Which end users of the Clerk application belong to which platform."""

from dream_api.stores.migrations.shared.clerk import create_clerk

revision = "0010_clerk"
down_revision = "0009_revenue"


def upgrade() -> None:
    """Create the table."""
    create_clerk()
