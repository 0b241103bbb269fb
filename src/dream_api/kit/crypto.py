"""Secrets at rest: AES-256-GCM bound to the row that holds them, and keyed fingerprints.

A sealed text is ``v1.<key id>.<nonce>.<ciphertext>``. The place it was sealed for (table, column,
owner, row) is authenticated with it, so a ciphertext that somebody copies into another row does
not open there. Data keys are derived from the master key by HKDF-SHA256 (RFC 5869), one for each
purpose; the master key itself never touches data.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
MASTER_KEYS_MAX = 8
_NONCE_BYTES = 12
_VERSION = "v1"
_KEY_ID_CHARACTERS = 8
_SEALED_PARTS = 4
_FINGERPRINT_PARTS = 3


class UnreadableSecret(Exception):
    """A sealed text was made with a key that we do not have, for another place, or was changed."""


def parse_master_keys(text: str) -> tuple[bytes, ...]:
    """Read ``DREAM_MASTER_KEY``: base64 of 32 bytes each, comma-separated, the active one first.

    Raises:
        ValueError: a key is no base64 of 32 bytes, or there are none or too many. Names no value.
    """
    try:
        keys = tuple(base64.b64decode(part.strip(), validate=True) for part in text.split(","))
    except (binascii.Error, ValueError):
        raise ValueError("the master key must be base64, several separated by commas") from None
    if len(keys) > MASTER_KEYS_MAX or any(len(key) != MASTER_KEY_BYTES for key in keys):
        raise ValueError(f"give 1 to {MASTER_KEYS_MAX} master keys of {MASTER_KEY_BYTES} bytes")
    return keys


def new_master_key() -> str:
    """Make a random master key in the form that the setting takes."""
    return base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)).decode()


def place(table: str, column: str, owner: str, row: str) -> str:
    """Name the one place where a sealed text may be opened again."""
    parts = (table, column, owner, row)
    assert not any("|" in part for part in parts), "parts of a place hold no separator"
    return "|".join(parts)


@dataclass(frozen=True, slots=True)
class _DataKeys:
    """What is derived from one master key."""

    sealing: AESGCM
    fingerprints: bytes
    grants: bytes


class Vault:
    """Seals and opens small texts under the master keys; the first key seals, every key opens."""

    def __init__(self, master_keys: Sequence[bytes]) -> None:
        assert master_keys, "a vault needs a key"
        self._keys = {_key_id(key): _derive(key) for key in master_keys}
        self._active_id = _key_id(master_keys[0])

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Name the configured master keys, the active one first; an id tells nothing of its key."""
        return tuple(self._keys)

    @property
    def grant_keys(self) -> Mapping[str, bytes]:
        """Give the keys of console grants by the id of their master key, the active one first."""
        return {key_id: keys.grants for key_id, keys in self._keys.items()}

    def encrypt(self, text: str, context: str) -> str:
        """Seal *text* for the place *context*; the same text seals differently every time."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        data = self._keys[self._active_id].sealing.encrypt(
            nonce, text.encode(), f"{_VERSION}|{context}".encode()
        )
        return ".".join((_VERSION, self._active_id, _encode(nonce), _encode(data)))

    def decrypt(self, sealed: str, context: str) -> str:
        """Open a sealed text.

        Raises:
            UnreadableSecret: unknown key, another place, or a changed text.
        """
        parts = sealed.split(".")
        if len(parts) != _SEALED_PARTS or parts[0] != _VERSION or parts[1] not in self._keys:
            raise UnreadableSecret("sealed with a master key that is not configured")
        try:
            data = self._keys[parts[1]].sealing.decrypt(
                _decode(parts[2]), _decode(parts[3]), f"{_VERSION}|{context}".encode()
            )
        except (InvalidTag, ValueError) as error:
            raise UnreadableSecret("sealed for another place, or changed") from error
        return data.decode()

    def is_current(self, sealed: str) -> bool:
        """Tell whether the active key sealed this; if not, ``rekey`` seals it again."""
        return sealed.startswith(f"{_VERSION}.{self._active_id}.")

    def can_open(self, sealed: str) -> bool:
        """Tell whether the key that sealed this is configured. Opens nothing."""
        parts = sealed.split(".")
        return len(parts) == _SEALED_PARTS and parts[0] == _VERSION and parts[1] in self._keys

    def fingerprint(self, text: str, context: str) -> str:
        """Hash a short secret, such as a six-digit code, so that the row alone cannot be guessed.

        A plain hash of a million possible codes is reversed at once; this one is keyed.
        """
        return f"{_VERSION}.{self._active_id}.{self._digest(self._active_id, text, context)}"

    def matches(self, fingerprint: str, text: str, context: str) -> bool:
        """Compare *text* with a fingerprint in constant time, whichever configured key made it."""
        parts = fingerprint.split(".")
        if len(parts) != _FINGERPRINT_PARTS or parts[1] not in self._keys:
            return False
        return hmac.compare_digest(parts[2], self._digest(parts[1], text, context))

    def key_id_of(self, fingerprint: str) -> str | None:
        """Name the key that made a fingerprint, configured or not; None where it is none."""
        parts = fingerprint.split(".")
        return parts[1] if len(parts) == _FINGERPRINT_PARTS else None

    def _digest(self, key_id: str, text: str, context: str) -> str:
        message = f"{context}|{text}".encode()
        return hmac.new(self._keys[key_id].fingerprints, message, hashlib.sha256).hexdigest()


def hash_secret(secret: str) -> str:
    """Hash a random secret of 256 bits for storage: SHA-256 in hex needs no salt and no delay."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_secret() -> str:
    """Make a random secret of 256 bits in URL-safe characters."""
    return secrets.token_urlsafe(32)


def _key_id(master_key: bytes) -> str:
    return hashlib.sha256(b"dream-api master key id|" + master_key).hexdigest()[:_KEY_ID_CHARACTERS]


def _derive(master_key: bytes) -> _DataKeys:
    return _DataKeys(
        AESGCM(_expand(master_key, b"dream-api sealing v1")),
        _expand(master_key, b"dream-api fingerprints v1"),
        _expand(master_key, b"dream-api console grants v1"),
    )


def _expand(master_key: bytes, purpose: bytes) -> bytes:
    expansion = HKDF(hashes.SHA256(), length=MASTER_KEY_BYTES, salt=None, info=purpose)
    return expansion.derive(master_key)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
