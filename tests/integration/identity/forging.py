"""Tokens that only somebody with our own signing keys could make, and tokens that anybody can."""

import base64
import hashlib
import hmac
import json
import sqlite3
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from dream_api.kit import tokens
from dream_api.kit.crypto import Vault, place


def stolen_key(data_dir: Path, vault: Vault, world: str, state: str) -> tuple[str, str]:
    """Open the signing key of one state, as only the product can; give its id and private half."""
    with sqlite3.connect(data_dir / f"{world}.db") as connection:
        key_id, sealed = connection.execute(
            "SELECT key_id, private_sealed FROM identity_signing_keys WHERE state = ?", (state,)
        ).fetchone()
    connection.close()
    context = place("identity_signing_keys", "private_sealed", world, key_id)
    return key_id, vault.decrypt(sealed, context)


def claims_of(token: str) -> dict[str, Any]:
    """Read what a token says."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def signed_with(key: tuple[str, str], claims: dict[str, Any]) -> str:
    """Sign claims with one of our keys."""
    key_id, private_jwk = key
    return tokens.sign(claims, key_id=key_id, private_jwk=private_jwk)


def by_hand(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"x" * 64) -> str:
    """Put a token together from parts."""
    segments = [json.dumps(part).encode() for part in (header, claims)]
    return ".".join(_encode(segment) for segment in [*segments, signature])


def signed_with_published_key(jwk: dict[str, Any], claims: dict[str, Any]) -> str:
    """Sign with HS256 and our published key as the secret: the oldest trick."""
    key: Any = ECAlgorithm.from_jwk({name: jwk[name] for name in ("kty", "crv", "x", "y")})
    public = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "at+jwt", "kid": jwk["kid"]}
    unsigned = by_hand(header, claims, b"").rstrip(".")
    digest = hmac.new(public, unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{_encode(digest)}"


def with_flipped_bit(token: str, part: int) -> str:
    """Change one bit in the middle of header, payload or signature."""
    parts = token.split(".")
    data = bytearray(base64.urlsafe_b64decode(parts[part] + "=="))
    data[len(data) // 2] ^= 1
    parts[part] = _encode(bytes(data))
    return ".".join(parts)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
