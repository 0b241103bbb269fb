"""The HTTP server: uvicorn with deadlines that it does not have itself.

Relies on internals of uvicorn 0.54 (pinned) and keeps tests for each: a connection whose headers
do not arrive in time is cut, headers have a size, and malformed HTTP is answered with a problem.
"""

import asyncio
import json
from typing import Any, cast

import uvicorn
from typing_extensions import override  # typing has it only since Python 3.12.
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dream_api.kit.errors import DreamError
from dream_api.services.http.errors import HeadersTooLarge, MalformedHttp
from dream_api.services.http.express import ExpressRequest, Lane, lanes_of, outbox_of
from dream_api.services.http.problems import MEDIA_TYPE
from dream_api.services.http.request_ids import new_request_id

HEADER_SECONDS_MAX = 3.0
HEAD_BYTES_MAX = 65_536
"""Request line and headers as raw bytes; ``limits`` judges the parsed ones more strictly."""
EXPRESS_SECONDS_MAX = 1.0
"""How long a lane waits for the rest of a body; then the application reads it by its own rules."""
LINGER_SECONDS = 1.0
"""How long a refused sender may take to notice."""
KEEP_ALIVE_SECONDS = 30
SHUTDOWN_SECONDS_MAX = 10
BACKLOG_CONNECTIONS = 2_048

_REASONS = {400: b"Bad Request", 431: b"Request Header Fields Too Large"}


class DeadlineProtocol(HttpToolsProtocol):
    """Cuts connections whose headers are late or endless; asks express lanes first."""

    _deadline: asyncio.TimerHandle | None = None
    _lane: Lane | None = None
    _express: ExpressRequest | None = None
    """A request for a lane whose body has not arrived whole."""
    _head_bytes = 0
    _is_in_head = True
    _is_refused = False

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._lanes = lanes_of(self.app)
        self._outbox = outbox_of(self.loop)

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for the first request."""
        super().connection_made(transport)
        self._arm()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._disarm()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless the head of this request has grown beyond measure."""
        if self._is_refused or self.transport.is_closing():
            return  # What still arrives is not parsed.
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(HeadersTooLarge("Send fewer or shorter headers; cookies count too."))
        elif self._express is not None and self._deadline is None:
            self._deadline = self.loop.call_later(EXPRESS_SECONDS_MAX, self._leave_lane)

    @override
    def on_message_begin(self) -> None:
        """Start waiting for the headers of the next request on a kept-alive connection."""
        self._is_in_head = True
        if self._deadline is None:
            self._arm()
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        """Stop waiting; the body has a deadline of its own, in ``limits``."""
        self._disarm()
        self._is_in_head = False
        self._head_bytes = 0
        if not self._enter_lane():
            super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        """Collect a lane's body, as far as the lane takes it."""
        express, lane = self._express, self._lane
        if express is None or lane is None:
            super().on_body(body)
            return
        express.body += body
        if len(express.body) > lane.bytes_max:
            self._leave_lane()

    @override
    def on_message_complete(self) -> None:
        """Ask the lane, now that the request is whole."""
        express, lane = self._express, self._lane
        if express is None or lane is None:
            super().on_message_complete()
            return
        self._express = None
        self._disarm()
        express.more_body = False
        express.keep_alive = self.parser.should_keep_alive()
        if not lane.take(express):
            express.hand_on()

    @override
    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP with a problem instead of plain text."""
        is_within_body = self.cycle is not None and self.cycle.more_body
        if is_within_body and not self.cycle.response_started:
            self.cycle.disconnected = True  # Its body is what went wrong; the handler ends here.
            self.cycle.message_event.set()
        self._refuse(MalformedHttp("Send one well-formed HTTP/1.1 request."))

    def _enter_lane(self) -> bool:
        """Find the request's lane. A pipelined or unusual request takes the ordinary way."""
        path, _, query = self.url.partition(b"?")
        lane = self._lanes.get((self.parser.get_method(), path))
        if lane is None or (self.cycle is not None and not self.cycle.response_complete):
            return False
        if (
            self.expect_100_continue
            or self.flow.write_paused
            or self.parser.get_http_version() != "1.1"
            or self.parser.should_upgrade()
        ):
            return False
        self._lane = lane
        self._express = ExpressRequest(self, self._outbox, path, query)
        self.cycle = cast("Any", self._express)
        return True

    def _leave_lane(self) -> None:
        """Let the application read the rest of a body that is late or too long."""
        express, self._express = self._express, None
        self._disarm()
        if express is not None:
            express.keep_alive = self.parser.should_keep_alive()
            express.hand_on()

    def _answers_earlier_request(self) -> bool:
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.disconnected:
            return False
        return cycle.response_started or not cycle.more_body

    def _refuse(self, error: DreamError) -> None:
        """Answer and hang up, but linger: closing at once would take the answer with it."""
        self._disarm()
        self._is_refused = True
        if self._answers_earlier_request():
            self.transport.close()  # A refusal would be taken for that request's answer.
            return
        self.transport.write(_raw_problem(error))
        self.transport.write_eof()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self._abort)

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS_MAX, self._abort)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _abort(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def _raw_problem(error: DreamError) -> bytes:
    body = json.dumps(
        {
            "type": "about:blank",
            "title": error.title,
            "status": error.status,
            "detail": error.detail,
            "code": error.code,
            "requestId": new_request_id(),
        }
    ).encode()
    head = (
        b"HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n"
        b"cache-control: no-store\r\nx-content-type-options: nosniff\r\n"
        b"connection: close\r\n\r\n"
    ) % (error.status, _REASONS[error.status], MEDIA_TYPE.encode(), len(body))
    return head + body


def server_config(app: Any, *, host: str, port: int, workers: int = 1) -> uvicorn.Config:
    """Configure the server.

    Args:
        app: an ASGI application, or with several workers the import string of its factory.
        host: the address to listen on.
        port: the port; 0 picks a free one.
        workers: processes that share the port.
    """
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=host,
        port=port,
        workers=workers,
        http=DeadlineProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
    )
