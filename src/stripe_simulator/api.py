"""The ``/v1`` door: who calls, for which account, which verb, and was it asked before.

Works inside one transaction of the store, so that an answer, its effects, its events and the
memory of its idempotency key are stored together or not at all.
"""

import base64
import binascii
import json
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus

from stripe_simulator.books import Books, Cause
from stripe_simulator.clock import SECONDS_PER_DAY
from stripe_simulator.configuration import API_VERSION, Application
from stripe_simulator.errors import StripeError, account_invalid, not_implemented
from stripe_simulator.identifiers import new_id
from stripe_simulator.resources.call import Call
from stripe_simulator.routes import Route, Verb, find_route
from stripe_simulator.shapes import Body
from stripe_simulator.store import Store
from stripe_simulator.wire.expansion import expanded
from stripe_simulator.wire.forms import decode
from stripe_simulator.wire.parameters import Parameters, refuse_unhonoured, typed

IDEMPOTENCY_KEY_CHARACTERS_MAX = 255
IDEMPOTENCY_SECONDS = SECONDS_PER_DAY
FORM_TYPE = "application/x-www-form-urlencoded"
_KEY_CHARACTERS_SHOWN = 4
_PEOPLE = ("customer", "subscription", "charge", "payment_intent")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as far as the API cares."""

    method: str
    path: str
    query: str
    content_type: str
    body: str
    headers: dict[str, str]
    origin: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


def answer(
    store: Store, applications: dict[str, Application], request: Request, *, now: int
) -> Answer:
    """Answer one request; a refusal is an answer too."""
    request_id = new_id("req")
    try:
        books = _books(store, applications, request, now, request_id)
        found = find_route(request.method, request.path)
        if found is None:
            raise not_implemented(f"{request.method} {request.path}")
        return _answer_once(books, found[0], found[1], request)
    except StripeError as error:
        return refusal(error, request_id=request_id, origin=request.origin)


def refusal(error: StripeError, *, request_id: str, origin: str) -> Answer:
    """A refusal as an answer."""
    headers = {"Request-Id": request_id}
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        headers["Stripe-Should-Retry"] = "false"
    return Answer(error.status, _encoded(error.body(log_url=f"{origin}/events")), headers)


def authenticate(applications: dict[str, Application], authorization: str) -> Application:
    """Find the application whose secret key came as Bearer, or as the user of Basic.

    Raises:
        StripeError: 401: no key, a live key, or one that nobody has.
    """
    key = _key_of(authorization)
    if not key:
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=HTTPStatus.UNAUTHORIZED,
        )
    if key.startswith(("sk_live_", "rk_live_")):
        raise StripeError(
            "This is the Stripe simulator: it refuses live keys. Use a test key (sk_test_…), and "
            "consider the live key that was just sent in clear text as leaked.",
            status=HTTPStatus.UNAUTHORIZED,
        )
    if key not in applications:
        hidden = "*" * max(0, len(key) - 2 * _KEY_CHARACTERS_SHOWN)
        shown = f"{key[:_KEY_CHARACTERS_SHOWN]}{hidden}{key[-_KEY_CHARACTERS_SHOWN:]}"
        raise StripeError(f"Invalid API Key provided: {shown}", status=HTTPStatus.UNAUTHORIZED)
    return applications[key]


def _key_of(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return rest.strip() if scheme.lower() == "bearer" else ""


def _books(
    store: Store,
    applications: dict[str, Application],
    request: Request,
    now: int,
    request_id: str,
) -> Books:
    headers = request.headers
    application = authenticate(applications, headers.get("authorization", ""))
    version = headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        raise not_implemented(f"API version {version}; the simulator speaks {API_VERSION}")
    if headers.get("stripe-context"):
        raise not_implemented("the header Stripe-Context")
    cause = Cause(request_id, headers.get("idempotency-key"))
    own = Books(store, application, application.account_id, now, request.origin, cause)
    wanted = headers.get("stripe-account", "")
    if wanted in ("", own.account):
        return own
    record = own.find("account", wanted)
    if record is None or not record.hidden["connected"]:
        raise account_invalid("sk_test_***", wanted)
    return own.of(wanted)


def _answer_once(books: Books, route: Route, identifier: str, request: Request) -> Answer:
    form = decode(request.query)
    if request.method == "POST":
        if request.body and not request.content_type.startswith(FORM_TYPE):
            raise StripeError(
                f"Invalid request content type: {request.content_type}. Use {FORM_TYPE}."
            )
        form |= decode(request.body)
    parameters = typed(form, route.schema)
    refuse_unhonoured(parameters, route.honoured)
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST":
        return _perform(books, route, identifier, parameters)
    return _perform_once(books, route, identifier, parameters, key)


def _perform_once(
    books: Books, route: Route, identifier: str, parameters: Parameters, key: str
) -> Answer:
    """Answer from memory if this key was used (https://docs.stripe.com/api/idempotent_requests)."""
    if not 1 <= len(key) <= IDEMPOTENCY_KEY_CHARACTERS_MAX:
        raise StripeError(
            f"Idempotency keys have 1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} characters."
        )
    content = json.dumps([route.path, identifier, parameters], sort_keys=True)
    fingerprint = sha256(content.encode()).hexdigest()
    _forget_old_answers(books.store, now=books.now)
    row = books.store.execute(
        "SELECT * FROM idempotent_answers WHERE account = ? AND key = ?", books.account, key
    ).fetchone()
    if row is None:
        made = _perform(books, route, identifier, parameters)
        books.store.execute(
            "INSERT INTO idempotent_answers VALUES (?, ?, ?, ?, ?, ?, ?)",
            books.account,
            key,
            fingerprint,
            made.headers["Request-Id"],
            made.status,
            made.content,
            books.now,
        )
        return Answer(made.status, made.content, made.headers | {"Idempotency-Key": key})
    if row["request"] != fingerprint:
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request.",
            details={"type": "idempotency_error"},
        )
    headers = {
        "Idempotency-Key": key,
        "Idempotent-Replayed": "true",
        "Original-Request": row["request_id"],
        "Request-Id": books.cause.request_id or "",
    }
    return Answer(row["status"], row["answer"], headers)


def _forget_old_answers(store: Store, *, now: int) -> None:
    """Idempotency keys live for a day."""
    store.execute("DELETE FROM idempotent_answers WHERE created_at < ?", now - IDEMPOTENCY_SECONDS)


def _perform(books: Books, route: Route, identifier: str, parameters: Parameters) -> Answer:
    paths = parameters.pop("expand", [])
    request_id = books.cause.request_id or ""
    try:
        with books.store.savepoint():
            books = books.under(_clock_of(books, identifier, parameters))
            body = _body_or_kept_refusal(Call(books, parameters, identifier), route.verb)
            if isinstance(body, StripeError):
                return refusal(body, request_id=request_id, origin=books.origin)
            content = _encoded(expanded(books, body, paths))
    except StripeError as error:
        return refusal(error, request_id=request_id, origin=books.origin)
    return Answer(HTTPStatus.OK, content, {"Request-Id": request_id})


def _clock_of(books: Books, identifier: str, parameters: Parameters) -> str | None:
    """The test clock by which those live whom a call is about."""
    named = (identifier, *(parameters.get(name) for name in _PEOPLE))
    for name in named:
        found = books.store.find_by_id(books.account, name) if isinstance(name, str) else None
        if found is not None and found.clock is not None:
            return found.clock
    return None


def _body_or_kept_refusal(call: Call, verb: Verb) -> Body | StripeError:
    """Let a refusal that keeps its changes pass the savepoint as a value, not as an exception."""
    try:
        return verb(call)
    except StripeError as error:
        if not error.keeps_changes:
            raise
        return error


def _encoded(body: Body) -> bytes:
    return json.dumps(body, indent=2).encode()
