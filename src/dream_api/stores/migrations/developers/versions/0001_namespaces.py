"""The namespaces of the developers' world."""

from dream_api.stores.migrations.shared.namespaces import create_namespace

revision = "0001_namespaces"
down_revision = None


def upgrade() -> None:
    """Create PLATFORM_USAGE_KV and PLATFORM_TOKENS_KV."""
    create_namespace("platform_usage_kv")
    create_namespace("platform_tokens_kv")
