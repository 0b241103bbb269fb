"""Services of other people verify our tokens with libraries of other people.

PyJWT and joserfc in Python, jose in Node: each is given an issuer and an audience and nothing else
of ours, and reads discovery and keys over HTTP.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import joserfc.errors
import joserfc.jwk
import joserfc.jwt
import jwt
import playwright
import pytest

from tests.conftest import missing
from tests.integration.identity.forging import with_flipped_bit
from tests.journeys.driver import PASSWORD, Journey
from tests.journeys.running import running_product

NODE = Path(playwright.__file__).parent / "driver" / "node"
NODE_JOSE = Path("/usr/share/nodejs/jose")
SCRIPT = Path(__file__).with_name("verify_token.cjs")
COMMAND_SECONDS_MAX = 30


@dataclass(frozen=True)
class Shown:
    """A token, and whose and for whom it should be."""

    issuer: str
    audience: str
    token: str


Claims = dict[str, Any] | None
Verifier = Callable[[Shown], Claims]


def with_pyjwt(shown: Shown) -> Claims:
    """Verify as PyJWT's documentation says; None is a refusal."""
    document = httpx.get(f"{shown.issuer}/.well-known/openid-configuration").json()
    try:
        key = jwt.PyJWKClient(document["jwks_uri"]).get_signing_key_from_jwt(shown.token)
        claims: dict[str, Any] = jwt.decode(
            shown.token,
            key,
            algorithms=document["id_token_signing_alg_values_supported"],
            audience=shown.audience,
            issuer=document["issuer"],
            leeway=1,
        )
    except jwt.PyJWTError:
        return None
    return claims


def with_joserfc(shown: Shown) -> Claims:
    """Verify as joserfc's documentation says; None is a refusal."""
    document = httpx.get(f"{shown.issuer}/.well-known/openid-configuration").json()
    keys = joserfc.jwk.KeySet.import_key_set(httpx.get(document["jwks_uri"]).json())
    rules = joserfc.jwt.JWTClaimsRegistry(
        leeway=1,
        iss={"essential": True, "value": document["issuer"]},
        aud={"essential": True, "value": shown.audience},
        exp={"essential": True},
    )
    try:
        token = joserfc.jwt.decode(
            shown.token, keys, algorithms=document["id_token_signing_alg_values_supported"]
        )
        rules.validate(token.claims)
    except (joserfc.errors.JoseError, ValueError):
        return None
    return dict(token.claims)


def with_jose_in_node(shown: Shown) -> Claims:
    """Verify as jose's documentation says; None is a refusal."""
    if not NODE_JOSE.exists():
        missing("jose for Node", hint="install it, for example with: apt-get install node-jose")
    question = [{"issuer": shown.issuer, "audience": shown.audience, "token": shown.token}]
    answered = subprocess.run(
        [NODE, SCRIPT, NODE_JOSE],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
        check=True,
    )
    claims: Claims = json.loads(answered.stdout)[0].get("claims")
    return claims


VERIFIERS = pytest.mark.parametrize(
    "verify", [with_pyjwt, with_joserfc, with_jose_in_node], ids=lambda verify: verify.__name__[5:]
)


@dataclass(frozen=True)
class Tokens:
    """Somebody of each realm; of the end users one signed in before a rotation, one after it."""

    developer: Shown
    end_user: Shown
    after_rotation: Shown


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tokens]:
    """Serve the product, with a clock that nobody moves: these libraries ask the machine's."""
    with running_product(tmp_path_factory.mktemp("verifiers")) as running:
        issuers = f"{running.base_url}/realms"

        async def sign_in() -> Tokens:
            journey = Journey(running.base_url)
            developer = await journey.sign_up()
            platform_id = (await journey.me(developer))["testPlatformId"]
            before = await _join(journey, platform_id, "ada")
            await asyncio.to_thread(_rotate, running.data_dir)
            after = await _join(journey, platform_id, "eve")
            await journey.close()
            return Tokens(
                Shown(f"{issuers}/developers", "dream-api", developer.token),
                Shown(f"{issuers}/{platform_id}", platform_id, before),
                Shown(f"{issuers}/{platform_id}", platform_id, after),
            )

        yield asyncio.run(sign_in())


def _rotate(data_dir: Path) -> None:
    """Change the signing keys beside the running server, as an operator does."""
    command = [sys.executable, "-m", "dream_api", "identity", "rotate", "--data", str(data_dir)]
    subprocess.run(command, check=True, capture_output=True, timeout=COMMAND_SECONDS_MAX)


async def _join(journey: Journey, platform_id: str, name: str) -> str:
    key, email = {"X-Publishable-Key": platform_id}, f"{name}@example.com"
    newcomer = {"email": email, "password": PASSWORD}
    await journey.http.post("/v1/auth/sign-up", json=newcomer, headers=key)
    proof = {"email": email, "code": await journey.code_for(email)}
    answer = await journey.http.post("/v1/auth/verify", json=proof, headers=key)
    return str(answer.json()["token"])


@VERIFIERS
def test_it_takes_a_token_of_either_realm(tokens: Tokens, verify: Verifier) -> None:
    """The issuer's address is all that has to be configured."""
    developer, end_user = verify(tokens.developer), verify(tokens.end_user)

    assert developer is not None
    assert end_user is not None
    assert ("free", None) == (developer["plan"], developer["platformId"])
    assert tokens.end_user.audience == end_user["platformId"] == end_user["aud"]


@VERIFIERS
def test_it_refuses_what_was_not_made_for_it(tokens: Tokens, verify: Verifier) -> None:
    """Another realm's token, another audience, and one changed bit in each part."""
    user, developer = tokens.end_user, tokens.developer
    strange = [
        replace(user, token=developer.token),
        replace(developer, token=user.token),
        replace(user, audience="dream-api"),
        *(replace(user, token=with_flipped_bit(user.token, part)) for part in range(3)),
    ]

    assert [None] * len(strange) == [verify(shown) for shown in strange]


@VERIFIERS
def test_it_follows_a_rotation_of_the_keys(tokens: Tokens, verify: Verifier) -> None:
    """After `dream-api identity rotate` old and new tokens are good, by different keys."""
    old, new = tokens.end_user, tokens.after_rotation
    key_ids = {jwt.get_unverified_header(shown.token)["kid"] for shown in (old, new)}

    assert 2 == len(key_ids)
    assert verify(old) is not None
    assert verify(new) is not None
