"""The hot path: plain calls of servers to count and ask, answered in front of everything else.

A raw ASGI application around the whole stack. It recognises a request at a glance (a known
secret key, a plain JSON body that has arrived whole, nothing unusual in the headers), calls the
verb and answers. Whatever it does not recognise goes on to the ordinary routes of ``usage``,
which answer the same calls with the same verbs and say what is wrong with them. Refusals that
the verb raises leave as problems through the ordinary entrance.

Answers of this path are measured, not logged one by one.
"""

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dream_api.customers.metering import Decision, Metering
from dream_api.customers.platforms import Access
from dream_api.gateways.clock import Clock, monotonic_seconds
from dream_api.kit.errors import DreamError
from dream_api.services.api_multi.decisions import (
    RawHeaders,
    batch_answer,
    encode,
    rate_headers,
)
from dream_api.services.api_multi.events import (
    KEY_CHARACTERS_MAX,
    read_batch,
    read_event,
    read_question,
)
from dream_api.services.api_multi.tally import RouteTally, Tally
from dream_api.services.http.entrance import Entrance
from dream_api.services.http.errors import BodyTooLarge, ScopeMissing
from dream_api.services.http.limits import BATCH_BYTES_MAX, JSON_BYTES_MAX, read_body
from dream_api.services.http.measures import Measures
from dream_api.services.http.problems import Problems, ProblemWriter
from dream_api.services.http.request_ids import HEADER as REQUEST_ID
from dream_api.services.http.request_ids import new_request_id
from dream_api.services.http.scopes import check_scopes
from dream_api.services.http.security_headers import SecurityHeaders
from dream_api.services.http.settings import DoorSettings

HEADERS_MAX = 20
HEADER_BYTES_MAX = 8_192
CREDENTIAL_BYTES_MAX = 256
_SCOPES_CACHED = 256
_SCHEME = b"Bearer "
_BEARER = _SCHEME + b"sk_"
_JSON = frozenset({b"application/json", b"application/json; charset=utf-8"})
_KEY_MARK = b"_drm_"
_UNUSUAL_HEADERS = frozenset({b"origin", b"content-encoding", b"expect", b"x-publishable-key"})
"""Browsers, compressed bodies and doubled credentials are judged by the layers behind."""
_USER_QUERY = re.compile(rb"userId=([0-9A-Za-z._~-]{1,128})")
_REFUSAL = "dream_api.refusal"

Answer = tuple[bytes, RawHeaders] | None
"""Body and headers; None when the request is not plain."""
Handler = Callable[[Access, dict[bytes, bytes], bytes], Awaitable[Answer]]


class _Lane:
    """One route of the hot path."""

    def __init__(self, method: str, path: str, handler: Handler, bytes_max: int) -> None:
        self.method = method
        self.path = path
        self.handler = handler
        self.bytes_max = bytes_max
        self.tally = RouteTally()


class DataPlane:
    """Wraps the finished application: ``DataPlane(build_stack(FastAPI), …)``.

    Args:
        app: answers everything that is not plain.
        metering: the verbs.
        clock: for the headers that count seconds.
        settings: decide the security headers, and in development which hosts are ours.
        measures: where answers are counted.
        writer: writes refusals.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metering: Metering,
        clock: Clock,
        settings: DoorSettings,
        measures: Measures,
        writer: ProblemWriter,
    ) -> None:
        self._app = app
        self._metering = metering
        self._clock = clock
        self._refuse = Entrance(Problems(_raise, writer), settings=settings, measures=measures)
        self._headers = SecurityHeaders(settings).complete([(b"content-type", b"application/json")])
        self._host = settings.public_origin.partition("://")[2].encode()
        self._takes_any_host = not settings.development
        lanes = [
            _Lane("POST", "/v1/track", self._track, JSON_BYTES_MAX),
            _Lane("POST", "/v1/check", self._check, JSON_BYTES_MAX),
            _Lane("POST", "/v1/track/batch", self._track_batch, BATCH_BYTES_MAX),
            _Lane("GET", "/v1/usage", self._usage, 0),
        ]
        self._lanes = {lane.path: lane for lane in lanes}
        measures.registry.register(Tally({lane.path: lane.tally for lane in lanes}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        lane = self._lanes.get(scope["path"]) if scope["type"] == "http" else None
        if lane is None or lane.method != scope["method"]:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        access = self._recognised(lane, scope, headers)
        if access is None:
            await self._app(scope, receive, send)
            return
        started_seconds = monotonic_seconds()
        try:
            body = await _body(lane, scope, headers, receive)
            if body is None:
                return  # The client went away; nobody is left to answer.
            receive = _replayed(body, receive) if lane.bytes_max else receive
            answer = None
            if _KEY_MARK not in body:
                answer = await lane.handler(access, headers, body)
        except Exception as error:  # noqa: BLE001 - the entrance tells refusals from bugs.
            await self._refused(error, scope, receive, send)
            return
        if answer is None:
            await self._app(scope, receive, send)
            return
        await self._send(send, *answer)
        lane.tally.add(monotonic_seconds() - started_seconds)

    def _recognised(self, lane: _Lane, scope: Scope, headers: dict[bytes, bytes]) -> Access | None:
        """Give what the request's key opens, or None where anything about it is unusual."""
        key = headers.get(b"authorization", b"")
        host = headers.get(b"host")
        if not key.startswith(_BEARER) or len(key) > CREDENTIAL_BYTES_MAX:
            return None
        if not self._takes_any_host and host != self._host:
            return None
        is_usual = (
            host is not None
            and len(headers) == len(scope["headers"]) <= HEADERS_MAX
            and sum(map(len, headers.values())) <= HEADER_BYTES_MAX
            and _UNUSUAL_HEADERS.isdisjoint(headers)
        )
        if lane.bytes_max:
            is_json = headers.get(b"content-type") in _JSON
            is_usual = is_usual and is_json and not scope["query_string"]
        if not is_usual:
            return None
        access = self._metering.cached_access(key[len(_SCHEME) :].decode("latin-1"))
        if access is None or not _may_call(access.scopes, lane.method, lane.path):
            return None
        return access

    async def _track(self, access: Access, headers: dict[bytes, bytes], body: bytes) -> Answer:
        header_key = headers.get(b"idempotency-key")
        key = None
        if header_key is not None:
            key = header_key.decode("latin-1")
            if not 0 < len(key) <= KEY_CHARACTERS_MAX or not (key.isascii() and key.isprintable()):
                return None
        event = read_event(body, key)
        if event is None:
            return None
        decision = await self._metering.track(access.platform_id, event, access=access)
        return self._answer(decision, event.amount)

    async def _check(self, access: Access, _: dict[bytes, bytes], body: bytes) -> Answer:
        question = read_question(body)
        if question is None:
            return None
        user_id, amount = question
        decision = await self._metering.check(
            access.platform_id, user_id, amount=amount, access=access
        )
        return self._answer(decision, amount)

    async def _track_batch(
        self, access: Access, headers: dict[bytes, bytes], body: bytes
    ) -> Answer:
        events = None if b"idempotency-key" in headers else read_batch(body)
        if events is None:
            return None
        decisions = await self._metering.track_batch(access.platform_id, events, access=access)
        return encode(batch_answer(decisions)), []

    async def _usage(self, access: Access, _: dict[bytes, bytes], query: bytes) -> Answer:
        named = _USER_QUERY.fullmatch(query)
        if named is None:
            return None
        decision = await self._metering.usage(access.platform_id, named[1].decode(), access=access)
        return self._answer(decision, 1)

    def _answer(self, decision: Decision, amount: int) -> Answer:
        headers: RawHeaders = []
        if decision.rate_limit is not None or not decision.allowed:
            headers = rate_headers(decision, amount=amount, now=self._clock.now())
        return encode(decision), headers

    async def _send(self, send: Send, body: bytes, extra: RawHeaders) -> None:
        headers = [
            *self._headers,
            (b"content-length", b"%d" % len(body)),
            (REQUEST_ID, new_request_id().encode()),
            *extra,
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _refused(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal; nothing was counted, so an ended key may be judged once more.

        The ordinary routes answer it as they answer a key that never was.
        """
        if isinstance(error, DreamError) and error.status == HTTPStatus.UNAUTHORIZED:
            await self._app(scope, receive, send)
            return
        scope[_REFUSAL] = error
        await self._refuse(scope, receive, send)


@lru_cache(maxsize=_SCOPES_CACHED)
def _may_call(scopes: tuple[str, ...], method: str, path: str) -> bool:
    try:
        check_scopes(scopes, method, path)
    except ScopeMissing:
        return False
    return True


async def _body(
    lane: _Lane, scope: Scope, headers: dict[bytes, bytes], receive: Receive
) -> bytes | None:
    """Read what the lane is asked: a body, under the same limits as everywhere, or a query.

    A body that is here already needs no deadline. uvicorn's ``receive`` is a method of the
    request, which knows; any other server's is always read under the deadline.
    """
    if not lane.bytes_max:
        return bytes(scope["query_string"])
    if getattr(getattr(receive, "__self__", None), "more_body", True):
        return await read_body(headers, receive, lane.bytes_max)
    body = bytes((await receive()).get("body", b""))
    if len(body) > lane.bytes_max:
        raise BodyTooLarge(f"Send at most {lane.bytes_max:,} bytes to this address.")
    return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Hand on a body that was read already; afterwards ask as usual."""
    is_sent = False

    async def replayed() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def _raise(scope: Scope, _: Receive, __: Send) -> None:
    error: Exception = scope[_REFUSAL]
    raise error
