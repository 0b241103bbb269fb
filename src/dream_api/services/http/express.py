"""Express lanes: plain requests answered by the protocol itself, without a task or an ASGI call.

What a server builds for each ASGI request (a task, events, messages, an answer in two writes)
costs more than deciding one does. A lane is asked with the whole request in hand:
it answers with one write, at once or when its transaction is on disk, or leaves the request to
the ordinary application, which then sees it as if no lane had been there.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol, cast
from weakref import WeakKeyDictionary

from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

_OK = b"HTTP/1.1 200 OK\r\n"
_CLOSE = b"connection: close\r\n\r\n"
_KEEP = b"\r\n"


class Lane(Protocol):
    """One method and path that may be answered in front of the application."""

    bytes_max: int
    """A longer body is left to the ordinary application, which refuses it."""

    def take(self, request: "ExpressRequest") -> bool:
        """Answer the request, now or later, or give False to leave it to the application.

        Never raises.
        """
        ...


Lanes = Mapping[tuple[bytes, bytes], Lane]
"""By method and path as they are sent."""


def lanes_of(app: Any) -> Lanes:
    """Find an application's lanes; one without any has none."""
    return cast("Lanes", getattr(app, "lanes", {}))


class ExpressRequest:
    """One request in a lane. Stands where uvicorn keeps the request in progress.

    uvicorn looks there to know whether a pipelined request has to wait and whether a connection
    may be closed, and to say that the client has gone: hence the attributes without underscore
    that no lane needs.
    """

    __slots__ = (
        "_outbox", "_protocol", "body", "disconnected", "headers", "keep_alive", "more_body",
        "query", "response_complete", "response_started", "scope",
    )  # fmt: skip

    def __init__(
        self, protocol: HttpToolsProtocol, outbox: "Outbox", path: bytes, query: bytes
    ) -> None:
        scope = cast("Scope", protocol.scope)
        scope["method"] = protocol.parser.get_method().decode()
        scope["path"] = path.decode()
        scope["raw_path"] = path
        scope["query_string"] = query
        self._protocol = protocol
        self._outbox = outbox
        self.scope = scope
        self.headers: list[tuple[bytes, bytes]] = protocol.headers
        self.query = query
        self.body = b""
        self.more_body = True
        self.keep_alive = True
        self.disconnected = False
        self.response_started = False
        self.response_complete = False

    @property
    def message_event(self) -> "ExpressRequest":
        """Be what uvicorn wakes a waiting handler with; here nobody waits."""
        return self

    def set(self) -> None:
        """Take uvicorn's wake-up."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The connection's event loop."""
        return self._protocol.loop

    def answer(self, head: bytes, body: bytes) -> None:
        """Answer 200 in one write, unless the client has gone.

        Args:
            head: complete header lines.
            body: what ``content-length`` in *head* says.
        """
        ending = _KEEP if self.keep_alive else _CLOSE
        started = _started(self._protocol.server_state)
        self._outbox.put(self, b"".join((started, head, ending, body)))

    def send(self, answer: bytes) -> None:
        """Write the answer and end the request; called by the outbox."""
        self.response_complete = True
        transport = self._protocol.transport
        if self.disconnected or transport.is_closing():
            return
        transport.write(answer)
        if not self.keep_alive:
            transport.close()
        self._protocol.on_response_complete()

    def hand_on(self, app: ASGIApp | None = None) -> None:
        """Leave the request to *app*, by default to the server's."""
        self.response_complete = True
        protocol = self._protocol
        if self.disconnected or protocol.transport.is_closing():
            return
        cycle = RequestResponseCycle(
            scope=cast("Any", self.scope),
            transport=protocol.transport,
            flow=protocol.flow,
            logger=protocol.logger,
            access_logger=protocol.access_logger,
            access_log=protocol.access_log,
            default_headers=protocol.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=self.keep_alive,
            on_response=protocol.on_response_complete,
        )
        cycle.body += self.body
        cycle.more_body = self.more_body
        cycle.message_event.set()
        if protocol.cycle is cast("Any", self):  # No pipelined request has come after it.
            protocol.cycle = cycle
        protocol._start_asgi_task(cycle, cast("Any", app or protocol.app))  # noqa: SLF001 - pinned.


class Outbox:
    """Sends the answers of one turn of a loop in a row, at its end.

    A client on this machine, or a proxy, is then woken once for many answers instead of by each
    of them; waking it costs as much as answering.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._answers: list[tuple[ExpressRequest, bytes]] = []

    def put(self, request: ExpressRequest, answer: bytes) -> None:
        """Send *answer* at the end of this turn."""
        if not self._answers:
            self._loop.call_soon(self._send)
        self._answers.append((request, answer))

    def _send(self) -> None:
        answers, self._answers = self._answers, []
        for request, answer in answers:
            request.send(answer)


_outboxes: WeakKeyDictionary[asyncio.AbstractEventLoop, Outbox] = WeakKeyDictionary()


def outbox_of(loop: asyncio.AbstractEventLoop) -> Outbox:
    """Give the outbox of a loop."""
    return _outboxes.setdefault(loop, Outbox(loop))


class _Started:
    """The first lines of every answer, made once for each second's date."""

    headers: object = None
    lines = b""


def _started(state: ServerState) -> bytes:
    headers = state.default_headers
    if _Started.headers is not headers:
        _Started.headers = headers
        _Started.lines = _OK + b"".join(b"%b: %b\r\n" % pair for pair in headers)
    return _Started.lines
