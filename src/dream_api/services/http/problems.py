"""Every error leaves as one shape: RFC 9457 ``application/problem+json``.

A ``DreamError`` becomes its problem, what the framework refuses becomes one too, and a bug
becomes an opaque 500 that is logged with its traceback. This module holds the only ``except``
of the doors. It is pure ASGI: FastAPI's own catch-all handler re-raises after answering, which
closes kept-alive connections.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dream_api.kit.errors import DreamError, FieldError, NotFound, ValidationFailed
from dream_api.services.http.errors import (
    BadRequest,
    BodyTooLarge,
    HttpRefused,
    InternalError,
    MethodNotAllowed,
    Unauthenticated,
    UnsupportedMediaType,
)
from dream_api.services.http.request_ids import request_id_of

MEDIA_TYPE = "application/problem+json"
FIELD_ERRORS_MAX = 50
PARAM_CHARACTERS_MAX = 100

_JSON_PREFIXES = (
    "/platform/", "/v1/", "/webhook/", "/realms/", "/dev/",
    "/healthz", "/readyz", "/metrics", "/openapi.json", "/llms.txt", "/embed/",
)  # fmt: skip
_CLOSING = frozenset({408, 413, 431})
"""Answers after which unread input may still be arriving, so the connection ends."""

_logger = structlog.get_logger("dream_api.http")


@dataclass(frozen=True, slots=True)
class Problem:
    """One error as the caller sees it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: tuple[FieldError, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """Give the JSON object."""
        wire: dict[str, Any] = {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "requestId": self.request_id,
        }
        if self.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            wire["errors"] = [_field_to_wire(error) for error in self.errors]
        return wire


PageRenderer = Callable[[Scope, Problem], Response]
"""Draws an error for people; the pages bring it, so that this module knows no template."""


class ProblemWriter:
    """Turns errors into responses.

    Args:
        public_url: where ``/errors/{code}`` explains each code.
        render_page: draws errors on page paths for browsers; None answers problems everywhere.
    """

    def __init__(self, public_url: str, render_page: PageRenderer | None = None) -> None:
        self._public_url = public_url
        self._render_page = render_page

    def response(self, scope: Scope, error: DreamError) -> Response:
        """Build the answer to a refusal, as a page where a browser asks a page path for one."""
        problem = self.problem(scope, error)
        if self._render_page is not None and _wants_page(scope):
            response = self._render_page(scope, problem)
        else:
            body = json.dumps(problem.to_wire(), ensure_ascii=False).encode()
            response = Response(body, error.status, media_type=MEDIA_TYPE)
        for name, value in _headers(scope, error).items():
            response.headers[name] = value
        return response

    def problem(self, scope: Scope, error: DreamError) -> Problem:
        """Build the value behind the answer."""
        return Problem(
            type=f"{self._public_url}/errors/{error.code}",
            title=error.title,
            status=error.status,
            detail=_detail(error),
            code=error.code,
            request_id=request_id_of(scope),
            errors=_field_errors(error),
        )

    def bug(self, scope: Scope, exception: Exception) -> Response:
        """Log a bug with its traceback, and answer with the request id alone."""
        request_id = request_id_of(scope)
        _logger.error(
            "bug",
            request_id=request_id,
            method=scope.get("method"),
            route=route_of(scope),
            exc_info=exception,
        )
        return self.response(
            scope,
            InternalError(f"This is our mistake. Please tell us the request id {request_id}."),
        )


class Problems:
    """Pure ASGI: catches what the application raises and answers it. Re-raises only mid-answer."""

    def __init__(self, app: ASGIApp, writer: ProblemWriter) -> None:
        self._app = app
        self._writer = writer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def watched_send(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except DreamError as error:
            if has_started:
                raise  # Cutting the connection is the only way left to say that it failed.
            await self._writer.response(scope, error)(scope, receive, send)
        except Exception as exception:  # The one place where bugs end.
            response = self._writer.bug(scope, exception)
            if has_started:
                raise
            await response(scope, receive, send)


def install_problems(app: FastAPI, writer: ProblemWriter) -> None:
    """Make every error of a FastAPI application leave in our shape."""

    async def refused(request: Request, exception: Exception) -> Response:
        assert isinstance(exception, HTTPException), "registered for it alone"
        error = _from_framework(exception)
        response = writer.response(request.scope, error)
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(allowed_methods(app, request.scope["path"]))
        return response

    async def invalid(request: Request, exception: Exception) -> Response:
        assert isinstance(exception, RequestValidationError), "registered for it alone"
        return writer.response(request.scope, from_validation(exception))

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_middleware(Problems, writer=writer)


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """List the methods of all routes at *path*; the framework names only the first route's."""
    methods: set[str] = set()
    for context in iter_route_contexts(app.routes):
        pattern = getattr(context, "path_regex", None)
        if pattern is not None and pattern.match(path):
            methods |= context.methods or set()
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods)


def from_validation(exception: RequestValidationError) -> ValidationFailed:
    """Name every wrong field and its rule, never its value: the input may hold a password."""
    errors = tuple(
        FieldError(_param(error["loc"]), _rule(error["msg"]), _fix(error["type"]))
        for error in exception.errors()[:FIELD_ERRORS_MAX]
    )
    names = ", ".join(sorted({error.param for error in errors}))
    return ValidationFailed(f"Correct {names} and send the request again.", errors=errors)


def route_of(scope: Scope) -> str:
    """Give the route's pattern for logs and metrics, without the ids of the actual path."""
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", None) or "unmatched")


_FRAMEWORK_REFUSALS: dict[int, type[DreamError]] = {
    400: BadRequest,
    401: Unauthenticated,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
}


def _from_framework(exception: HTTPException) -> DreamError:
    if exception.status_code == HTTPStatus.NOT_FOUND:
        return NotFound("There is nothing at this address. /docs lists every route.")
    if exception.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowed("Use one of the methods that the Allow header lists.")
    refusal = _FRAMEWORK_REFUSALS.get(exception.status_code)
    if refusal is None:
        return HttpRefused(str(exception.detail), status=exception.status_code)
    return refusal(str(exception.detail))


def _headers(scope: Scope, error: DreamError) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status in _CLOSING and scope.get("http_version", "1.1") == "1.1":
        headers["Connection"] = "close"
    return headers


def _wants_page(scope: Scope) -> bool:
    if scope["path"].startswith(_JSON_PREFIXES):
        return False
    return any(
        name == b"accept" and b"text/html" in value.lower() for name, value in scope["headers"]
    )


def _detail(error: DreamError) -> str:
    """Name the field where the detail only says what is wrong with it."""
    if len(error.errors) == 1 and error.errors[0].detail == error.detail:
        return f"Correct {error.errors[0].param}: {error.detail.rstrip('.')}."
    return error.detail


def _field_errors(error: DreamError) -> tuple[FieldError, ...]:
    if error.errors or error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
        return error.errors
    return (FieldError(error.param or "body", error.detail),)


def _field_to_wire(error: FieldError) -> dict[str, str]:
    wire = {"param": error.param, "detail": error.detail}
    return wire if error.fix is None else wire | {"fix": error.fix}


def _param(location: tuple[int | str, ...]) -> str:
    """Write ``("body", "tiers", 0, "name")`` as ``tiers[0].name``."""
    parts = location[1:] if len(location) > 1 else location
    written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    text = written.removeprefix(".")[:PARAM_CHARACTERS_MAX]
    return "".join(character if character.isprintable() else "?" for character in text)


def _fix(rule: str) -> str | None:
    return {
        "missing": "Add this field.",
        "extra_forbidden": "Remove this field; field names are camelCase.",
        "model_attributes_type": "Send a JSON object.",
    }.get(rule)


def _rule(message: str) -> str:
    return message.removeprefix("Value error, ")
