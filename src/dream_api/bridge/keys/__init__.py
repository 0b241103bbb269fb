"""Secret keys of a platform: issue, rotation, revocation, and the repair of what a crash left.

Owns: the life of a secret key across the two worlds, and whose turn it is to change keys.
Does not own: the check of a key on each request, which reads what this room wrote.
"""

from dream_api.bridge.keys.errors import KeyLimitReached, KeysChanged
from dream_api.bridge.keys.model import (
    KEY_NAME_CHARACTERS_MAX,
    KEYS_LIVE_MAX,
    OVERLAP_SECONDS_MAX,
    SCOPES,
    Credentials,
    Issued,
    SecretKey,
    Turn,
)
from dream_api.bridge.keys.service import Change, Keys, first_key, no_key

__all__ = [
    "KEYS_LIVE_MAX",
    "KEY_NAME_CHARACTERS_MAX",
    "OVERLAP_SECONDS_MAX",
    "SCOPES",
    "Change",
    "Credentials",
    "Issued",
    "KeyLimitReached",
    "Keys",
    "KeysChanged",
    "SecretKey",
    "Turn",
    "first_key",
    "no_key",
]
