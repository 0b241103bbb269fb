"""The hot path: plain calls of servers to count and ask, answered in front of everything else.

Express lanes of the server, one a route. A lane recognises a request at a glance (a known secret
key, a plain JSON body, nothing unusual in the headers), calls the verb and answers. Whatever it
does not recognise goes on to the ordinary routes of ``usage``, which answer the same calls with
the same verbs and say what is wrong with them. Refusals that the verb raises leave as problems
through the ordinary entrance.

Answers of this path are measured, not logged one by one.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

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
from dream_api.services.http.errors import ScopeMissing
from dream_api.services.http.express import ExpressRequest, Lanes
from dream_api.services.http.limits import BATCH_BYTES_MAX, JSON_BYTES_MAX
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

Reply = tuple[bytes, RawHeaders]
"""Body, and headers beside those that every answer has."""
Pending = tuple[Awaitable[Any], Callable[[Any], Reply]]
"""What is waited for, and how its result is replied."""
Handler = Callable[[Access, dict[bytes, bytes], bytes], Reply | Pending | None]
"""Given the key's access, the headers and the body or query; None when it is not plain."""


class _RouteLane:
    """One route of the hot path; satisfies ``Lane``."""

    def __init__(self, plane: "DataPlane", path: str, handler: Handler, bytes_max: int) -> None:
        self.path = path
        self.method = "POST" if bytes_max else "GET"
        self.handler = handler
        self.bytes_max = bytes_max
        self.tally = RouteTally()
        self._plane = plane

    def take(self, request: ExpressRequest) -> bool:
        """Answer a plain request, leave any other."""
        return self._plane.take(self, request)


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
        every = SecurityHeaders(settings).complete([(b"content-type", b"application/json")])
        self._head = b"".join(b"%b: %b\r\n" % pair for pair in every)
        self._host = settings.public_origin.partition("://")[2].encode()
        self._takes_any_host = not settings.development
        lanes = [
            _RouteLane(self, "/v1/track", self._track, JSON_BYTES_MAX),
            _RouteLane(self, "/v1/check", self._check, JSON_BYTES_MAX),
            _RouteLane(self, "/v1/track/batch", self._track_batch, BATCH_BYTES_MAX),
            _RouteLane(self, "/v1/usage", self._usage, 0),
        ]
        self.lanes: Lanes = {(lane.method.encode(), lane.path.encode()): lane for lane in lanes}
        measures.registry.register(Tally({lane.path: lane.tally for lane in lanes}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle what no lane has answered."""
        if _REFUSAL in scope:
            await self._refuse(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def take(self, lane: _RouteLane, request: ExpressRequest) -> bool:
        """Answer a request of *lane*, or give False where anything about it is unusual."""
        started_seconds = monotonic_seconds()
        headers = dict(request.headers)
        access = self._recognised(lane, request, headers)
        if access is None or _KEY_MARK in request.body:
            return False
        content = request.body if lane.bytes_max else request.query
        try:
            outcome = lane.handler(access, headers, content)
            if outcome is None:
                return False
            if isinstance(outcome[0], bytes):
                self._answer(lane, request, started_seconds, outcome)
            else:
                waiting = asyncio.ensure_future(outcome[0], loop=request.loop)
                waiting.add_done_callback(
                    partial(self._settle, lane, request, started_seconds, outcome[1])
                )
        except Exception as error:  # noqa: BLE001 - the entrance tells refusals from bugs.
            self._refused(error, request)
        return True

    def _settle(
        self,
        lane: _RouteLane,
        request: ExpressRequest,
        started_seconds: float,
        reply: Callable[[Any], Reply],
        done: asyncio.Future[Any],
    ) -> None:
        """Answer what was waited for."""
        try:
            self._answer(lane, request, started_seconds, reply(done.result()))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - as above.
            self._refused(error, request)

    def _answer(
        self, lane: _RouteLane, request: ExpressRequest, started_seconds: float, reply: Reply
    ) -> None:
        body, extra = reply
        head = b"%bcontent-length: %d\r\n%b: %b\r\n" % (
            self._head, len(body), REQUEST_ID, new_request_id().encode(),
        )  # fmt: skip
        if extra:
            head += b"".join(b"%b: %b\r\n" % pair for pair in extra)
        request.answer(head, body)
        lane.tally.add(monotonic_seconds() - started_seconds)

    def _recognised(
        self, lane: _RouteLane, request: ExpressRequest, headers: dict[bytes, bytes]
    ) -> Access | None:
        """Give what the request's key opens, or None where anything about it is unusual."""
        key = headers.get(b"authorization", b"")
        host = headers.get(b"host")
        if not key.startswith(_BEARER) or len(key) > CREDENTIAL_BYTES_MAX:
            return None
        if not self._takes_any_host and host != self._host:
            return None
        is_usual = (
            host is not None
            and len(headers) == len(request.headers) <= HEADERS_MAX
            and sum(map(len, headers.values())) <= HEADER_BYTES_MAX
            and _UNUSUAL_HEADERS.isdisjoint(headers)
        )
        if lane.bytes_max:
            is_json = headers.get(b"content-type") in _JSON
            is_usual = is_usual and is_json and not request.query
        if not is_usual:
            return None
        access = self._metering.cached_access(key[len(_SCHEME) :].decode("latin-1"))
        if access is None or not _may_call(access.scopes, lane.method, lane.path):
            return None
        return access

    def _track(self, access: Access, headers: dict[bytes, bytes], body: bytes) -> Pending | None:
        header_key = headers.get(b"idempotency-key")
        key = None
        if header_key is not None:
            key = header_key.decode("latin-1")
            if not 0 < len(key) <= KEY_CHARACTERS_MAX or not (key.isascii() and key.isprintable()):
                return None
        event = read_event(body, key)
        if event is None:
            return None
        counting = self._metering.count(access.platform_id, event, access=access)
        return counting, partial(self._reply, event.amount)

    def _check(self, access: Access, _: dict[bytes, bytes], body: bytes) -> Reply | Pending | None:
        question = read_question(body)
        if question is None:
            return None
        user_id, amount = question
        return self._ask(access, user_id, amount)

    def _track_batch(
        self, access: Access, headers: dict[bytes, bytes], body: bytes
    ) -> Pending | None:
        events = None if b"idempotency-key" in headers else read_batch(body)
        if events is None:
            return None
        counting = self._metering.track_batch(access.platform_id, events, access=access)
        return counting, _batch_reply

    def _usage(self, access: Access, _: dict[bytes, bytes], query: bytes) -> Reply | Pending | None:
        named = _USER_QUERY.fullmatch(query)
        if named is None:
            return None
        return self._ask(access, named[1].decode(), 1)

    def _ask(self, access: Access, user_id: str, amount: int) -> Reply | Pending:
        """Ask at once where the store can answer at once, else wait for it."""
        decision = self._metering.glance(access, user_id, amount=amount)
        if decision is not None:
            return self._reply(amount, decision)
        asking = self._metering.check(access.platform_id, user_id, amount=amount, access=access)
        return asking, partial(self._reply, amount)

    def _reply(self, amount: int, decision: Decision) -> Reply:
        headers: RawHeaders = []
        if decision.rate_limit is not None or not decision.allowed:
            headers = rate_headers(decision, amount=amount, now=self._clock.now())
        return encode(decision), headers

    def _refused(self, error: BaseException, request: ExpressRequest) -> None:
        """Answer a refusal; nothing was counted, so an ended key may be judged once more.

        The ordinary routes answer it as they answer a key that never was.
        """
        is_ended_key = isinstance(error, DreamError) and error.status == HTTPStatus.UNAUTHORIZED
        if not is_ended_key:
            request.scope[_REFUSAL] = error
        request.hand_on()


def _batch_reply(decisions: list[Decision]) -> Reply:
    return encode(batch_answer(decisions)), []


@lru_cache(maxsize=_SCOPES_CACHED)
def _may_call(scopes: tuple[str, ...], method: str, path: str) -> bool:
    try:
        check_scopes(scopes, method, path)
    except ScopeMissing:
        return False
    return True


async def _raise(scope: Scope, _: Receive, __: Send) -> None:
    error: Exception = scope[_REFUSAL]
    raise error
