"""Tokens that must open nothing, signed with our own keys or not, through the doors of both worlds.

Each is refused with the same 401 problem, and each test first shows that the real one works.
"""

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dream_api.gateways.clock import MovableClock
from dream_api.kit.crypto import Vault, new_master_key, parse_master_keys
from tests.integration.identity.forging import (
    by_hand,
    claims_of,
    signed_with,
    signed_with_published_key,
    stolen_key,
    with_flipped_bit,
)
from tests.integration.identity.web import Web, bearer, open_web

HOUR = 3600


@dataclass
class Scene:
    """The product, somebody who is signed in, and the keys that signed for them."""

    web: Web
    data_dir: Path
    vault: Vault
    tokens: dict[str, Any]
    world: str = "developers"
    platform_id: str | None = None
    """Whose end user it is; None for a developer."""

    async def status(self, token: str) -> int:
        """Call with a token; a refusal has one shape."""
        path = "/platform/me" if self.platform_id is None else "/v1/me"
        headers = bearer({"token": token}, self.platform_id)
        answer = await self.web.get(path, headers=headers)
        if answer.status_code != 200:
            assert "application/problem+json" == answer.headers["content-type"]
            assert "unauthenticated" == answer.json()["code"]
        return int(answer.status_code)

    def key(self, state: str = "active") -> tuple[str, str]:
        """Give one of the signing keys of this world."""
        return stolen_key(self.data_dir, self.vault, self.world, state)

    def other_worlds_key(self) -> tuple[str, str]:
        """Give the active signing key of the other world."""
        other = "customers" if self.world == "developers" else "developers"
        return stolen_key(self.data_dir, self.vault, other, "active")

    async def join(self, email: str) -> dict[str, Any]:
        """Sign one more person up in the same population."""
        if self.platform_id is None:
            return await self.web.join(email)
        return await self.web.join_app(self.platform_id, email)

    @property
    def claims(self) -> dict[str, Any]:
        """What the person's real token says."""
        return claims_of(self.tokens["token"])


@pytest.fixture(params=["developers", "customers"])
async def scene(
    request: pytest.FixtureRequest, data_dir: Path, clock: MovableClock
) -> AsyncIterator[Scene]:
    """Open the product and sign somebody in: a developer, or an end user of one platform."""
    master_key = new_master_key()
    async with open_web(data_dir, clock, master_key=master_key) as web:
        vault = Vault(parse_master_keys(master_key))
        scene = Scene(web, data_dir, vault, {}, str(request.param))
        scene.platform_id = None if scene.world == "developers" else await web.test_platform()
        scene.tokens = await scene.join("ada@example.com")
        yield scene


async def test_our_own_key_signs_what_we_would_sign(scene: Scene) -> None:
    """The forger of these tests works: an unchanged copy passes."""
    assert 200 == await scene.status(signed_with(scene.key(), scene.claims))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": 0},
        {"exp": -1},
        {"exp": 10**30},
        {"exp": "2030-01-01"},
        {"exp": 1.5},
        {"iss": "https://evil.example/realms/developers"},
        {"iss": None},
        {"aud": "dream-api "},
        {"aud": "pk_live_drm_x"},
        {"aud": ["dream-api", "pk_live_drm_x"]},
        {"sid": None},
        {"sid": "ses_unknown"},
        {"sid": ["a"]},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_wrong_claim_opens_nothing(scene: Scene, changes: dict[str, Any]) -> None:
    """Issuer, audience, times, session and subject are what we write, exactly."""
    changed = {**scene.claims, **changes}
    claims = {name: value for name, value in changed.items() if value is not None}

    assert 401 == await scene.status(signed_with(scene.key(), claims))


async def test_a_token_that_claims_to_live_for_days_is_not_ours(scene: Scene) -> None:
    """Whatever expiry is signed, we make none of more than an hour."""
    claims = {**scene.claims, "exp": scene.claims["iat"] + HOUR + 1}

    assert 401 == await scene.status(signed_with(scene.key(), claims))


async def test_a_session_is_one_persons(scene: Scene) -> None:
    """Another person's session does not carry one's own name, nor the reverse."""
    other = claims_of((await scene.join("eve@example.com"))["token"])
    mixed = [
        {**scene.claims, "sub": other["sub"], "userId": other["sub"]},
        {**scene.claims, "sid": other["sid"]},
    ]

    assert [401, 401] == [await scene.status(signed_with(scene.key(), one)) for one in mixed]


async def test_a_key_that_does_not_sign_yet_verifies_nothing(scene: Scene) -> None:
    """The next key is published in advance; nothing signed with it is ours before its time."""
    assert 401 == await scene.status(signed_with(scene.key("next"), scene.claims))


async def test_the_other_worlds_key_verifies_nothing(scene: Scene) -> None:
    """Two realms, two key sets: the end users' key signs no developer in."""
    assert 401 == await scene.status(signed_with(scene.other_worlds_key(), scene.claims))


async def test_no_algorithm_and_no_secret_of_a_stranger(scene: Scene) -> None:
    """Unsigned, signed with our published key as a secret, of another type, or changed."""
    key_id, _ = scene.key()
    published = (
        await scene.web.get(f"/realms/{scene.platform_id or 'developers'}/.well-known/jwks.json")
    ).json()["keys"]
    jwk = next(key for key in published if key["kid"] == key_id)
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key_id}
    real = scene.tokens["token"]
    forged = [
        *(
            by_hand({**header, "alg": alg}, scene.claims, b"") + ""
            for alg in ("none", "NONE", "nOnE")
        ),
        by_hand({**header, "alg": "none"}, scene.claims),
        signed_with_published_key(jwk, scene.claims),
        by_hand(header, scene.claims),
        by_hand({**header, "typ": "JWT"}, scene.claims),
        real.rpartition(".")[0] + ".",
        *(with_flipped_bit(real, part) for part in range(3)),
    ]

    assert 200 == await scene.status(real)
    assert {401} == {await scene.status(token) for token in forged}


@pytest.mark.parametrize(
    "key_id",
    [
        "../../../etc/passwd",
        "' OR '1'='1",
        "x\u0000y",
        "k" * 3_000,
        ["a"],
        {"a": 1},
        None,
        True,
        "",
    ],
    ids=lambda value: repr(value)[:20],
)
async def test_a_hostile_key_id_is_a_refusal(scene: Scene, key_id: Any) -> None:
    """A path, SQL, a NUL, an endless one, or no text at all."""
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key_id}

    assert 401 == await scene.status(by_hand(header, scene.claims)[:4_000])


async def test_nobody_fetches_a_key_that_a_token_names(scene: Scene) -> None:
    """jku, x5u and jwk are not read: the attacker's server is never asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/keys"
        for extra in ({"jku": url}, {"x5u": url}, {"jwk": {"kty": "EC"}}, {"x5c": [url]}):
            header = {"alg": "ES256", "typ": "at+jwt", "kid": "unknown", **extra}
            assert 401 == await scene.status(by_hand(header, scene.claims))
        with pytest.raises(BlockingIOError):
            server.accept()


async def test_a_deleted_persons_token_dies_with_them(scene: Scene) -> None:
    """The access token would live for minutes more; neither it nor its refresh token opens."""
    headers = bearer(scene.tokens, scene.platform_id)
    at = "/platform" if scene.platform_id is None else "/v1/auth"
    assert 204 == (await scene.web.delete(f"{at}/me", headers=headers)).status_code

    refresh = {"refreshToken": scene.tokens["refreshToken"]}
    again = await scene.web.post(f"{at}/refresh", refresh, headers=headers)
    assert 401 == await scene.status(scene.tokens["token"])
    assert 401 == again.status_code
