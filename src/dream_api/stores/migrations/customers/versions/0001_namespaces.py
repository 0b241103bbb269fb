"""The namespace CUSTOMER_TOKENS_KV; CUSTOMER_USAGE_KV has typed rows and comes with metering."""

from dream_api.stores.migrations.shared.namespaces import create_namespace

revision = "0001_namespaces"
down_revision = None


def upgrade() -> None:
    """Create CUSTOMER_TOKENS_KV."""
    create_namespace("customer_tokens_kv")
