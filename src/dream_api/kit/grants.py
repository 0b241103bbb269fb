"""Console grants: what lets the developers' door have one change done by the customers' door.

A grant is an HS256 token for one request: it names the verb, the platform and the SHA-256 of the
body, lives for a minute and is used once. The two services share its key through the master key,
so neither has to read the other world's store or to ask it over the network.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from dream_api.kit import signed_tokens
from dream_api.kit.signed_tokens import InvalidToken, TokenKind

AUDIENCE = "dream-api:console"
LIFETIME_SECONDS = 60
ALGORITHM = "HS256"
GRANT_TYPE = "console-grant+jwt"
GRANT_CHARACTERS_MAX = 2_048
_KIND = TokenKind(
    ALGORITHM,
    frozenset({GRANT_TYPE}),
    ("exp", "iat", "nbf", "iss", "sub", "aud", "jti"),
    GRANT_CHARACTERS_MAX,
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a grant is for: a grant for one request opens no other."""

    verb: str
    platform_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant that was verified; whoever uses it notes its id until it is over."""

    grant_id: str
    expires_at: datetime


def sign_grant(request: Request, keys: Mapping[str, bytes], *, issuer: str, now: datetime) -> str:
    """Sign a grant with the first key."""
    key_id = next(iter(keys))
    issued_at = int(now.timestamp())
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + LIFETIME_SECONDS,
        "jti": secrets.token_urlsafe(16),
        **_bound(request),
    }
    headers = {"typ": GRANT_TYPE, "kid": key_id}
    return jwt.encode(claims, keys[key_id], algorithm=ALGORITHM, headers=headers)


def verify_grant(
    token: str, request: Request, keys: Mapping[str, bytes], *, issuer: str, now: datetime
) -> Grant:
    """Check a grant against the request that carries it.

    Raises:
        InvalidToken: unsigned, of another key, audience, issuer, verb, platform or body, or over;
            the reason is for logs, not for callers.
    """
    key = keys.get(signed_tokens.read_key_id(token, _KIND))
    if key is None:
        raise InvalidToken("unknown key")
    claims = signed_tokens.decode(token, key, _KIND, issuer=issuer, audience=AUDIENCE)
    signed_tokens.check_times(claims, now)
    if claims["exp"] - claims["iat"] > LIFETIME_SECONDS:
        raise InvalidToken("lives too long")
    expected: dict[str, Any] = _bound(request)
    if any(claims.get(name) != value for name, value in expected.items()):
        raise InvalidToken("for another request")
    return Grant(str(claims["jti"]), datetime.fromtimestamp(claims["exp"], UTC))


def _bound(request: Request) -> dict[str, str]:
    return {
        "sub": request.platform_id,
        "platformId": request.platform_id,
        "verb": request.verb,
        "bodySha256": hashlib.sha256(request.body).hexdigest(),
    }
