"""Cross-origin calls: browsers of a developer's app, by exact origin, with a publishable key.

A preflight carries no key, so it is answered for any origin; the call itself is refused with 403
unless its origin is allowed by the platform it names. Nothing here ever allows credentials, and
a secret key is served without CORS headers: it has no place in a browser.
"""

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dream_api.customers.platforms import Platforms
from dream_api.kit.keys import is_well_formed, mode_of
from dream_api.services.http.errors import OriginNotAllowed
from dream_api.services.http.settings import DoorSettings

PREFLIGHT_SECONDS = 600

_KEYED_PREFIX = "/v1/"
_PUBLIC_PREFIXES = ("/embed/",)
_EXPOSED = b"RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, Idempotency-Replayed"
_METHODS = "GET, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = "authorization, content-type, idempotency-key, x-publishable-key"


class Cors:
    """Pure ASGI middleware around data plane and FastAPI."""

    def __init__(self, app: ASGIApp, *, settings: DoorSettings, platforms: Platforms) -> None:
        self._app = app
        self._settings = settings
        self._platforms = platforms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        origin = _header(scope, b"origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
        elif scope["path"].startswith(_PUBLIC_PREFIXES):
            await self._app(scope, receive, _allowing(send, "*"))
        elif not scope["path"].startswith(_KEYED_PREFIX) or self._is_ours(origin):
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await _preflight(origin)(scope, receive, send)
        else:
            await self._keyed(scope, receive, send, origin)

    async def _keyed(self, scope: Scope, receive: Receive, send: Send, origin: str) -> None:
        key = _header(scope, b"x-publishable-key")
        if key is None or not is_well_formed(key, "pk") or _shows_secret_key(scope):
            await self._app(scope, receive, send)  # Without CORS headers no page reads the answer.
            return
        if not await self._is_allowed(key, origin):
            raise OriginNotAllowed(
                "Add this page's exact origin to allowedOrigins in the platform's settings."
            )
        await self._app(scope, receive, _allowing(send, origin))

    async def _is_allowed(self, platform_id: str, origin: str) -> bool:
        settings = await self._platforms.settings(platform_id)
        return settings.allows_origin(origin, mode_of(platform_id))

    def _is_ours(self, origin: str) -> bool:
        return origin.lower() == self._settings.public_origin


def _shows_secret_key(scope: Scope) -> bool:
    """Tell whether a secret key signs the request, which has no place in a browser."""
    _, _, credential = (_header(scope, b"authorization") or "").partition(" ")
    return credential.strip().startswith("sk_")


def _header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            return str(value.decode("latin-1"))
    return None


def _preflight(origin: str) -> Response:
    if origin == "null":
        return Response(status_code=204, headers={"Vary": "Origin"})
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _REQUEST_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    return Response(status_code=204, headers=headers)


def _allowing(send: Send, origin: str) -> Send:
    """Let a page of *origin* read the answer."""
    extra = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    ]

    names = {name for name, _ in extra[:2]}  # Twice the same header would allow nobody.

    async def allowed(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in names]
            message["headers"] = kept + extra
        await send(message)

    return allowed
