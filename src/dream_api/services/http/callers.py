"""Who calls: the four callers of the contract, as dependencies of handlers.

**dev** is a developer (bearer token or console cookie), **sk** a secret key, **pk** a publishable
key, **user** a publishable key plus an end user's token. ``Authorization`` wins over cookies.
Whatever is wrong with a credential, the answer is the same 401.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query
from starlette.requests import Request

from dream_api.customers.metering import Metering
from dream_api.customers.platforms import Platforms
from dream_api.gateways.clock import Clock
from dream_api.kit.errors import DreamError
from dream_api.kit.keys import Mode, is_well_formed
from dream_api.services.http.cookies import developer_cookie, session_secret
from dream_api.services.http.csrf import check_same_origin
from dream_api.services.http.errors import (
    Impersonated,
    KeyMismatch,
    SecretKeyRequired,
    Unauthenticated,
)
from dream_api.services.http.logs import note
from dream_api.services.http.scopes import check_scopes
from dream_api.services.http.settings import DoorSettings
from dream_api.shared.identity import (
    DEVELOPERS_REALM_ID,
    Principal,
    Realm,
    ReauthRequired,
)

RECENT_SIGN_IN = timedelta(minutes=10)
CREDENTIAL_CHARACTERS_MAX = 4_096
_READING_METHODS = frozenset({"GET", "HEAD"})
DEVELOPERS_REALM = DEVELOPERS_REALM_ID

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """What is needed to tell who calls; ``app.py`` puts it at ``app.state.doorkeeper``.

    A process that serves one service only leaves the other world's rooms out.
    """

    settings: DoorSettings
    clock: Clock
    developers: Realm | None = None
    end_users: Realm | None = None
    metering: Metering | None = None
    platforms: Platforms | None = None


@dataclass(frozen=True, slots=True)
class DeveloperCaller:
    """A signed-in developer."""

    developer_id: str
    email: str
    name: str | None
    session_id: str
    signed_in_at: datetime
    has_cookie: bool
    """Whether the console's cookie signed the request, rather than a bearer token."""

    @property
    def scope(self) -> str:
        """Whose idempotency keys and limits these are."""
        return f"dev:{self.developer_id}"


@dataclass(frozen=True, slots=True)
class SecretKeyCaller:
    """A developer's server."""

    platform_id: str
    key_id: str
    scopes: tuple[str, ...]

    @property
    def scope(self) -> str:
        """Whose idempotency keys these are: the platform's, whichever of its keys is used."""
        return f"sk:{self.platform_id}"


@dataclass(frozen=True, slots=True)
class PublishableCaller:
    """Anybody in front of a developer's app: the key is public and says only which platform."""

    platform_id: str

    @property
    def scope(self) -> str:
        """Whose limits these are."""
        return f"pk:{self.platform_id}"


@dataclass(frozen=True, slots=True)
class EndUserCaller:
    """A signed-in end user of one platform."""

    platform_id: str
    user_id: str
    email: str
    name: str | None
    session_id: str
    signed_in_at: datetime

    @property
    def scope(self) -> str:
        """Whose idempotency keys these are."""
        return f"user:{self.platform_id}:{self.user_id}"


async def find_developer(request: Request) -> DeveloperCaller | None:
    """Find the developer behind a request, or None; pages use this to lead to sign-in.

    Raises:
        CrossSiteRequest: a cookie would have signed a change that comes from another site.
    """
    try:
        return await require_developer(request)
    except DreamError as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            return None
        raise


async def require_developer(request: Request) -> DeveloperCaller:
    """Demand a developer: bearer token first, else the console's cookie."""
    return await _once(request, "developer", _authenticate_developer)


async def require_recent_developer(request: Request) -> DeveloperCaller:
    """Demand a developer who typed the password within the last ten minutes."""
    developer = await require_developer(request)
    if developer.signed_in_at < _doorkeeper(request).clock.now() - RECENT_SIGN_IN:
        raise ReauthRequired("Sign in again, then repeat this within ten minutes.")
    return developer


async def require_secret_key(request: Request) -> SecretKeyCaller:
    """Demand a secret key whose scopes cover this route."""
    token = bearer_of(request)
    if token is not None and token.startswith("sk_"):
        return await _once(request, "secret_key", _authenticate_secret_key)
    if request.headers.get("x-publishable-key"):
        await require_publishable_key(request)
        raise SecretKeyRequired("Call this from your server, with Authorization: Bearer sk_….")
    raise _unauthenticated()


async def require_publishable_key(request: Request) -> PublishableCaller:
    """Demand a publishable key that belongs to a platform."""
    return await _once(request, "publishable", _authenticate_publishable_key)


async def require_end_user(request: Request) -> EndUserCaller:
    """Demand a publishable key plus the token of one of its end users."""
    return await _once(request, "end_user", _authenticate_end_user)


async def require_secret_key_or_end_user(request: Request) -> SecretKeyCaller | EndUserCaller:
    """Demand a server or an end user."""
    token = bearer_of(request)
    if token is not None and token.startswith("sk_"):
        return await require_secret_key(request)
    if token is None and request.headers.get("x-publishable-key"):
        return await require_secret_key(request)  # Says what is missing.
    return await require_end_user(request)


async def require_publishable_or_secret_key(
    request: Request,
) -> PublishableCaller | SecretKeyCaller:
    """Demand either key."""
    token = bearer_of(request)
    if token is not None and token.startswith("sk_"):
        return await require_secret_key(request)
    return await require_publishable_key(request)


async def caller_scope(request: Request) -> str:
    """Tell whose idempotency keys a request uses, by whichever credential its path takes."""
    if request.url.path.startswith("/platform/"):
        return (await require_developer(request)).scope
    return (await require_secret_key_or_end_user(request)).scope


async def mode_of_query(
    mode: Annotated[Mode, Query(description="Which of your two platforms.")] = Mode.LIVE,
) -> Mode:
    """Read ``?mode=live|test``; live where it is left out."""
    return mode


Developer = Annotated[DeveloperCaller, Depends(require_developer)]
RecentDeveloper = Annotated[DeveloperCaller, Depends(require_recent_developer)]
SecretKey = Annotated[SecretKeyCaller, Depends(require_secret_key)]
Publishable = Annotated[PublishableCaller, Depends(require_publishable_key)]
EndUser = Annotated[EndUserCaller, Depends(require_end_user)]
SecretKeyOrEndUser = Annotated[
    SecretKeyCaller | EndUserCaller, Depends(require_secret_key_or_end_user)
]
PublishableOrSecretKey = Annotated[
    PublishableCaller | SecretKeyCaller, Depends(require_publishable_or_secret_key)
]
ModeQuery = Annotated[Mode, Depends(mode_of_query)]


async def _authenticate_developer(request: Request) -> DeveloperCaller:
    doorkeeper = _doorkeeper(request)
    realm = doorkeeper.developers
    assert realm is not None, "a service with developers' routes has the developers' realm"
    token = bearer_of(request)
    if token is not None:
        principal = await _or_401(realm.authenticate_token(DEVELOPERS_REALM, token))
        _check_impersonation(request, principal)
        return _developer(request, principal, has_cookie=False)
    secret = session_secret(request, developer_cookie(doorkeeper.settings))
    if secret is None:
        raise _unauthenticated()
    principal = await _or_401(realm.authenticate_session(DEVELOPERS_REALM, secret))
    check_same_origin(request, doorkeeper.settings)
    return _developer(request, principal, has_cookie=True)


def _developer(request: Request, principal: Principal, *, has_cookie: bool) -> DeveloperCaller:
    note(request.scope, caller="dev", developer_id=principal.user_id)
    return DeveloperCaller(
        developer_id=principal.user_id,
        email=principal.email,
        name=principal.name,
        session_id=principal.session_id,
        signed_in_at=principal.signed_in_at,
        has_cookie=has_cookie,
    )


async def _authenticate_secret_key(request: Request) -> SecretKeyCaller:
    metering = _doorkeeper(request).metering
    assert metering is not None, "a service with routes for secret keys has metering"
    key = bearer_of(request)
    if key is None or not is_well_formed(key, "sk"):
        raise _unauthenticated()
    access = await _or_401(metering.find_access(key))
    named = request.headers.get("x-publishable-key")
    if named is not None and named != access.platform_id:
        raise KeyMismatch("Leave X-Publishable-Key out; the secret key says which platform.")
    await _gate(request, access.platform_id)
    check_scopes(access.scopes, request.method, request.url.path)
    note(request.scope, caller="sk", platform_id=access.platform_id)
    return SecretKeyCaller(access.platform_id, access.key_id, tuple(access.scopes))


async def _authenticate_publishable_key(request: Request) -> PublishableCaller:
    platforms = _doorkeeper(request).platforms
    assert platforms is not None, "a service with routes for publishable keys has platforms"
    keys = request.headers.getlist("x-publishable-key")
    if len(keys) != 1 or not is_well_formed(keys[0], "pk"):
        raise _unauthenticated()
    if not await platforms.exists(keys[0]):
        raise _unauthenticated()
    await _gate(request, keys[0])
    note(request.scope, caller="pk", platform_id=keys[0])
    return PublishableCaller(keys[0])


async def _authenticate_end_user(request: Request) -> EndUserCaller:
    publishable = await require_publishable_key(request)
    realm = _doorkeeper(request).end_users
    assert realm is not None, "a service with end users' routes has their realm"
    token = bearer_of(request)
    if token is None:
        raise _unauthenticated()
    principal = await _or_401(realm.authenticate_token(publishable.platform_id, token))
    _check_impersonation(request, principal)
    note(request.scope, caller="user", platform_id=publishable.platform_id)
    return EndUserCaller(
        platform_id=publishable.platform_id,
        user_id=principal.user_id,
        email=principal.email,
        name=principal.name,
        session_id=principal.session_id,
        signed_in_at=principal.signed_in_at,
    )


def _check_impersonation(request: Request, principal: Principal) -> None:
    """Let somebody who acts for another person look, and change nothing; either is logged."""
    if not principal.is_impersonated:
        return
    note(request.scope, impersonated=principal.user_id)
    if request.method not in _READING_METHODS:
        raise Impersonated("Ask the person themselves to do this; you may only look.")


def _doorkeeper(request: Request) -> Doorkeeper:
    doorkeeper = request.app.state.doorkeeper
    assert isinstance(doorkeeper, Doorkeeper), "app.py puts it there"
    return doorkeeper


async def _once(request: Request, name: str, authenticate: Callable[[Request], Awaitable[T]]) -> T:
    """Authenticate once a request, however many dependencies ask."""
    callers: dict[str, Any] = request.scope.setdefault("state", {}).setdefault("callers", {})
    if name not in callers:
        callers[name] = await authenticate(request)
    caller: T = callers[name]
    return caller


async def _or_401(authentication: Awaitable[T]) -> T:
    """Answer every failed authentication alike, so that nobody learns which part was wrong."""
    try:
        return await authentication
    except DreamError as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            raise _unauthenticated() from error
        raise


async def _gate(request: Request, platform_id: str) -> None:
    """Refuse the API of a platform whose developer stopped paying; pages and webhooks go on."""
    metering = _doorkeeper(request).metering
    if metering is not None and request.url.path.startswith("/v1/"):
        await metering.gate(platform_id)


def bearer_of(request: Request) -> str | None:
    """Read the bearer credential; None when there is no Authorization at all."""
    values = request.headers.getlist("authorization")
    if not values:
        return None
    scheme, _, credential = values[0].partition(" ")
    is_plain = credential.isascii() and credential.isprintable() and " " not in credential
    is_short = 0 < len(credential) <= CREDENTIAL_CHARACTERS_MAX
    if len(values) > 1 or scheme.lower() != "bearer" or not (is_plain and is_short):
        raise _unauthenticated()
    return credential


def _unauthenticated() -> Unauthenticated:
    return Unauthenticated(
        "Send a valid credential: Authorization: Bearer with a secret key or a token, and "
        "X-Publishable-Key where the route asks for one."
    )
