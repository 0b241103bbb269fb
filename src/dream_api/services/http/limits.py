"""Limits in front of every route: headers, body size, body time, media type, strict JSON.

Wraps the data plane and FastAPI alike, so that no handler ever waits for a slow body or sees an
oversized, compressed or ambiguous one.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dream_api.kit.keys import KEY_IN_TEXT
from dream_api.services.http.errors import (
    BadRequest,
    BodyTimeout,
    BodyTooLarge,
    HeadersTooLarge,
    InvalidHost,
    KeyInBody,
    KeyInUrl,
    UnsupportedMediaType,
)
from dream_api.services.http.strict_json import strict_loads

HEADER_BYTES_MAX = 32_768
HEADERS_MAX = 100
QUERY_BYTES_MAX = 8_192
JSON_BYTES_MAX = 65_536
BATCH_BYTES_MAX = 1_048_576
RAW_BYTES_MAX = 262_144
"""Webhooks and logos."""
FORM_BYTES_MAX = RAW_BYTES_MAX + JSON_BYTES_MAX
"""A page's form may carry a logo beside its fields."""
BODY_SECONDS_MAX = 5.0
DRAIN_BYTES_MAX = 16_777_216
DRAIN_SECONDS_MAX = 2.0
INLINE_BYTES_MAX = JSON_BYTES_MAX
"""Larger bodies are parsed in a thread: 1 MB costs 50 ms, which nobody else should wait for."""

JSON = frozenset({b"application/json"})
FORMS = frozenset({b"application/x-www-form-urlencoded", b"multipart/form-data"})
IMAGES = frozenset({b"image/png", b"image/jpeg", b"image/webp"})
ANY: frozenset[bytes] = frozenset()

_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SECRET_KEY_MARK = b"_drm_"
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})

PARSED_JSON = "dream_api.json"
"""Where the parsed body stands in the ASGI scope, so that nobody needs to parse it again."""


@dataclass(frozen=True, slots=True)
class BodyRule:
    """What one class of routes takes; an empty set of media types means any, unparsed."""

    bytes_max: int
    media_types: frozenset[bytes]


_BATCH = BodyRule(BATCH_BYTES_MAX, JSON)
_WEBHOOK = BodyRule(RAW_BYTES_MAX, ANY)
_LOGO = BodyRule(RAW_BYTES_MAX, IMAGES | frozenset({b"multipart/form-data"}))
_JSON = BodyRule(JSON_BYTES_MAX, JSON)
_PAGE = BodyRule(FORM_BYTES_MAX, FORMS | JSON)

_EXACT = {"/v1/track/batch": _BATCH, "/platform/branding/logo": _LOGO}
_PREFIXES = (
    ("/v1/", _JSON),
    ("/platform/webhook/", _WEBHOOK),
    ("/webhook/", _WEBHOOK),
    ("/platform/", _JSON),
    ("/oauth/", _JSON),
    ("/realms/", _JSON),
    ("/dev/", _JSON),
)


def body_rule(path: str) -> BodyRule:
    """Find what a path takes; paths that are no API are pages, which take forms."""
    exact = _EXACT.get(path)
    if exact is not None:
        return exact
    for prefix, rule in _PREFIXES:
        if path.startswith(prefix):
            return rule
    return _PAGE


class Limits:
    """Pure ASGI middleware; refusals are raised as ``DreamError`` for the entrance to answer.

    Args:
        app: what stands behind.
        loopback_only: in development, the only acceptable hosts are localhost, 127.0.0.1, [::1].
    """

    def __init__(self, app: ASGIApp, *, loopback_only: bool = False) -> None:
        self._app = app
        self._loopback_only = loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = self._checked_headers(scope)
        _check_address(scope)
        if scope["method"] not in _WITH_BODY:
            await self._app(scope, receive, send)
            return
        rule = body_rule(scope["path"])
        body = await read_body(headers, receive, rule.bytes_max)
        if body is None:
            return  # The client went away; nobody is left to answer.
        if body:
            await _check_body(scope, headers, rule, body)
        await self._app(scope, _replayed(body, receive), send)

    def _checked_headers(self, scope: Scope) -> dict[bytes, bytes]:
        pairs = scope["headers"]
        size_bytes = sum(len(name) + len(value) for name, value in pairs)
        if size_bytes > HEADER_BYTES_MAX or len(pairs) > HEADERS_MAX:
            raise HeadersTooLarge("Send fewer or shorter headers; cookies count too.")
        headers = dict(pairs)
        host = headers.get(b"host")
        if host is None:
            if scope.get("http_version") != "1.0":
                raise InvalidHost("Send one Host header.")
        elif sum(name == b"host" for name, _ in pairs) > 1:
            raise InvalidHost("Send one Host header.")
        if self._loopback_only and not _is_loopback(host):
            raise InvalidHost("In development use localhost, 127.0.0.1 or [::1].")
        return headers


def _is_loopback(host: bytes | None) -> bool:
    name = (host or b"").decode("latin-1").lower()
    if name.startswith("["):
        name, _, port = name.partition("]")
        name, port = name + "]", port.removeprefix(":")
    else:
        name, _, port = name.partition(":")
    return name in _LOOPBACK_HOSTS and (not port or port.isdigit())


def _check_address(scope: Scope) -> None:
    """Refuse what a database or a log must never see: NUL bytes and secret keys."""
    query = scope["query_string"]
    if len(query) > QUERY_BYTES_MAX:
        raise BadRequest(f"Send at most {QUERY_BYTES_MAX} bytes of query string.")
    if b"\0" in query or b"%00" in query or "\0" in scope["path"]:
        raise BadRequest("Send addresses without NUL characters.")
    if (b"sk" in query or b"%" in query) and KEY_IN_TEXT.search(
        unquote_plus(query.decode("latin-1"))
    ):
        raise KeyInUrl("Send the secret key as Authorization: Bearer, and rotate this one.")
    if _SECRET_KEY_MARK.decode() in scope["path"] and KEY_IN_TEXT.search(scope["path"]):
        raise KeyInUrl("Send the secret key as Authorization: Bearer, and rotate this one.")


async def read_body(headers: dict[bytes, bytes], receive: Receive, bytes_max: int) -> bytes | None:
    """Read a whole body under its deadline; None when the client has gone.

    Raises:
        UnsupportedMediaType: it is compressed.
        BodyTooLarge: it is larger than *bytes_max*.
        BodyTimeout: it did not arrive in time.
    """
    if b"content-encoding" in headers and headers[b"content-encoding"].lower() != b"identity":
        raise UnsupportedMediaType("Send the body without Content-Encoding.")
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > bytes_max:
        if b"expect" not in headers:
            await _drain(receive)
        raise _too_large(bytes_max)
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            return await _collect(receive, bytes_max)
    except TimeoutError:
        raise BodyTimeout(f"Send the whole body within {BODY_SECONDS_MAX:.0f} seconds.") from None


async def _collect(receive: Receive, bytes_max: int) -> bytes | None:
    message = await receive()
    if message["type"] != "http.disconnect" and not message.get("more_body"):
        body = message.get("body", b"")
        if len(body) > bytes_max:
            raise _too_large(bytes_max)
        return bytes(body)
    collected = bytearray()
    while message["type"] != "http.disconnect":
        collected += message.get("body", b"")
        if len(collected) > bytes_max:
            await _drain(receive)
            raise _too_large(bytes_max)
        if not message.get("more_body"):
            return bytes(collected)
        message = await receive()
    return None


async def _drain(receive: Receive) -> None:
    """Discard what is on its way, within limits, so that the sender gets to read the refusal."""
    drained_bytes = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS_MAX):
            while drained_bytes < DRAIN_BYTES_MAX:
                message = await receive()
                drained_bytes += len(message.get("body", b""))
                if not message.get("more_body"):
                    return
    except TimeoutError:
        return


def _too_large(bytes_max: int) -> BodyTooLarge:
    return BodyTooLarge(f"Send at most {bytes_max:,} bytes to this address.")


async def _check_body(
    scope: Scope, headers: dict[bytes, bytes], rule: BodyRule, body: bytes
) -> None:
    if not rule.media_types:
        return
    media_type, parameters = _media_type(headers.get(b"content-type", b""))
    if media_type not in rule.media_types:
        names = ", ".join(sorted(name.decode() for name in rule.media_types))
        raise UnsupportedMediaType(f"Send the body with Content-Type: {names}.")
    if media_type in FORMS and _form_holds_secret_key(body):
        raise _key_in_body()
    if media_type not in JSON:
        return
    if b"charset" in parameters and b"utf-8" not in parameters:
        raise UnsupportedMediaType("Send JSON as UTF-8.")
    value = await _parsed(strict_loads, body)
    if _holds_secret_key(body, value):
        raise _key_in_body()
    scope[PARSED_JSON] = value


def _key_in_body() -> KeyInBody:
    return KeyInBody("Send the secret key as Authorization: Bearer, never in a body.")


def _form_holds_secret_key(body: bytes) -> bool:
    """Look for a key in a form, as sent or escaped: pages show again what was typed."""
    text = body.decode("latin-1")
    return KEY_IN_TEXT.search(unquote_plus(text) if "%" in text else text) is not None


def _holds_secret_key(body: bytes, value: Any) -> bool:
    """Look for a key in the body as sent, or as meant where characters are escaped."""
    if b"\\u" in body:
        return KEY_IN_TEXT.search(json.dumps(value, ensure_ascii=False)) is not None
    return _SECRET_KEY_MARK in body and KEY_IN_TEXT.search(body.decode("latin-1")) is not None


async def _parsed(parse: Callable[[bytes], Any], body: bytes) -> Any:
    if len(body) <= INLINE_BYTES_MAX:
        return parse(body)
    return await asyncio.to_thread(parse, body)


def _media_type(value: bytes) -> tuple[bytes, bytes]:
    media_type, _, parameters = value.lower().partition(b";")
    return media_type.strip(), parameters


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Hand the body on once; afterwards wait for the disconnect as usual."""
    is_sent = False

    async def replayed() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
