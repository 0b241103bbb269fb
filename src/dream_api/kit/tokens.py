"""ES256 tokens: making keys, signing, and a verifier that trusts nothing in the token.

PyJWT does the cryptography. Times are checked here, against a moment that is given, because the
product's clock can be moved; everything else that must match is named by the caller.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ALGORITHM = "ES256"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068's media type of access tokens, no secret.
TOKEN_CHARACTERS_MAX = 4096
KEY_ID_CHARACTERS_MAX = 64
LIFETIME_MAX_SECONDS = 3600
"""A token that says it lives longer was not made by us."""
LEEWAY_SECONDS = 5
"""How far ahead the clock of the machine that signed may be. Expiry knows no leeway."""
_REQUIRED_CLAIMS = ("exp", "iat", "nbf", "iss", "sub", "aud", "jti", "sid")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_TIMESTAMP_MAX = 2**53  # What every JSON reader can hold exactly.


class InvalidToken(Exception):
    """A token that we did not make, or that is no longer, not yet or not here valid."""


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
        InvalidToken: not a compact ES256 access token with a plain key id. Headers such as
            ``jku``, ``x5u`` and ``jwk`` are never looked at.
    """
    if len(token) > TOKEN_CHARACTERS_MAX or _COMPACT.fullmatch(token) is None:
        raise InvalidToken("not a compact token")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise InvalidToken("unreadable header") from error
    if header.get("alg") != ALGORITHM or header.get("typ") != TOKEN_TYPE:
        raise InvalidToken("another algorithm or type")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or len(key_id) > KEY_ID_CHARACTERS_MAX:
        raise InvalidToken("no key id")
    return key_id


def verify(
    token: str, public_jwk: Mapping[str, str], *, issuer: str, audience: str, now: datetime
) -> dict[str, Any]:
    """Check signature, issuer, audience and times, all exactly; give the claims.

    Call ``read_key_id`` first: it checks the form and the header, and names the key to pass.

    Raises:
        InvalidToken: whatever is wrong; the reason is for logs, not for callers.
    """
    try:
        claims = jwt.decode(
            token,
            jwt.PyJWK.from_dict(dict(public_jwk), ALGORITHM),
            algorithms=[ALGORITHM],
            issuer=issuer,
            audience=audience,
            options={
                "require": list(_REQUIRED_CLAIMS),
                "strict_aud": True,
                # PyJWT asks the machine for the time; ours is given, see check_times.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise InvalidToken("refused") from error
    if claims["iss"] != issuer or not isinstance(claims["sid"], str):
        raise InvalidToken("another issuer")
    check_times(claims, now)
    return claims


def check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """Check ``exp``, ``iat`` and ``nbf``, which are there, against a moment.

    Raises:
        InvalidToken: over, not yet begun, longer than LIFETIME_MAX_SECONDS, or no whole numbers.
    """
    expires_at, issued_at, not_before = (claims[name] for name in ("exp", "iat", "nbf"))
    for value in (expires_at, issued_at, not_before):
        # A bool is an int to Python, a float is no promise to the second.
        if type(value) is not int or not 0 <= value <= _TIMESTAMP_MAX:
            raise InvalidToken("a time is no whole number of seconds")
    present = now.timestamp()
    if expires_at <= present:
        raise InvalidToken("expired")
    if max(issued_at, not_before) > present + LEEWAY_SECONDS:
        raise InvalidToken("not yet valid")
    if expires_at - issued_at > LIFETIME_MAX_SECONDS:
        raise InvalidToken("lives too long")
