"""``Idempotency-Key`` on routes that create: same key and same request, same answer.

Only 2xx answers are stored, so a refusal burns no key and a failure of ours may be tried again.
Secrets are left out of what is stored: a repeat carries ``secretKey: null``.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from typing_extensions import override  # typing has it only since Python 3.12.

from dream_api.kit.errors import ValidationFailed
from dream_api.services.http.callers import caller_scope
from dream_api.services.http.limits import PARSED_JSON
from dream_api.shared.idempotency import Idempotency, StoredAnswer

KEY_CHARACTERS_MAX = 255
HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"

_SECRET_FIELDS = ("secretKey",)

Handler = Callable[[Request], Awaitable[Response]]


class CreatingRoute(APIRoute):
    """A route class: ``APIRouter(route_class=CreatingRoute)``.

    Applies to POST routes that declare ``status_code=201``, or 200 where something is created
    beside the answer; a route that declares none ignores the header.
    Routers whose answers carry tokens do not use this class. Stored answers are found in the
    rooms of the service, as ``idempotency``.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Any]:
        """Wrap the handler."""
        handler = super().get_route_handler()
        if not takes_idempotency_key(self):
            return handler

        async def replaying(request: Request) -> Response:
            key = idempotency_key(request)
            if key is None:
                return await handler(request)
            return await _replay_or_run(request, key, handler)

        return replaying


def takes_idempotency_key(route: BaseRoute) -> bool:
    """Tell whether a repeat of this route's requests is answered from what was stored."""
    if not isinstance(route, CreatingRoute) or "POST" not in (route.methods or ()):
        return False
    return route.status_code in (HTTPStatus.OK, HTTPStatus.CREATED)


def idempotency_key(request: Request) -> str | None:
    """Read the header; None when it is not sent.

    Raises:
        ValidationFailed: it is empty, too long, sent twice or holds control characters.
    """
    values = request.headers.getlist(HEADER)
    if not values:
        return None
    if len(values) > 1 or not 1 <= len(values[0]) <= KEY_CHARACTERS_MAX:
        raise ValidationFailed.of(
            HEADER, f"must be one value of 1 to {KEY_CHARACTERS_MAX} characters"
        )
    if not values[0].isprintable():
        raise ValidationFailed.of(HEADER, "must not hold control characters")
    return values[0]


async def _replay_or_run(request: Request, key: str, handler: Handler) -> Response:
    scope = await caller_scope(request)
    stored_answers = _stored_answers(request)
    stored = await stored_answers.begin(scope, key, await _fingerprint(request))
    if stored is not None:
        return JSONResponse(stored.body, stored.status, headers={REPLAYED_HEADER: "true"})
    try:
        response = await handler(request)
    except Exception:
        await stored_answers.abandon(scope, key)
        raise
    if not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        await stored_answers.abandon(scope, key)
        return response
    body = _without_secrets(json.loads(bytes(response.body)))
    await stored_answers.finish(scope, key, StoredAnswer(response.status_code, body))
    return response


def _stored_answers(request: Request) -> Idempotency:
    is_developers = request.url.path.startswith("/platform/")
    rooms = getattr(request.app.state, "front_auth_api" if is_developers else "api_multi")
    stored_answers = rooms.idempotency
    assert isinstance(stored_answers, Idempotency), "app.py puts it there"
    return stored_answers


async def _fingerprint(request: Request) -> str:
    """Hash method, address and content; the order of JSON fields does not matter."""
    body = request.scope.get(PARSED_JSON)
    if body is None:
        content = (await request.body()).hex()
    else:
        content = json.dumps(body, sort_keys=True, separators=(",", ":"))
    parts = (request.method, request.url.path, request.url.query, content)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _without_secrets(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    return {name: None if name in _SECRET_FIELDS else value for name, value in body.items()}
