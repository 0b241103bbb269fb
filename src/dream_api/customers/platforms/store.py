"""The platform's rows in CUSTOMER_TOKENS_KV, written inside the caller's transaction.

Every change of tiers, keys or standing raises ``platform:{platformId}:version`` in the same
transaction; that is what makes it hold on the next request, in every process that caches.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dream_api.customers.platforms.model import (
    Branding,
    PlatformSettings,
    StripeConnection,
    TierConfig,
)
from dream_api.kit.periods import rfc3339
from dream_api.stores import Connection, KeyValue


def raise_version(connection: Connection, customer_tokens: KeyValue, platform_id: str) -> int:
    """Make every cached copy of this platform stale; give the new version."""
    key = f"platform:{platform_id}:version"
    version: int = (customer_tokens.get(connection, key) or 0) + 1
    customer_tokens.put(connection, key, version)
    return version


def write_tiers(
    connection: Connection, customer_tokens: KeyValue, platform_id: str, config: TierConfig
) -> None:
    """Replace the platform's tiers."""
    customer_tokens.put(connection, f"platform:{platform_id}:tierConfig", config.to_wire())
    raise_version(connection, customer_tokens, platform_id)


def write_key(
    connection: Connection,
    customer_tokens: KeyValue,
    platform_id: str,
    key_hash: str,
    record: Mapping[str, Any],
) -> None:
    """Write the row of one secret key.

    *record* is camelCase and holds at least ``platformId, keyId, scopes, createdAt, expiresAt,
    revokedAt, lastUsedAt``; the bridge keeps fields of its own beside them. A revoked key keeps
    its row.
    """
    assert record["platformId"] == platform_id, "a key opens the platform that it is written for"
    customer_tokens.put(connection, f"apikey:{key_hash}", dict(record))
    raise_version(connection, customer_tokens, platform_id)


def read_key(
    connection: Connection, customer_tokens: KeyValue, platform_id: str, key_hash: str
) -> dict[str, Any] | None:
    """Read the row of one secret key of this platform, revoked or not."""
    record: dict[str, Any] | None = customer_tokens.get(connection, f"apikey:{key_hash}")
    if record is None or record["platformId"] != platform_id:
        return None
    return record


def write_status(
    connection: Connection,
    customer_tokens: KeyValue,
    platform_id: str,
    active_until: datetime | None,
) -> None:
    """Write until when the platform subscription pays; None is without an end in sight."""
    value = {"activeUntil": None if active_until is None else rfc3339(active_until)}
    customer_tokens.put(connection, f"platform:{platform_id}:status", value)
    raise_version(connection, customer_tokens, platform_id)


def write_branding(
    connection: Connection, customer_tokens: KeyValue, platform_id: str, branding: Branding
) -> None:
    """Replace how the platform looks."""
    customer_tokens.put(connection, f"platform:{platform_id}:branding", branding.to_wire())
    raise_version(connection, customer_tokens, platform_id)


def write_settings(
    connection: Connection, customer_tokens: KeyValue, platform_id: str, settings: PlatformSettings
) -> None:
    """Replace the platform's settings."""
    customer_tokens.put(connection, f"platform:{platform_id}:settings", settings.to_wire())
    raise_version(connection, customer_tokens, platform_id)


def touch_key(
    connection: Connection,
    customer_tokens: KeyValue,
    platform_id: str,
    key_hash: str,
    used_at: datetime,
) -> None:
    """Note when a key was last used. Decides nothing, so it leaves the version alone."""
    record = read_key(connection, customer_tokens, platform_id, key_hash)
    if record is not None:
        record["lastUsedAt"] = rfc3339(used_at)
        customer_tokens.put(connection, f"apikey:{key_hash}", record)


def read_tiers(connection: Connection, customer_tokens: KeyValue, platform_id: str) -> TierConfig:
    """Read the platform's tiers; a platform without any has an empty list."""
    return TierConfig.from_wire(
        customer_tokens.get(connection, f"platform:{platform_id}:tierConfig")
    )


def read_connection(
    connection: Connection, customer_tokens: KeyValue, platform_id: str
) -> StripeConnection | None:
    """Read the platform's connected Stripe account."""
    wire = customer_tokens.get(connection, f"platform:{platform_id}:stripe")
    return None if wire is None else StripeConnection.from_wire(wire)


def read_branding(connection: Connection, customer_tokens: KeyValue, platform_id: str) -> Branding:
    """Read how the platform looks."""
    return Branding.from_wire(customer_tokens.get(connection, f"platform:{platform_id}:branding"))


def read_settings(
    connection: Connection, customer_tokens: KeyValue, platform_id: str
) -> PlatformSettings:
    """Read the platform's settings."""
    return PlatformSettings.from_wire(
        customer_tokens.get(connection, f"platform:{platform_id}:settings")
    )


def is_known(connection: Connection, customer_tokens: KeyValue, platform_id: str) -> bool:
    """Tell whether anything was ever written for this platform."""
    return customer_tokens.get(connection, f"platform:{platform_id}:version") is not None
