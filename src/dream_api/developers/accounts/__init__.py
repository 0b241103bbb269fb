"""Developers: who they are, which two platforms are theirs, and what they have changed.

Owns: the profile, the minting of publishable keys, and the audit log.
Does not own: passwords and sessions (identity), what a developer pays (platform_subscription) or
may use (management_usage).
"""

from dream_api.developers.accounts.model import AuditEntry, Developer, PlatformIds
from dream_api.developers.accounts.platform_ids import find_platform_ids, mint_platform
from dream_api.developers.accounts.service import PLATFORM_MINTED, Accounts
from dream_api.developers.accounts.store import audit

__all__ = [
    "PLATFORM_MINTED",
    "Accounts",
    "AuditEntry",
    "Developer",
    "PlatformIds",
    "audit",
    "find_platform_ids",
    "mint_platform",
]
