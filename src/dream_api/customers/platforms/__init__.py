"""What the customers' world knows of a platform.

Owns: its tiers, connection, branding, settings, keys and standing, and the version that each
change raises.
Does not own: how a developer changes them (bridge).
"""

from dream_api.customers.platforms.cache import PlatformCache
from dream_api.customers.platforms.editor import Logo, PlatformEditor
from dream_api.customers.platforms.errors import PlatformInactive, Unauthenticated
from dream_api.customers.platforms.model import (
    Access,
    Branding,
    PlatformSettings,
    PlatformState,
    StripeConnection,
    Tier,
    TierConfig,
)
from dream_api.customers.platforms.service import Platforms
from dream_api.customers.platforms.store import (
    is_known,
    raise_version,
    read_branding,
    read_connection,
    read_key,
    read_settings,
    read_tiers,
    touch_key,
    write_branding,
    write_key,
    write_settings,
    write_status,
    write_tiers,
)

__all__ = [
    "Access",
    "Branding",
    "Logo",
    "PlatformCache",
    "PlatformEditor",
    "PlatformInactive",
    "PlatformSettings",
    "PlatformState",
    "Platforms",
    "StripeConnection",
    "Tier",
    "TierConfig",
    "Unauthenticated",
    "is_known",
    "raise_version",
    "read_branding",
    "read_connection",
    "read_key",
    "read_settings",
    "read_tiers",
    "touch_key",
    "write_branding",
    "write_key",
    "write_settings",
    "write_status",
    "write_tiers",
]
