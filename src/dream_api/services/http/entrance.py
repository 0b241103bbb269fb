"""The outermost layer: request id, security headers, measures, one canonical log line.

Pure ASGI and one wrapper of ``send`` for all of it, since each layer costs the hot path.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dream_api.gateways.clock import monotonic_seconds
from dream_api.services.http.logs import log_request
from dream_api.services.http.measures import Measures
from dream_api.services.http.request_ids import HEADER, new_request_id
from dream_api.services.http.security_headers import SecurityHeaders
from dream_api.services.http.settings import DoorSettings


class Entrance:
    """Wraps everything else. A HEAD request runs as GET: the server leaves the body out."""

    def __init__(self, app: ASGIApp, *, settings: DoorSettings, measures: Measures) -> None:
        self._app = app
        self._headers = SecurityHeaders(settings)
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_request_id()
        scope.setdefault("state", {})["request_id"] = request_id
        started_seconds = monotonic_seconds()
        status = 0

        async def completed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = self._headers.complete(list(message.get("headers", ())))
                headers.append((HEADER, request_id.encode()))
                message["headers"] = headers
            await send(message)

        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            await self._app(inner, receive, completed_send)
        finally:
            duration_seconds = monotonic_seconds() - started_seconds
            self._measures.observe(inner, status, duration_seconds)
            log_request(inner, status, duration_seconds)
