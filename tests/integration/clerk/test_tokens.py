"""Tokens that must not open anything, and keys that are not asked for in a loop."""

import base64
import json
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.clerk_server import KEY, OTHER_KEY
from tests.integration.clerk.conftest import Clerked

HOUR = 3600


@pytest.fixture
async def known(clerked: Clerked) -> str:
    """Give a developer who has been here before."""
    user_id, _ = await clerked.join()
    return user_id


async def status_of(clerked: Clerked, token: str) -> int:
    """Call with a token."""
    return (await clerked.get("/platform/me", token)).status_code


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"iss": None},
        {"iss": "https://clerk.evil.example"},
        {"sts": "pending"},
        {"sub": "usr_01"},
        {"sub": "user_x' OR 1=1"},
        {"sub": ["user_abc"]},
        {"userId": "user_somebodyelse"},
        {"exp": "tomorrow"},
        {"exp": -1},
        {"exp": 10**30},
        {"exp": 1.5},
        {"aud": "somebody-else"},
        {"azp": "https://evil.example"},
        {"platformId": ["pk"]},
        {"sid": 7},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_claim_opens_nothing(
    clerked: Clerked, known: str, claims: dict[str, Any]
) -> None:
    """Signed by Clerk or not: issuer, subject, status, times and party have to be right."""
    assert 401 == await status_of(clerked, clerked.developers.session_token(known, **claims))


async def test_a_token_has_its_time(clerked: Clerked, known: str) -> None:
    """Over, not yet begun, or made to live too long: refused; the clock decides, not the token."""
    now = clerked.developers.now
    token = clerked.developers.session_token(known)

    assert 200 == await status_of(clerked, token)
    for claims in (
        {"exp": now - 1},
        {"iat": now + 60, "exp": now + 120},
        {"nbf": now + 60},
        {"exp": now + HOUR + 60},
    ):
        wrong = clerked.developers.session_token(known, **claims)
        assert 401 == await status_of(clerked, wrong), claims
    clerked.advance(61)
    assert 401 == await status_of(clerked, token)


async def test_only_clerks_key_signs(clerked: Clerked, known: str) -> None:
    """Another key, no key, our idea of a shared secret, or a key that the token brings along."""
    clerk = clerked.developers
    claims = jwt.decode(clerk.session_token(known), options={"verify_signature": False})
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"kid": clerk.key_id, "typ": "JWT"}
    good = clerk.sign(claims)
    forged = [
        clerk.sign(claims, key=OTHER_KEY),
        clerk.sign(claims, key=OTHER_KEY, jku="http://127.0.0.1:9/keys"),
        clerk.sign(claims, key=OTHER_KEY, jwk={"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        clerk.sign(claims, typ="at+jwt"),
        _hmac_signed(claims, public, header),
        _unsigned(claims, {**header, "alg": "none"}),
        _unsigned(claims, {**header, "alg": "nOnE"}),
        good.rpartition(".")[0] + ".",
        *(_flipped(good, part) for part in range(3)),
    ]

    assert 200 == await status_of(clerked, good)
    assert {401} == {await status_of(clerked, token) for token in forged}


def _unsigned(claims: dict[str, Any], header: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in (header, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), ""])


def _hmac_signed(claims: dict[str, Any], secret: bytes, header: dict[str, Any]) -> str:
    unsigned = _unsigned(claims, {**header, "alg": "HS256"}).removesuffix(".")
    signature = jwt.get_algorithm_by_name("HS256").sign(unsigned.encode(), secret)
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _flipped(token: str, part: int) -> str:
    """Change one character in the middle of a part."""
    parts = token.split(".")
    middle = len(parts[part]) // 2
    other = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + other + parts[part][middle + 1 :]
    return ".".join(parts)


@pytest.mark.parametrize(
    "key_id", ["../../etc/passwd", "' OR 1=1 --", "k" * 10_000, ["a"], None, 7, ""], ids=str
)
async def test_a_hostile_key_id_is_a_refusal(clerked: Clerked, known: str, key_id: Any) -> None:
    """Whatever stands in kid, the answer is a 401."""
    claims = jwt.decode(
        clerked.developers.session_token(known), options={"verify_signature": False}
    )
    header = {"alg": "RS256", "typ": "JWT", "kid": key_id}
    token = _unsigned(claims, header) + base64.urlsafe_b64encode(b"x" * 256).decode().rstrip("=")

    answer = await clerked.get("/platform/me", token[:4096])

    assert 401 == answer.status_code


async def test_a_flood_of_unknown_keys_asks_clerk_once(clerked: Clerked, known: str) -> None:
    """Many tokens with key ids that nobody has cost Clerk a request, not one each."""
    clerk = clerked.developers
    claims = jwt.decode(clerk.session_token(known), options={"verify_signature": False})
    clerked.advance(HOUR)
    before = clerk.key_reads

    statuses = {
        await status_of(clerked, clerk.sign(claims, kid=f"ins_unknown_{number}"))
        for number in range(30)
    }

    assert {401} == statuses
    assert 1 == clerk.key_reads - before


async def test_known_keys_are_read_once_in_ten_minutes(clerked: Clerked, known: str) -> None:
    """Verification costs no request; after ten minutes the keys are read again."""
    clerk = clerked.developers
    before = clerk.key_reads
    for _ in range(5):
        assert 200 == await status_of(clerked, clerk.session_token(known))
    assert 0 == clerk.key_reads - before

    clerked.advance(11 * 60)

    assert 200 == await status_of(clerked, clerk.session_token(known))
    assert 1 == clerk.key_reads - before


async def test_while_clerk_is_away_its_keys_go_on_for_a_day(clerked: Clerked, known: str) -> None:
    """Stale keys verify; after a day without an answer nobody is let in, and nobody is refused."""
    clerked.developers.is_away = True
    clerked.advance(HOUR)
    assert 200 == await status_of(clerked, clerked.developers.session_token(known))

    clerked.advance(24 * HOUR)
    answer = await clerked.get("/platform/me", clerked.developers.session_token(known))

    assert (503, "clerk_unavailable") == (answer.status_code, answer.json()["code"])
    assert "retry-after" in answer.headers


async def test_a_rotated_key_is_found(clerked: Clerked, known: str) -> None:
    """When Clerk signs with a new key, the first token of it is accepted."""
    clerked.advance(60)
    clerked.developers.key_id += "_next"

    assert 200 == await status_of(clerked, clerked.developers.session_token(known))


async def test_a_stranger_shuts_no_new_key_out(clerked: Clerked, known: str) -> None:
    """Clerk is asked at most every ten seconds; what was not asked for is not taken for unknown."""
    clerk = clerked.developers
    claims = jwt.decode(clerk.session_token(known), options={"verify_signature": False})
    clerked.advance(60)
    assert 401 == await status_of(clerked, clerk.sign(claims, kid="ins_unknown"))
    clerk.key_id += "_next"
    too_early = await status_of(clerked, clerk.session_token(known))

    clerked.advance(11)

    assert (401, 200) == (too_early, await status_of(clerked, clerk.session_token(known)))


async def test_a_newcomer_waits_until_clerk_answers(clerked: Clerked) -> None:
    """Without a profile nobody is made: 503 first, then the very same token works."""
    await clerked.join()
    user_id = clerked.developers.add_user()
    token = clerked.developers.session_token(user_id)
    clerked.developers.is_away = True
    away: httpx.Response = await clerked.get("/platform/me", token)
    clerked.developers.is_away = False

    assert 503 == away.status_code
    assert 200 == await status_of(clerked, token)
