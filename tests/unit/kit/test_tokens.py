"""The verifier trusts nothing that stands in a token."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from dream_api.kit import tokens
from dream_api.kit.signed_tokens import InvalidToken
from dream_api.kit.tokens import SigningKey

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW_SECONDS = int(NOW.timestamp())
KEY = tokens.new_signing_key()
ISSUER, AUDIENCE = "https://dream.example/realms/pk_test_drm_A", "pk_test_drm_A"


def _claims(**changes: Any) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "usr_1",
        "jti": "1",
        "sid": "ses_1",
    }
    claims |= {"iat": NOW_SECONDS, "nbf": NOW_SECONDS, "exp": NOW_SECONDS + 300}
    return {name: value for name, value in (claims | changes).items() if value is not None}


def _sign(claims: dict[str, Any], key: SigningKey = KEY, **headers: Any) -> str:
    return jwt.encode(
        claims,
        jwt.PyJWK.from_json(key.private_jwk, "ES256"),
        algorithm="ES256",
        headers={"typ": "at+jwt", "kid": key.key_id, **headers},
    )


def _by_hand(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    segments = [json.dumps(part).encode() for part in (header, claims)]
    return ".".join(_encode(segment) for segment in [*segments, signature])


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _check(token: str, *, now: datetime = NOW, audience: str = AUDIENCE) -> dict[str, Any]:
    assert tokens.read_key_id(token) == KEY.key_id
    return tokens.verify(token, KEY.public_jwk, issuer=ISSUER, audience=audience, now=now)


def test_our_own_token_passes() -> None:
    """With all its claims."""
    claims = _claims()
    token = tokens.sign(claims, key_id=KEY.key_id, private_jwk=KEY.private_jwk)

    assert claims == _check(token)
    assert "at+jwt" == jwt.get_unverified_header(token)["typ"]


def test_the_key_id_is_the_thumbprint() -> None:
    """RFC 7638: SHA-256 of the required members in order."""
    members = {name: KEY.public_jwk[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()

    assert KEY.key_id == _encode(digest)


@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "iss", "aud", "sub", "jti", "sid"])
def test_a_missing_claim_is_refused(name: str) -> None:
    """Also the ones that libraries take for optional."""
    with pytest.raises(InvalidToken):
        _check(_sign(_claims(**{name: None})))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": ISSUER + "/"},
        {"iss": "https://evil.example"},
        {"aud": "pk_test_drm_B"},
        {"aud": [AUDIENCE]},
        {"aud": [AUDIENCE, "pk_test_drm_B"]},
        {"sub": 1},
        {"sid": 1},
        {"jti": 1},
        {"exp": NOW_SECONDS},
        {"exp": NOW_SECONDS + 3_601},
        {"exp": str(NOW_SECONDS + 300)},
        {"exp": NOW_SECONDS + 300.5},
        {"exp": True},
        {"exp": -1},
        {"exp": 10**30},
        {"nbf": NOW_SECONDS + 6},
        {"iat": NOW_SECONDS + 6},
        {"iat": "now"},
    ],
    ids=str,
)
def test_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    """Exactly our issuer, exactly our audience, and times that are times."""
    with pytest.raises(InvalidToken):
        _check(_sign(_claims(**changes)))


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "HS256", "ES384", "RS256", "", None, 1], ids=repr
)
def test_another_algorithm_is_refused(alg: object) -> None:
    """In any spelling, with any signature."""
    header = {"alg": alg, "typ": "at+jwt", "kid": KEY.key_id}

    with pytest.raises(InvalidToken):
        tokens.read_key_id(_by_hand(header, _claims(), b"signature"))


def test_the_public_key_is_no_shared_secret() -> None:
    """HS256 over our published key is the oldest trick."""
    public = ECAlgorithm.from_jwk(dict(KEY.public_jwk)).public_bytes(  # type: ignore[union-attr]  # It is the public half.
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    unsigned = _by_hand({"alg": "ES256", "typ": "at+jwt", "kid": KEY.key_id}, _claims())
    signed = unsigned.rstrip(".")
    signature = hmac.new(public, signed.encode(), hashlib.sha256).digest()

    with pytest.raises(InvalidToken):
        _check(f"{signed}.{_encode(signature)}")


@pytest.mark.parametrize("typ", ["JWT", "at+JWT ", "", None, ["at+jwt"]], ids=repr)
def test_another_type_of_token_is_refused(typ: object) -> None:
    """An ID token is no access token."""
    header = {"alg": "ES256", "typ": typ, "kid": KEY.key_id}

    with pytest.raises(InvalidToken):
        tokens.read_key_id(_by_hand(header, _claims(), b"signature"))


@pytest.mark.parametrize(
    "kid",
    ["k" * 10_000, "k" * 65, ["a"], {"a": 1}, None, 1, True],
    ids=lambda kid: repr(kid)[:70][-10:],
)
def test_a_hostile_key_id_is_refused(kid: object) -> None:
    """It is looked up as text of ours, so it has to be short and to be text."""
    header = {"alg": "ES256", "typ": "at+jwt", "kid": kid}

    with pytest.raises(InvalidToken):
        tokens.read_key_id(_by_hand(header, _claims(), b"signature"))


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk"])
def test_keys_that_a_token_brings_along_are_ignored(name: str) -> None:
    """Neither fetched nor believed."""
    stranger = tokens.new_signing_key()
    brought = stranger.public_jwk if name == "jwk" else "http://127.0.0.1:9/jwks.json"
    token = _sign(_claims(), stranger, kid=KEY.key_id, **{name: brought})

    with pytest.raises(InvalidToken):
        _check(token)


def test_every_flipped_bit_is_noticed() -> None:
    """In header, payload and signature, the unused bits of the last character included."""
    token = _sign(_claims())
    accepted = []
    for position, character in enumerate(token):
        for bit in range(7):
            changed = chr(ord(character) ^ (1 << bit))
            forged = token[:position] + changed + token[position + 1 :]
            try:
                accepted.append((position, bit, _check(forged)))
            except (InvalidToken, AssertionError):
                continue

    assert [] == accepted


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "é.é.é",
        "x" * 5_000,
        _encode(b"[" * 2_000) + ".e30.AA",
        _encode(b"[]") + ".e30.AA",
        _encode(b"\xff\xfe") + ".e30.AA",
        _encode(b'{"alg": "ES256"') + ".e30.AA",
    ],
    ids=lambda token: f"{token[:9]!r}, {len(token)}",
)
def test_garbage_is_refused(token: str) -> None:
    """Nothing but a refusal comes of it, however deep it is nested."""
    with pytest.raises(InvalidToken):
        tokens.read_key_id(token)
