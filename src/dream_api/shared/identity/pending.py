"""A sign-up, as the browser that began it remembers it.

Whoever owns an address holds the mail of every sign-up with it, also of a stranger's. So the link
in a mail activates a sign-up only for whoever began it: by this keepsake, or by its password.
"""

import json
from dataclasses import dataclass

from dream_api.kit.crypto import UnreadableSecret, Vault

KEEPSAKE_CHARACTERS_MAX = 2_048


@dataclass(frozen=True, slots=True)
class PendingSignUp:
    """Whose sign-up it is, and with which address."""

    email: str
    user_id: str


def seal_sign_up(vault: Vault, realm_id: str, pending: PendingSignUp) -> str:
    """Make the keepsake; nobody else can (AES-256-GCM under the master key)."""
    return vault.encrypt(json.dumps([pending.email, pending.user_id]), _context(realm_id))


def open_sign_up(vault: Vault, realm_id: str, keepsake: str) -> PendingSignUp | None:
    """Read a keepsake; None for what this realm has not made."""
    if not keepsake.isascii() or len(keepsake) > KEEPSAKE_CHARACTERS_MAX:
        return None
    try:
        email, user_id = json.loads(vault.decrypt(keepsake, _context(realm_id)))
    except (UnreadableSecret, ValueError):
        return None
    return PendingSignUp(email, user_id)


def _context(realm_id: str) -> str:
    return f"identity_sign_up|{realm_id}"
