"""The outbox of the developers' world."""

from dream_api.stores.migrations.shared.outbox import create_outbox

revision = "0006_outbox"
down_revision = "0005_inbox"


def upgrade() -> None:
    """Create the outbox."""
    create_outbox()
