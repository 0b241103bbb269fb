"""Watch everything that goes to and from Stripe's simulator, and write down what is wrong.

``Walked`` wraps an ASGI app. Around the simulator it checks every request of ``/v1`` and OAuth and
every JSON answer; around our own app it checks every event that is delivered to it::

    walker = Walker()
    app = Walked(create_app(configuration), walker)
    …
    assert [] == walker.violations
"""

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import stripe
from stripe import OAuth

from tests.contract.sdk_calls import find_call
from tests.contract.sdk_shapes import violations_of, violations_of_form

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_OAUTH_TYPES: dict[str, tuple[Any, Any]] = {
    "/oauth/token": (OAuth.OAuthTokenParams, OAuth.OAuthToken),
    "/oauth/deauthorize": (OAuth.OAuthDeauthorizeParams, OAuth.OAuthDeauthorization),
}
# Stripe sends it with every error (https://docs.stripe.com/api/errors); the SDK's type lacks it.
_UNTYPED_ERROR_FIELDS = {"request_log_url"}
_OK = 200


class Walker:
    """Collects violations, each a line that says where and what.

    Args:
        checks_requests: Off for tests that send what Stripe refuses, on purpose.
    """

    def __init__(self, *, checks_requests: bool = True) -> None:
        self.violations: list[str] = []
        self.checks_requests = checks_requests

    def check_request(self, method: str, path: str, encoded: str) -> None:
        """Hold a request against the parameters of the SDK's call."""
        if not self.checks_requests:
            return
        if path in _OAUTH_TYPES:
            self._add(
                f"{method} {path}", violations_of_form(decode(encoded), _OAUTH_TYPES[path][0])
            )
            return
        call = find_call(method, path)
        if call is None:
            self._add(f"{method} {path}", ["no such call in Stripe's API"])
        elif call.parameters_type() is not None:
            found = violations_of_form(decode(encoded), call.parameters_type())
            self._add(f"{method} {path}", found)

    def check_answer(self, method: str, path: str, status: int, body: Any) -> None:
        """Hold an answer against the class that the SDK would read it into."""
        where = f"{method} {path} answered {status}"
        if path in _OAUTH_TYPES:
            wanted = OAuthErrorShape if status != _OK else _OAUTH_TYPES[path][1]
            self._add(where, violations_of(body, wanted))
        elif status != _OK:
            self._add(where, _violations_of_error(body))
        else:
            call = find_call(method, path)
            self._add(where, violations_of(body, call.answer_type()) if call else [])
            self._check_events_in(body)

    def check_event(self, event: dict[str, Any]) -> None:
        """Hold an event and the object in it against their classes."""
        where = f"event {event.get('type')}"
        self._add(where, violations_of(event, stripe.Event))
        inner = event.get("data", {}).get("object", {})
        cls = class_of(str(inner.get("object")))
        if cls is None:
            self._add(where, [f"unknown object {inner.get('object')!r}"])
        else:
            self._add(where, violations_of(inner, cls))

    def _check_events_in(self, body: Any) -> None:
        if body.get("object") == "event":
            self.check_event(body)
        for item in body["data"] if body.get("object") == "list" else []:
            if item.get("object") == "event":
                self.check_event(item)

    def _add(self, where: str, found: Iterable[str]) -> None:
        self.violations += [f"{where}: {line}" for line in found]


class Walked:
    """An ASGI app whose traffic a walker reads."""

    def __init__(self, app: Application, walker: Walker) -> None:
        self._app = app
        self._walker = walker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on unchanged, and read it on the way."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        traffic = _Traffic(scope)

        async def received() -> Message:
            message = await receive()
            traffic.request += message.get("body", b"")
            return message

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                traffic.status = message["status"]
            traffic.answer += message.get("body", b"")
            is_last = message["type"] == "http.response.body" and not message.get("more_body")
            if is_last:  # Before it is sent: whoever reads the answer may look at the findings.
                traffic.show(self._walker)
            await send(message)

        await self._app(scope, received, sent)


class _Traffic:
    """One request and its answer."""

    def __init__(self, scope: Scope) -> None:
        self._method: str = scope["method"]
        self._path: str = scope["path"]
        self._query: str = scope["query_string"].decode()
        self._headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.request = b""
        self.status = 0
        self.answer = b""

    def show(self, walker: Walker) -> None:
        """Let *walker* read what is Stripe's in it."""
        if "stripe-signature" in self._headers:
            walker.check_event(json.loads(self.request))
        elif self._path.startswith("/v1/") or self._path in _OAUTH_TYPES:
            encoded = "&".join(filter(None, [self._query, self.request.decode()]))
            walker.check_request(self._method, self._path, encoded)
            walker.check_answer(self._method, self._path, self.status, json.loads(self.answer))


class OAuthErrorShape(stripe.StripeObject):
    """What OAuth refusals look like (https://docs.stripe.com/connect/oauth-reference)."""

    error: str
    error_description: str


def class_of(kind: str) -> type[stripe.StripeObject] | None:
    """The SDK's class of a wire object by its ``object`` field."""
    from stripe._object_classes import get_object_class  # noqa: PLC0415 - no public way

    found: type[stripe.StripeObject] = get_object_class("V1", kind)
    return None if found is stripe.StripeObject else found


def decode(encoded: str) -> dict[str, Any]:
    """Decode Stripe's form encoding; kept apart from the simulator's own decoder on purpose."""
    form: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        *parents, last = name.replace("]", "").split("[")
        place = form
        for part in parents:
            place = place.setdefault(part or str(len(place)), {})
        place[last or str(len(place))] = value
    return form


def _violations_of_error(body: Any) -> list[str]:
    if not isinstance(body, dict) or set(body) != {"error"}:
        return ["expected one field, error"]
    error = {key: body["error"][key] for key in body["error"].keys() - _UNTYPED_ERROR_FIELDS}
    return violations_of(error, stripe.ErrorObject)
