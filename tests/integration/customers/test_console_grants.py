"""``/v1/console``: one grant opens one request, once, for a minute, on one platform."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import jwt
import pytest

from dream_api.kit.crypto import Vault, new_master_key, parse_master_keys
from dream_api.kit.grants import AUDIENCE, LIFETIME_SECONDS, Request, sign_grant
from dream_api.kit.keys import Mode, issue_key
from tests.integration.customers.door import Door

ISSUER = "http://localhost:8787"
VERB = "change-user"


class Caller:
    """front-auth-api as it would call, with a hand on everything that a forger could change."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.body = self.write(blocked=True)
        self.verb = VERB
        self.issuer = ISSUER
        self.platform_id = door.shop.platform_id
        self.keys: Mapping[str, bytes] = door.vault.grant_keys

    def write(self, **fields: Any) -> bytes:
        """Write a body about the user of the shop."""
        return json.dumps(
            {"platformId": self.door.shop.platform_id, "userId": "u_1", **fields}
        ).encode()

    def grant(self) -> str:
        """Sign a grant for what this caller says it wants."""
        wanted = Request(self.verb, self.platform_id, self.body)
        return sign_grant(wanted, self.keys, issuer=self.issuer, now=self.door.shop.clock.now())

    async def send(
        self, grant: str | None, body: bytes | None = None, verb: str = VERB
    ) -> httpx.Response:
        """Send a request with a grant."""
        headers = {"Content-Type": "application/json"}
        if grant is not None:
            headers["Authorization"] = f"Bearer {grant}"
        return await self.door.http.post(
            f"/v1/console/{verb}", content=body or self.body, headers=headers
        )

    async def is_blocked(self) -> bool:
        """Look whether the change was made."""
        user = await self.door.shop.end_users.find(self.door.shop.platform_id, "u_1")
        assert user is not None, "the fixture made it"
        return user.blocked_at is not None

    def resigned(self, **changes: Any) -> str:
        """Sign other claims with the right key, as only a thief of the master key could."""
        grant = self.grant()
        ((key_id, key),) = self.keys.items()
        claims = jwt.decode(grant, options={"verify_signature": False}) | changes
        headers = {"typ": jwt.get_unverified_header(grant)["typ"], "kid": key_id}
        return jwt.encode(claims, key, algorithm="HS256", headers=headers)


@pytest.fixture
async def caller(door: Door) -> Caller:
    """Give a caller of a shop that has one user."""
    await door.shop.end_users.create(door.shop.platform_id, "u_1")
    return Caller(door)


async def test_a_grant_has_its_one_change_made(caller: Caller) -> None:
    """What the console asked for is done, and nothing is answered that it may not see."""
    answer = await caller.send(caller.grant())

    assert (204, b"") == (answer.status_code, answer.content)
    assert await caller.is_blocked()


async def test_a_grant_is_used_once(caller: Caller) -> None:
    """Whoever repeats a request that they saw is refused, and the change is not made again."""
    grant = caller.grant()
    await caller.send(grant)

    again = await caller.send(grant)

    assert 401 == again.status_code


async def test_a_grant_is_over_after_a_minute(caller: Caller) -> None:
    """Also one that was never used."""
    grant = caller.grant()
    caller.door.shop.clock.advance(LIFETIME_SECONDS + 1)

    assert 401 == (await caller.send(grant)).status_code
    assert not await caller.is_blocked()


async def test_a_grant_for_another_body_verb_or_platform_opens_nothing(caller: Caller) -> None:
    """A grant is bound to the request that it was signed for."""
    grant = caller.grant()
    other_body = await caller.send(grant, caller.write(plan="team"))
    other_verb = await caller.send(grant, verb="erase-user", body=caller.write())
    caller.platform_id = issue_key("pk", Mode.TEST)
    other_platform = await caller.send(caller.grant())

    assert {401} == {other_body.status_code, other_verb.status_code, other_platform.status_code}
    assert not await caller.is_blocked()


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "dream-api"},
        {"aud": [AUDIENCE]},
        {"iss": "https://elsewhere.example"},
        {"exp": 4_000_000_000},
        {"sub": "pk_test_drm_of_somebody_else", "platformId": "pk_test_drm_of_somebody_else"},
    ],
    ids=["audience", "list of audiences", "issuer", "long life", "platform"],
)
async def test_a_grant_that_says_anything_else_opens_nothing(
    caller: Caller, changes: dict[str, Any]
) -> None:
    """Even under the right key: the door believes what it asked for, not what it is told."""
    assert 401 == (await caller.send(caller.resigned(**changes))).status_code
    assert not await caller.is_blocked()


async def test_keys_and_tokens_of_others_are_no_grants(caller: Caller) -> None:
    """No credential, a secret key, a grant of another master key, and one that is unsigned."""
    good = caller.grant()
    caller.keys = Vault(parse_master_keys(new_master_key())).grant_keys
    foreign = caller.grant()
    claims = jwt.decode(good, options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")
    answers = [
        await caller.send(credential)
        for credential in (None, caller.door.secret_key, foreign, unsigned, "x" * 4_000)
    ]

    assert {401} == {answer.status_code for answer in answers}
    assert {"unauthenticated"} == {answer.json()["code"] for answer in answers}
    assert not await caller.is_blocked()
