"""How each operation is called, by whomever: a body that its owner would succeed with.

Every call names our platform's data: our end user, our key, our tier, our session. What is used up
by a call (a code, a session, a spare user) is made anew for each.
"""

import base64
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.contract.access_cast import APP, SPARE, VERIFIER, Cast, Person
from tests.journeys.driver import FREE, PASSWORD, PRO

OWNERS = frozenset({"sk", "dev"})
"""Who succeeds on end users of ours: they get a spare one, since some calls erase it."""
WITHOUT_PUBLISHABLE_KEY = frozenset(
    {"nobody", "sk", "sk-test", "sk-theirs", "sk-expired", "sk-revoked"}
    | {"dev", "dev-theirs", "dev-expired", "dev-revoked"}
)
ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
RETURNS = {"successUrl": f"{APP}/ok", "cancelUrl": f"{APP}/no"}
TIER = {"displayName": "Made", "priceCents": 500, "limit": 5}


@dataclass
class Call:
    """One request, without its credential."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """One kind of caller at one operation."""

    cast: Cast
    kind: str

    async def user_id(self) -> str:
        """Name an end user: one's own, a spare one for who may erase it, else the target."""
        if self.kind == "user":
            return self.cast.user.user_id
        if self.kind not in OWNERS:
            return self.cast.target.user_id
        user_id = f"spare-{secrets.token_hex(4)}"
        ours = self.cast.ours
        await self.cast.ask("POST", "/v1/customers", ours.secret, json={"userId": user_id})
        return user_id

    def somebody(self) -> Person:
        """Choose whose own credentials are shown: they work for whoever has them."""
        return self.cast.user_other if self.kind == "user-other" else self.cast.target

    def buyer_id(self) -> str:
        """Name who buys: one's own, else the target, who has a subscription."""
        return (self.cast.user if self.kind == "user" else self.cast.target).user_id


Body = Callable[[Attempt], Awaitable[Any]]


def always(body: Any) -> Body:
    """Send the same each time."""

    async def make(_: Attempt) -> Any:
        return body

    return make


async def _somebody(attempt: Attempt) -> Any:
    return {"userId": await attempt.user_id()}


async def _adjustment(attempt: Attempt) -> Any:
    return {"userId": await attempt.user_id(), "amount": 1, "reason": "goodwill"}


async def _new_customer(_: Attempt) -> Any:
    return {"userId": f"new-{secrets.token_hex(4)}"}


async def _checkout(attempt: Attempt) -> Any:
    return {"userId": attempt.buyer_id(), "tier": "pro", **RETURNS}


async def _change_plan(attempt: Attempt) -> Any:
    return {"userId": attempt.buyer_id(), "tier": "spare", "preview": True}


async def _portal(attempt: Attempt) -> Any:
    return {"userId": attempt.buyer_id(), "returnUrl": f"{APP}/back"}


async def _address(attempt: Attempt) -> Any:
    return {"email": await attempt.cast.new_email()}


async def _newcomer(attempt: Attempt) -> Any:
    return {"email": await attempt.cast.new_email(), "password": PASSWORD}


async def _known(attempt: Attempt) -> Any:
    return {"email": attempt.somebody().email, "password": PASSWORD}


async def _known_developer(attempt: Attempt) -> Any:
    return {"email": attempt.cast.theirs.email, "password": PASSWORD}


async def _sign_up_code(attempt: Attempt) -> Any:
    return await attempt.cast.begin_sign_up(attempt.cast.ours.platform_id)


async def _developer_sign_up_code(attempt: Attempt) -> Any:
    newcomer = await _newcomer(attempt)
    await attempt.cast.ask("POST", "/platform/sign-up", {}, json=newcomer)
    code = await attempt.cast.journey.code_for(newcomer["email"])
    return {"email": newcomer["email"], "code": code}


async def _refresh(attempt: Attempt) -> Any:
    found = await attempt.cast.sign_in(attempt.somebody())
    return {"refreshToken": found["refreshToken"]}


async def _developer_refresh(attempt: Attempt) -> Any:
    found = await attempt.cast.sign_in_developer(attempt.cast.theirs)
    return {"refreshToken": found["refreshToken"]}


async def _app_code(attempt: Attempt) -> Any:
    code = await attempt.cast.authorization_code(attempt.somebody())
    return {"code": code, "codeVerifier": VERIFIER}


async def _reset(attempt: Attempt) -> Any:
    person = await attempt.cast.new_person(attempt.cast.ours.platform_id)
    forgot = {"email": person.email}
    await attempt.cast.ask("POST", "/v1/auth/password/forgot", person.key, json=forgot)
    code = await attempt.cast.journey.code_for(person.email)
    return {"email": person.email, "code": code, "password": PASSWORD}


async def _developer_reset(attempt: Attempt) -> Any:
    developer = await attempt.cast.journey.sign_up()
    forgot = {"email": developer.email}
    await attempt.cast.ask("POST", "/platform/password/forgot", {}, json=forgot)
    code = await attempt.cast.journey.code_for(developer.email)
    return {"email": developer.email, "code": code, "password": PASSWORD}


async def _new_tier(_: Attempt) -> Any:
    return {"name": f"t{secrets.token_hex(4)}", **TIER}


_SAME_PASSWORD = always({"currentPassword": PASSWORD, "newPassword": PASSWORD})

BODIES: dict[str, Body] = {
    "POST /oauth/disconnect": always({}),
    "POST /platform/billing-portal": always({}),
    "PUT /platform/branding": always({"appName": "Acme", "color": "#3355ff"}),
    "POST /platform/create-checkout": always({}),
    "POST /platform/create-products": always({"tiers": [FREE, PRO, SPARE]}),
    "PATCH /platform/dashboard/users/{userId}": always({"blocked": True}),
    "POST /platform/dashboard/users/{userId}/usage/adjust": always(
        {"amount": 1, "reason": "goodwill"}
    ),
    "POST /platform/email/change": _address,
    "POST /platform/keys": always({"name": "Another"}),
    "POST /platform/keys/rotate": always({"overlapSeconds": 3600}),
    "POST /platform/keys/{keyId}/rotate": always({"overlapSeconds": 0}),
    "POST /platform/password/change": _SAME_PASSWORD,
    "POST /platform/password/forgot": _address,
    "POST /platform/password/reset": _developer_reset,
    "POST /platform/refresh": _developer_refresh,
    "PUT /platform/settings": always({"redirectUrls": [f"{APP}/callback"]}),
    "POST /platform/sign-in": _known_developer,
    "POST /platform/sign-out": always({}),
    "POST /platform/sign-up": _newcomer,
    "POST /platform/tiers": _new_tier,
    "PUT /platform/tiers/{name}": always(SPARE),
    "POST /platform/verify-email": _developer_sign_up_code,
    "POST /v1/auth/email/change": _address,
    "POST /v1/auth/password/change": _SAME_PASSWORD,
    "POST /v1/auth/password/forgot": _address,
    "POST /v1/auth/password/reset": _reset,
    "POST /v1/auth/refresh": _refresh,
    "POST /v1/auth/sign-in": _known,
    "POST /v1/auth/sign-out": always({}),
    "POST /v1/auth/sign-up": _newcomer,
    "POST /v1/auth/token": _app_code,
    "POST /v1/auth/verify": _sign_up_code,
    "POST /v1/change-plan": _change_plan,
    "POST /v1/check": _somebody,
    "POST /v1/checkout": _checkout,
    "POST /v1/customers": _new_customer,
    "PATCH /v1/customers/{userId}": always({"name": "Grace"}),
    "POST /v1/portal": _portal,
    "POST /v1/track": _somebody,
    "POST /v1/track/batch": always({"events": [{"userId": "batched"}]}),
    "POST /v1/usage/adjust": _adjustment,
}


async def prepare(operation: str, attempt: Attempt) -> Call:
    """Make the request of one attempt, with everything that it needs to exist."""
    method, path = operation.split()
    call = Call(method, path)
    for name in re.findall(r"\{(\w+)\}", path):
        value = await _path_value(name, path, attempt)
        call.path = call.path.replace("{" + name + "}", value)
    if path.startswith("/v1/auth/") and attempt.kind in WITHOUT_PUBLISHABLE_KEY:
        call.sent = {"json": {}}  # Refused before anybody reads it.
    elif operation in BODIES:
        call.sent = {"json": await BODIES[operation](attempt)}
    if operation == "PUT /platform/branding/logo":
        call.headers, call.sent = {"Content-Type": "image/png"}, {"content": ONE_PIXEL}
    if operation == "GET /oauth/callback":
        call.query = await attempt.cast.new_state()
    if operation == "GET /v1/usage":
        call.query = {"userId": await attempt.user_id()}
    return call


async def _path_value(name: str, path: str, attempt: Attempt) -> str:
    """Name something of ours: what its owner may end is made anew for the owner."""
    cast = attempt.cast
    if name == "userId":
        return await attempt.user_id()
    if name == "keyId" and attempt.kind == "dev":
        return str((await cast.new_key())["id"])
    if name == "id" and path.startswith("/platform/"):
        is_owner = attempt.kind == "dev"
        return await cast.new_session() if is_owner else cast.session_id
    if name == "id":
        is_owner = attempt.kind == "user"
        return await cast.new_session_of(cast.user) if is_owner else cast.target_session_id
    standing = {
        "eventId": cast.event_id,
        "keyId": cast.key_id,
        "name": "spare",
        "platformId": cast.ours.platform_id,
    }
    return standing[name]
