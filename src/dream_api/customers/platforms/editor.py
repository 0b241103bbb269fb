"""What a developer may change about a platform by a plain form: look and settings."""

from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from typing import Any

from dream_api.customers.platforms import store as rows
from dream_api.customers.platforms.model import Branding, PlatformSettings
from dream_api.stores import Connection, KeyValue, Store


@dataclass(frozen=True, slots=True)
class Logo:
    """An image that we encoded ourselves; ``digest`` is part of its address."""

    digest: str
    media_type: str
    image: bytes


class PlatformEditor:
    """Changes look and settings; each call is one transaction of the customers' world.

    Args:
        store: the customers' store, with the right to write its tokens.
        customer_tokens: the namespace CUSTOMER_TOKENS_KV.
    """

    def __init__(self, store: Store, customer_tokens: KeyValue) -> None:
        self._store = store
        self._tokens = customer_tokens

    async def announce(self, platform_id: str) -> None:
        """Make a new platform known to the customers' world. Repeatable."""

        def verb(connection: Connection) -> None:
            if not rows.is_known(connection, self._tokens, platform_id):
                rows.raise_version(connection, self._tokens, platform_id)

        await self._store.of(platform_id).write(verb)

    async def save_look(self, platform_id: str, app_name: str, color: str) -> Branding:
        """Replace name and colour; the logo stays."""

        def verb(connection: Connection) -> Branding:
            current = rows.read_branding(connection, self._tokens, platform_id)
            branding = replace(current, app_name=app_name, color=color)
            rows.write_branding(connection, self._tokens, platform_id, branding)
            return branding

        return await self._store.of(platform_id).write(verb)

    async def save_logo(self, platform_id: str, logo: Logo | None) -> Branding:
        """Replace the logo; None removes it."""

        def verb(connection: Connection) -> Branding:
            current = rows.read_branding(connection, self._tokens, platform_id)
            branding = replace(current, logo=None if logo is None else logo.digest)
            if logo is None:
                self._tokens.delete(connection, _logo_key(platform_id))
            else:
                self._tokens.put(connection, _logo_key(platform_id), _to_wire(logo))
            rows.write_branding(connection, self._tokens, platform_id, branding)
            return branding

        return await self._store.of(platform_id).write(verb)

    async def save_settings(self, platform_id: str, settings: PlatformSettings) -> None:
        """Replace the settings."""
        await self._store.of(platform_id).write(
            lambda connection: rows.write_settings(connection, self._tokens, platform_id, settings)
        )

    async def copy_look(self, from_platform_id: str, to_platform_id: str) -> None:
        """Give one platform the look of another, unless it has a look of its own."""

        def look(connection: Connection) -> tuple[Branding, Any]:
            return (
                rows.read_branding(connection, self._tokens, from_platform_id),
                self._tokens.get(connection, _logo_key(from_platform_id)),
            )

        wanted, logo = await self._store.of(from_platform_id).read(look)

        def verb(connection: Connection) -> None:
            present = rows.read_branding(connection, self._tokens, to_platform_id)
            if present != Branding() or wanted == Branding():
                return
            if logo is not None:
                self._tokens.put(connection, _logo_key(to_platform_id), logo)
            rows.write_branding(connection, self._tokens, to_platform_id, wanted)

        await self._store.of(to_platform_id).write(verb)


def read_logo(connection: Connection, customer_tokens: KeyValue, platform_id: str) -> Logo | None:
    """Read a platform's logo."""
    wire: dict[str, Any] | None = customer_tokens.get(connection, _logo_key(platform_id))
    if wire is None:
        return None
    return Logo(wire["digest"], wire["mediaType"], b64decode(wire["image"]))


def _to_wire(logo: Logo) -> dict[str, str]:
    return {
        "digest": logo.digest,
        "mediaType": logo.media_type,
        "image": b64encode(logo.image).decode(),
    }


def _logo_key(platform_id: str) -> str:
    return f"platform:{platform_id}:logo"
