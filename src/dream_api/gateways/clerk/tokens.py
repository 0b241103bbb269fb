"""Tokens that Clerk has signed: verified by ourselves, against a key, an issuer and a moment.

Clerk's own SDK accepts a foreign issuer, no expiry and a pending sign-in, so it is not used here.
Both kinds of tokens are read: the session token, whose claims docs/guides/clerk.md lists, and one
of a JWT template with ``userId``, ``platformId`` and ``plan``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dream_api.gateways.clerk.model import USER_ID
from dream_api.kit import signed_tokens
from dream_api.kit.keys import is_well_formed
from dream_api.kit.signed_tokens import InvalidToken, TokenKind

ALGORITHM = "RS256"
TOKEN_CHARACTERS_MAX = 8_192
"""Clerk keeps a session token below 4 KB, since it is a cookie; templates may be larger."""
_KIND = TokenKind(
    ALGORITHM,
    frozenset({"JWT", None}),
    ("exp", "iat", "iss", "sub"),
    TOKEN_CHARACTERS_MAX,
    key_id_characters_max=128,
)
_MINUTES_MAX = 60 * 24 * 366


@dataclass(frozen=True, slots=True)
class ClerkClaims:
    """What a verified token says.

    Attributes:
        user_id: the subject.
        session_id: Clerk's session; templates leave it out.
        platform_id: a well-formed publishable key, or None where there is no such claim.
        authorized_party: the origin that asked for the token; may be left out.
        audiences: whom it is for; empty where it says nothing.
        verified_at: when the person last proved the first factor; None where it says nothing.
        is_impersonated: somebody of Clerk's dashboard acts for the person.
    """

    user_id: str
    session_id: str | None
    platform_id: str | None
    authorized_party: str | None
    audiences: tuple[str, ...]
    verified_at: datetime | None
    is_impersonated: bool


def read_key_id(token: str) -> str:
    """Read which of Clerk's keys a token claims to be signed with. Nothing is verified yet.

    Raises:
        InvalidToken: not a compact RS256 token with a plain key id.
    """
    return signed_tokens.read_key_id(token, _KIND)


def verify(token: str, jwk: Mapping[str, Any], *, issuer: str, now: datetime) -> ClerkClaims:
    """Check signature, issuer, times and status; give what the token says.

    Call ``read_key_id`` first. Whether party, audience and platform are the right ones is for the
    realm to say.

    Raises:
        InvalidToken: whatever is wrong; the reason is for logs, not for callers.
    """
    claims = signed_tokens.decode(token, jwk, _KIND, issuer=issuer, audience=None)
    signed_tokens.check_times({"nbf": claims["iat"], **claims}, now)
    if claims.get("sts", "active") != "active":
        raise InvalidToken("the sign-in is not complete")
    user_id = claims["sub"]
    if not isinstance(user_id, str) or USER_ID.fullmatch(user_id) is None:
        raise InvalidToken("not a user")
    if _meant(claims.get("userId")) not in (None, user_id):
        raise InvalidToken("two users")
    return ClerkClaims(
        user_id,
        _meant(claims.get("sid")),
        _platform_id(claims.get("platformId")),
        _meant(claims.get("azp")),
        _audiences(claims.get("aud")),
        _verified_at(claims),
        claims.get("act") is not None,
    )


def _platform_id(value: Any) -> str | None:
    """Read the claim; a placeholder that Clerk did not fill in says nothing.

    Raises:
        InvalidToken: it says something that is no publishable key.
    """
    meant = _meant(value)
    if meant is not None and not is_well_formed(meant, "pk"):
        raise InvalidToken("not a platform")
    return meant


def _meant(value: Any) -> str | None:
    """Give a text; missing metadata comes as null, as nothing, or as the template's own words."""
    if value is None or value == "" or (isinstance(value, str) and value.startswith("{{")):
        return None
    if not isinstance(value, str):
        raise InvalidToken("a claim is no text")
    return value


def _audiences(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    return tuple(str(audience) for audience in found if audience)


def _verified_at(claims: Mapping[str, Any]) -> datetime | None:
    """Read ``fva``: minutes since the first factor was proven, and since the second was."""
    ages = claims.get("fva")
    if not isinstance(ages, list) or not ages or type(ages[0]) is not int:
        return None
    if not 0 <= ages[0] <= _MINUTES_MAX:
        return None
    return datetime.fromtimestamp(claims["iat"], UTC) - timedelta(minutes=ages[0])
