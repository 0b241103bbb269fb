"""ES256 access tokens: making keys, signing, and verifying what we have signed."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from dream_api.kit import signed_tokens
from dream_api.kit.signed_tokens import InvalidToken, TokenKind

ALGORITHM = "ES256"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068's media type of access tokens, no secret.
TOKEN_CHARACTERS_MAX = 4096
_KIND = TokenKind(
    ALGORITHM,
    frozenset({TOKEN_TYPE}),
    ("exp", "iat", "nbf", "iss", "sub", "aud", "jti", "sid"),
    TOKEN_CHARACTERS_MAX,
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair. ``private_jwk`` is JSON text and a secret; ``public_jwk`` may be published."""

    key_id: str
    private_jwk: str
    public_jwk: dict[str, str]


def new_signing_key() -> SigningKey:
    """Make a key pair on P-256; its id is the RFC 7638 thumbprint of the public half."""
    private = ec.generate_private_key(ec.SECP256R1())
    private_jwk: dict[str, str] = ECAlgorithm.to_jwk(private, as_dict=True)
    public: dict[str, str] = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    key_id = thumbprint(public)
    published = {
        "kty": public["kty"],
        "crv": public["crv"],
        "x": public["x"],
        "y": public["y"],
        "kid": key_id,
        "alg": ALGORITHM,
        "use": "sig",
    }
    return SigningKey(key_id, json.dumps(private_jwk, separators=(",", ":")), published)


def thumbprint(public_jwk: Mapping[str, str]) -> str:
    """Compute the RFC 7638 thumbprint of an EC key: SHA-256 of its required members, sorted."""
    members = {name: public_jwk[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sign(claims: Mapping[str, Any], *, key_id: str, private_jwk: str) -> str:
    """Sign claims as an access token."""
    return jwt.encode(
        dict(claims),
        jwt.PyJWK.from_json(private_jwk, ALGORITHM),
        algorithm=ALGORITHM,
        headers={"typ": TOKEN_TYPE, "kid": key_id},
    )


def read_key_id(token: str) -> str:
    """Read which of our keys a token claims to be signed with. Nothing is verified yet.

    Raises:
        InvalidToken: not a compact ES256 access token with a plain key id.
    """
    return signed_tokens.read_key_id(token, _KIND)


def verify(
    token: str, public_jwk: Mapping[str, str], *, issuer: str, audience: str, now: datetime
) -> dict[str, Any]:
    """Check signature, issuer, audience and times, all exactly; give the claims.

    Call ``read_key_id`` first: it checks the form and the header, and names the key to pass.

    Raises:
        InvalidToken: whatever is wrong; the reason is for logs, not for callers.
    """
    claims = signed_tokens.decode(token, public_jwk, _KIND, issuer=issuer, audience=audience)
    if not isinstance(claims["sid"], str):
        raise InvalidToken("no session")
    signed_tokens.check_times(claims, now)
    return claims
