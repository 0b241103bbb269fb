"""The ASGI app: which path leads to which door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stripe_simulator import api
from stripe_simulator.configuration import Configuration
from stripe_simulator.connect import OAuthError, deauthorize, exchange
from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id
from stripe_simulator.pages import (
    accounts,
    authorize,
    chaos,
    checkout,
    invoice,
    overview,
    portal,
)
from stripe_simulator.pages.forms import read_body
from stripe_simulator.pages.rendering import message
from stripe_simulator.shapes import Body
from stripe_simulator.simulator import Simulator
from stripe_simulator.store import Store
from stripe_simulator.wire.forms import Form, decode

_STATIC = Path(__file__).parent / "pages" / "static"

_NO_PAGE = "The simulator has no page at this address. It forgets links when its folder is emptied."
_FAILED = "This is a mistake of the simulator. The traceback is in the log of the process."


def create_app(configuration: Configuration) -> Starlette:
    """Build the simulator; its loops run while the app's lifespan does."""
    simulator = Simulator(configuration)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await simulator.start()
        try:
            yield
        finally:
            await simulator.stop()

    app = Starlette(
        routes=_routes(),
        lifespan=lifespan,
        exception_handlers={
            StripeError: _refuse,
            404: _unrecognized,
            405: _unrecognized,
            500: _broken,
        },
    )
    app.state.simulator = simulator
    app.add_middleware(_Marked)
    return app


def _routes() -> list[Route | Mount]:
    return [
        Route("/", overview.show_index),
        Route("/events", overview.show_events),
        Route("/events/{delivery:int}/resend", overview.resend_delivery, methods=["POST"]),
        Route("/chaos", chaos.show),
        Route("/chaos", chaos.submit, methods=["POST"]),
        Route("/chaos/endpoints/{id}/roll", chaos.roll, methods=["POST"]),
        Route("/accounts/{id}", accounts.show),
        Route("/accounts/{id}", accounts.submit, methods=["POST"]),
        Route("/oauth/authorize", authorize.show),
        Route("/oauth/authorize", authorize.submit, methods=["POST"]),
        Route("/oauth/token", _token, methods=["POST"]),
        Route("/oauth/deauthorize", _deauthorize, methods=["POST"]),
        Route("/c/pay/{id}", checkout.show),
        Route("/c/pay/{id}", checkout.submit, methods=["POST"]),
        Route("/p/session/{id}", portal.show),
        Route("/p/session/{id}", portal.submit, methods=["POST"]),
        Route("/i/{id}", invoice.show),
        Mount("/static", StaticFiles(directory=_STATIC)),
        Route("/v1/{path:path}", _v1, methods=["GET", "POST", "DELETE"]),
    ]


async def _v1(request: Request) -> Response:
    simulator: Simulator = request.app.state.simulator
    asked = api.Request(
        method=request.method,
        path=str(request.scope["path"]),
        query=request.url.query,
        content_type=request.headers.get("content-type", ""),
        body=await read_body(request),
        headers=dict(request.headers),
        origin=_origin(request, simulator),
    )
    applications = simulator.configuration.applications
    answer = await simulator.work(
        lambda store: api.answer(store, applications, asked, now=simulator.clock.now())
    )
    return Response(
        answer.content, answer.status, dict(answer.headers), media_type="application/json"
    )


async def _token(request: Request) -> Response:
    return await _oauth(request, exchanges=True)


async def _deauthorize(request: Request) -> Response:
    return await _oauth(request, exchanges=False)


async def _oauth(request: Request, *, exchanges: bool) -> Response:
    simulator: Simulator = request.app.state.simulator
    form = decode(await read_body(request))
    authorization = request.headers.get("authorization") or f"Bearer {form.get('client_secret')}"
    _origin(request, simulator)

    def perform(store: Store) -> Body | OAuthError:
        # A refusal is answered from inside the transaction: what led to it stays stored.
        try:
            return _oauth_verb(simulator, store, authorization, form, exchanges=exchanges)
        except OAuthError as error:
            return error

    answer = await simulator.work(perform)
    headers = {"Request-Id": new_id("req")}
    if isinstance(answer, OAuthError):
        return JSONResponse(answer.body(), answer.status, headers)
    return JSONResponse(answer, 200, headers)


def _oauth_verb(
    simulator: Simulator, store: Store, authorization: str, form: Form, *, exchanges: bool
) -> Body:
    try:
        application = api.authenticate(simulator.configuration.applications, authorization)
    except StripeError as error:
        raise OAuthError("invalid_client", error.message, status=401) from error
    books = simulator.books(store, application)
    return exchange(books, form) if exchanges else deauthorize(books, form)


def _origin(request: Request, simulator: Simulator) -> str:
    """Where the caller reaches us: pages get URLs there, also those that time makes."""
    simulator.origin = str(request.base_url).rstrip("/")
    return simulator.origin


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, StripeError), "registered for this class only"
    if _wants_page(request):
        return message("This did not work", error.message, status=error.status)
    answer = api.refusal(error, request_id=new_id("req"), origin=str(request.base_url).rstrip("/"))
    return Response(
        answer.content, answer.status, dict(answer.headers), media_type="application/json"
    )


def _wants_page(request: Request) -> bool:
    """Tell whether a person looks, rather than a program; only programs call ``/v1``."""
    is_api = request.url.path.startswith("/v1/")
    return not is_api and "text/html" in request.headers.get("accept", "")


async def _unrecognized(request: Request, _: Exception) -> Response:
    if _wants_page(request):
        return message("Not found", _NO_PAGE, status=404, link="/", label="To the overview")
    return await _refuse(
        request,
        StripeError(
            f"Unrecognized request URL ({request.method}: {request.url.path}).", status=404
        ),
    )


async def _broken(request: Request, _: Exception) -> Response:
    """A bug of the simulator; the server's log has the traceback."""
    if _wants_page(request):
        return message(
            "The simulator failed", _FAILED, status=500, link="/", label="To the overview"
        )
    details = {"type": "api_error"}
    return await _refuse(
        request, StripeError("The simulator failed; see its log.", status=500, details=details)
    )


class _Marked:
    """Every answer says that it is simulated."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"stripe-sim", b"1")]
            await send(message)

        await self._app(scope, receive, marked)
