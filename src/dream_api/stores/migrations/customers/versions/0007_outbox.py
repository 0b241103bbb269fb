"""The outbox of the customers' world."""

from dream_api.stores.migrations.shared.outbox import create_outbox

revision = "0007_outbox"
down_revision = "0006_inbox"


def upgrade() -> None:
    """Create the outbox."""
    create_outbox()
