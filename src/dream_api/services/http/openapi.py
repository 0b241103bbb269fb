"""The description of the API: every route with its callers, errors and examples.

What code already says is not said again: callers are read off a route's dependencies, errors
that every route shares are added here, and examples are made from the schemas.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic.alias_generators import to_camel

from dream_api.customers.platforms import PlatformInactive
from dream_api.kit.errors import DreamError, NotFound, Unavailable, ValidationFailed
from dream_api.services.http import callers, errors
from dream_api.services.http.examples import example_of
from dream_api.services.http.refusals import refusals
from dream_api.services.http.replay import HEADER as IDEMPOTENCY_HEADER
from dream_api.services.http.replay import takes_idempotency_key
from dream_api.shared.idempotency import IdempotencyConflict

_IN_PATH = re.compile(r"\{(\w+)\}")
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})

_CALLERS: dict[Callable[..., Any], tuple[str, ...]] = {
    callers.require_developer: ("dev",),
    callers.require_recent_developer: ("dev",),
    callers.require_secret_key: ("sk",),
    callers.require_publishable_key: ("pk",),
    callers.require_end_user: ("user",),
    callers.require_secret_key_or_end_user: ("sk", "user"),
    callers.require_publishable_or_secret_key: ("pk", "sk"),
}
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "dev": [{"developerToken": []}, {"consoleSession": []}],
    "sk": [{"secretKey": []}],
    "pk": [{"publishableKey": []}],
    "user": [{"publishableKey": [], "endUserToken": []}],
}
_CALLER_NAMES = {
    "dev": "a signed-in developer",
    "sk": "a secret key",
    "pk": "a publishable key",
    "user": "a publishable key with an end user's token",
}
_TAGS = (
    ("/platform/dashboard", "Dashboard"),
    ("/platform/webhook", "Webhooks"),
    ("/platform", "Platform"),
    ("/oauth", "Connect Stripe"),
    ("/v1/auth", "End users' sign-in"),
    ("/v1", "API"),
    ("/webhook", "Webhooks"),
    ("/realms", "Realms"),
)

DESCRIPTION = """Auth, billing, usage metering and plan limits for people who sell software.

Callers: **sk** = `Authorization: Bearer sk_…` · **pk** = `X-Publishable-Key: pk_…` ·
**user** = pk plus `Authorization: Bearer <end-user token>` · **dev** = console session cookie or
`Authorization: Bearer <developer token>`.

Errors are RFC 9457 problems with a permanent `code`. A denial of usage is no error: it is a 200
answer with `allowed: false` and a `reason`."""


@dataclass(frozen=True, slots=True)
class Description:
    """What the description is made of besides the routes.

    ``raw_paths`` describes routes that FastAPI does not know: the data plane's. They may use
    the keys ``x-callers`` and ``responses`` like ours, and name schemas of ``raw_schemas``.
    """

    version: str
    public_url: str
    raw_paths: Mapping[str, Any] = field(default_factory=dict)
    raw_schemas: Mapping[str, Any] = field(default_factory=dict)


def describe(app: FastAPI, description: Description) -> dict[str, Any]:
    """Build the OpenAPI document of an application, complete."""
    document = get_openapi(
        title="dream-api",
        version=description.version,
        description=DESCRIPTION,
        routes=app.routes,
        servers=[{"url": description.public_url}],
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.update(description.raw_schemas)
    schemas.update(_PROBLEM_SCHEMAS)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    components["securitySchemes"] = _SECURITY_SCHEMES
    paths = document.setdefault("paths", {})
    paths.update(description.raw_paths)
    contexts = {(path, method): context for path, method, context in _operations(app)}
    for path, methods in paths.items():
        for method in _METHODS & methods.keys():
            _complete(path, method, methods[method], contexts.get((path, method)))
            _camel_parameters(methods[method])
            _add_examples(methods[method], schemas)
    document["paths"] = {_camel_path(path): paths[path] for path in sorted(paths)}
    return document


def _camel_path(path: str) -> str:
    return _IN_PATH.sub(lambda match: "{" + to_camel(match[1]) + "}", path)


def _camel_parameters(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["name"] = to_camel(parameter["name"])


def _operations(app: FastAPI) -> Iterator[tuple[str, str, RouteContext]]:
    for context in iter_route_contexts(app.routes):
        for method in context.methods or ():
            yield str(context.path_format), method.lower(), context


def _complete(
    path: str, method: str, operation: dict[str, Any], context: RouteContext | None
) -> None:
    found = operation.get("x-callers") or list(callers_of(context))
    operation["x-callers"] = found
    operation["security"] = [scheme for caller in found for scheme in _SECURITY[caller]]
    operation["tags"] = [next((tag for prefix, tag in _TAGS if path.startswith(prefix)), "Other")]
    names = " or ".join(_CALLER_NAMES[caller] for caller in found) or "anybody"
    text = operation.get("description", "").strip()
    operation["description"] = f"{text}\n\nCaller: {names}.".strip()
    if context is not None and takes_idempotency_key(context.original_route):
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_PARAMETER)
    responses = operation.setdefault("responses", {})
    if _is_default_422(responses.get("422")):
        del responses["422"]
    for status, response in refusals(*_shared_refusals(path, method, operation, found)).items():
        _merge(responses, str(status), response)
    operation["responses"] = dict(sorted(responses.items()))


def callers_of(context: RouteContext | None) -> tuple[str, ...]:
    """Read off a route's dependencies who may call it; empty means anybody."""
    dependant = getattr(context, "dependant", None)
    if dependant is None:
        return ()
    waiting = [dependant]
    found: list[str] = []
    while waiting:
        one = waiting.pop()
        found += _CALLERS.get(one.call, ())
        waiting += one.dependencies
    return tuple(dict.fromkeys(found))


def _shared_refusals(
    path: str, method: str, operation: dict[str, Any], found: list[str]
) -> list[type[DreamError]]:
    """List what every route of this kind may refuse."""
    has_body = "requestBody" in operation
    parameters = operation.get("parameters", ())
    is_replayable = any(one.get("name") == IDEMPOTENCY_HEADER for one in parameters)
    rules: tuple[tuple[Any, tuple[type[DreamError], ...]], ...] = (
        (True, (errors.BadRequest, errors.InternalError, Unavailable)),
        (found, (errors.Unauthenticated, errors.KeyInUrl)),
        ("sk" in found, (errors.SecretKeyRequired, errors.ScopeMissing)),
        (path.startswith("/v1/"), (PlatformInactive, errors.OriginNotAllowed)),
        ("dev" in found and method != "get", (errors.CrossSiteRequest,)),
        ("{" in path, (NotFound,)),
        (has_body, (errors.InvalidJson, errors.BodyTooLarge, errors.UnsupportedMediaType)),
        (has_body, (errors.BodyTimeout,)),
        (has_body or parameters, (ValidationFailed,)),
        (is_replayable, (IdempotencyConflict,)),
    )
    return [error for applies, refused in rules if applies for error in refused]


def _is_default_422(response: dict[str, Any] | None) -> bool:
    return response is not None and "application/json" in response.get("content", {})


def _merge(responses: dict[str, Any], status: str, response: dict[str, Any]) -> None:
    """Add a shared refusal beside those that the route declares."""
    present = responses.get(status)
    if present is None:
        responses[status] = response
        return
    for media_type, content in response["content"].items():
        declared = present.setdefault("content", {}).setdefault(media_type, content)
        declared["examples"] = {**content["examples"], **declared.get("examples", {})}


def _add_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    holders = [operation.get("requestBody", {})]
    holders += [
        response for status, response in operation["responses"].items() if status.startswith("2")
    ]
    for holder in holders:
        content = holder.get("content", {}).get("application/json")
        if content and not {"example", "examples"} & content.keys():
            content["example"] = example_of(content.get("schema", {}), schemas)


_IDEMPOTENCY_PARAMETER = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "required": False,
    "description": "Same key and same body: the same answer, and nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_SECURITY_SCHEMES = {
    "secretKey": {"type": "http", "scheme": "bearer", "description": "A secret key, `sk_…`."},
    "publishableKey": {"type": "apiKey", "in": "header", "name": "X-Publishable-Key"},
    "endUserToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "developerToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "consoleSession": {"type": "apiKey", "in": "cookie", "name": "__Host-da_dev"},
}
_TEXT = {"type": "string"}
_PROBLEM_SCHEMAS: dict[str, Any] = {
    "FieldError": {
        "type": "object",
        "required": ["param", "detail"],
        "properties": {"param": _TEXT, "detail": _TEXT, "fix": _TEXT},
    },
    "Problem": {
        "type": "object",
        "description": "RFC 9457. `code` never changes; `detail` says what to do next.",
        "required": ["type", "title", "status", "detail", "code", "requestId"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "code": _TEXT,
            "requestId": _TEXT,
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        },
    },
}
