"""Identity of end users."""

revision = "0002_identity"
down_revision = "0001_namespaces"


def upgrade() -> None:
    """Create the tables."""
