"""The inbox of the customers' world."""

from dream_api.stores.migrations.shared.inbox import create_inbox

revision = "0006_inbox"
down_revision = "0005_subscriptions"


def upgrade() -> None:
    """Create the inbox."""
    create_inbox()
