"""The inbox of the developers' world."""

from dream_api.stores.migrations.shared.inbox import create_inbox

revision = "0005_inbox"
down_revision = "0004_platform_subscription"


def upgrade() -> None:
    """Create the inbox."""
    create_inbox()
