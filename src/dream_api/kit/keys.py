"""Publishable and secret keys: format, checksum, hash and hint.

``sk_live_drm_`` + 32 base62 characters (190 bits) + 6 base62 digits of the CRC32 of all before.
The ``drm_`` keeps secret scanners from taking our keys for Stripe's own.
"""

import hashlib
import re
import secrets
import zlib
from enum import StrEnum
from typing import Literal

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_CHARACTERS = 32
_CHECKSUM_CHARACTERS = 6
_KEY = re.compile(r"(?P<kind>sk|pk)_(?P<mode>live|test)_drm_[0-9A-Za-z]{38}", re.ASCII)

KEY_IN_TEXT = re.compile(r"\bsk_(?:live|test)_drm_[0-9A-Za-z]{38}\b")
"""Finds secret keys in text that must not carry them, such as a query string or a log line."""


class Mode(StrEnum):
    """Which of a developer's two platforms, and which of our Stripe settings."""

    LIVE = "live"
    TEST = "test"


def issue_key(kind: Literal["sk", "pk"], mode: Mode) -> str:
    """Make a new random key."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))
    text = f"{kind}_{mode}_drm_{body}"
    return text + _checksum(text)


def is_well_formed(key: str, kind: Literal["sk", "pk"]) -> bool:
    """Tell whether *key* has the format and checksum of a key of this kind. Touches no store."""
    match = _KEY.fullmatch(key)
    if match is None or match["kind"] != kind:
        return False
    return _checksum(key[:-_CHECKSUM_CHARACTERS]) == key[-_CHECKSUM_CHARACTERS:]


def mode_of(key: str) -> Mode:
    """Read the mode off a well-formed key."""
    return Mode(key.split("_", 2)[1])


def hash_key(key: str) -> str:
    """Hash a key for storage: SHA-256 in hex. 190 random bits need no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_hint(key: str) -> str:
    """Show enough of a key to recognise it: its prefix and last four characters."""
    return f"{key[:12]}…{key[-4:]}"


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    while number:
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits.rjust(_CHECKSUM_CHARACTERS, "0")
