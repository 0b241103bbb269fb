"""What other rooms ask about a platform."""

from dream_api.customers.platforms import store as rows
from dream_api.customers.platforms.editor import Logo, read_logo
from dream_api.customers.platforms.model import (
    Branding,
    PlatformSettings,
    StripeConnection,
    TierConfig,
)
from dream_api.kit.keys import Mode, is_well_formed
from dream_api.stores import KeyValue, Store


class Platforms:
    """Reads what the customers' world knows of platforms. Each call is one consistent look.

    Args:
        store: the customers' store, as any service that may read its tokens sees it.
        customer_tokens: the namespace CUSTOMER_TOKENS_KV.
    """

    def __init__(self, store: Store, customer_tokens: KeyValue) -> None:
        self._store = store
        self._tokens = customer_tokens

    async def tiers(self, platform_id: str) -> TierConfig:
        """Read the platform's tiers; none configured is an empty list."""
        return await self._store.of(platform_id).read(
            lambda connection: rows.read_tiers(connection, self._tokens, platform_id)
        )

    async def connection(self, platform_id: str) -> StripeConnection | None:
        """Read the connected Stripe account."""
        return await self._store.of(platform_id).read(
            lambda connection: rows.read_connection(connection, self._tokens, platform_id)
        )

    async def platform_of(self, mode: Mode, account_id: str) -> str | None:
        """Find the platform that a connected Stripe account belongs to in one mode."""
        key = f"stripeaccount:{mode}:{account_id}"
        found: str | None = await self._store.read(
            lambda connection: self._tokens.get(connection, key)
        )
        return found

    async def list_connected(self, after: str, limit: int) -> list[tuple[str, str, str]]:
        """List (cursor, platform, connected account) of all platforms, after a cursor or ``""``."""
        prefix = "stripeaccount:"
        page = await self._store.read(
            lambda connection: self._tokens.list(connection, prefix, after=after, limit=limit)
        )
        return [(entry.key, entry.value, entry.key.rpartition(":")[2]) for entry in page]

    async def branding(self, platform_id: str) -> Branding:
        """Read how the platform looks."""
        return await self._store.of(platform_id).read(
            lambda connection: rows.read_branding(connection, self._tokens, platform_id)
        )

    async def logo(self, platform_id: str) -> Logo | None:
        """Read the platform's logo, the image itself."""
        return await self._store.of(platform_id).read(
            lambda connection: read_logo(connection, self._tokens, platform_id)
        )

    async def settings(self, platform_id: str) -> PlatformSettings:
        """Read the platform's settings."""
        return await self._store.of(platform_id).read(
            lambda connection: rows.read_settings(connection, self._tokens, platform_id)
        )

    async def exists(self, platform_id: str) -> bool:
        """Tell whether this publishable key is one of ours; a malformed one touches no store."""
        if not is_well_formed(platform_id, "pk"):
            return False
        return await self._store.of(platform_id).read(
            lambda connection: rows.is_known(connection, self._tokens, platform_id)
        )
