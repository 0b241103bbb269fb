"""The tiers that a developer sells.

Owns: tier rules, their products and prices on the connected account, and their revision.
Does not own: who is on which tier (customers.subscriptions).
"""

from dream_api.bridge.catalog.errors import (
    LastTier,
    TierExists,
    TierInUse,
    TierLimitReached,
    TiersChanged,
)
from dream_api.bridge.catalog.model import TIERS_MAX, CatalogTier, NewTier, Published
from dream_api.bridge.catalog.service import Catalog

__all__ = [
    "TIERS_MAX",
    "Catalog",
    "CatalogTier",
    "LastTier",
    "NewTier",
    "Published",
    "TierExists",
    "TierInUse",
    "TierLimitReached",
    "TiersChanged",
]
