"""The identity of end users."""

from dream_api.stores.migrations.shared.identity import create_identity

revision = "0002_identity"
down_revision = "0001_namespaces"


def upgrade() -> None:
    """Create the tables of the customers' realms."""
    create_identity()
