"""What every verifier of signed tokens refuses, whoever signed them and whatever they are for.

Nothing in a token chooses how it is verified: its kind does. PyJWT does the cryptography. Times
are checked here, against a moment that is given, because the product's clock can be moved.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

LIFETIME_MAX_SECONDS = 3600
"""No token that we take lives longer."""
LEEWAY_SECONDS = 5
"""How far ahead the clock of the machine that signed may be. Expiry knows no leeway."""
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_TIMESTAMP_MAX = 2**53  # What every JSON reader can hold exactly.


class InvalidToken(Exception):
    """A token of somebody else's, or one that is no longer, not yet or not here valid."""


@dataclass(frozen=True, slots=True)
class TokenKind:
    """What tokens of one kind have in common, exactly.

    Attributes:
        algorithm: the only one.
        types: what ``typ`` may say; None stands for a header without it.
        required_claims: what every one of them says.
        characters_max: how long one may be.
        key_id_characters_max: how long its ``kid`` may be.
    """

    algorithm: str
    types: frozenset[str | None]
    required_claims: tuple[str, ...]
    characters_max: int
    key_id_characters_max: int = 64


def read_key_id(token: str, kind: TokenKind) -> str:
    """Read which key a token claims to be signed with. Nothing is verified yet.

    Raises:
        InvalidToken: not a compact token of this kind with a plain key id. Headers such as
            ``jku``, ``x5u`` and ``jwk`` are never looked at.
    """
    if len(token) > kind.characters_max or _COMPACT.fullmatch(token) is None:
        raise InvalidToken("not a compact token")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise InvalidToken("unreadable header") from error
    named_type = header.get("typ")
    is_text = named_type is None or isinstance(named_type, str)
    if header.get("alg") != kind.algorithm or not is_text or named_type not in kind.types:
        raise InvalidToken("another algorithm or type")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= kind.key_id_characters_max:
        raise InvalidToken("no key id")
    return key_id


def decode(
    token: str,
    key: Mapping[str, Any] | bytes,
    kind: TokenKind,
    *,
    issuer: str,
    audience: str | None,
) -> dict[str, Any]:
    """Check the signature, that nothing is missing, and issuer and audience, all exactly.

    Call ``read_key_id`` first: it checks the form and the header, and names the key to pass. Then
    call ``check_times``.

    Args:
        token: what was shown.
        key: what its ``kid`` names: a public JWK, or a shared secret.
        kind: how it is verified.
        issuer: who must have signed it.
        audience: whom it must be for; None where the caller looks at it.

    Raises:
        InvalidToken: whatever is wrong; the reason is for logs, not for callers.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key if isinstance(key, bytes) else jwt.PyJWK.from_dict(dict(key), kind.algorithm),
            algorithms=[kind.algorithm],
            issuer=issuer,
            audience=audience,
            options={
                "require": list(kind.required_claims),
                "verify_aud": audience is not None,
                "strict_aud": audience is not None,
                # PyJWT asks the machine for the time; ours is given, see check_times.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise InvalidToken("refused") from error
    if claims["iss"] != issuer:
        raise InvalidToken("another issuer")
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
