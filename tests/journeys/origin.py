"""One origin in front of services that run apart: what a reverse proxy does, by path alone."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

START_SECONDS_MAX = 30.0
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_HOP = frozenset({"connection", "content-length", "transfer-encoding", "content-encoding"})
_API_MULTI = ("/v1/", "/webhook/", "/p/", "/embed/")


def service_of(path: str) -> str:
    """Tell which service a path belongs to; the deployment guide says the same to a proxy."""
    if path.startswith("/oauth/"):
        return "oauth-api"
    is_end_users_realm = path.startswith("/realms/") and not path.startswith("/realms/developers/")
    if path.startswith(_API_MULTI) or is_end_users_realm:
        return "api-multi"
    return "front-auth-api"


@contextmanager
def one_origin(port: int, services: Mapping[str, str]) -> Iterator[None]:
    """Answer on *port* with what the service of each path answers.

    Args:
        port: where the origin listens.
        services: the address of each service by its name.
    """

    async def forward(request: Request) -> Response:
        path = request.url.path
        headers = [(name, value) for name, value in request.headers.items() if name not in _HOP]
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.request(
                request.method,
                f"{services[service_of(path)]}{path}",
                params=request.url.query,
                headers=headers,
                content=await request.body(),
            )
        response = Response(answer.content, answer.status_code)
        for name, value in answer.headers.multi_items():
            if name not in _HOP:
                response.headers.append(name, value)
        return response

    application = Starlette(routes=[Route("/{path:path}", forward, methods=METHODS)])
    server = uvicorn.Server(
        uvicorn.Config(application, host="127.0.0.1", port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run, name="origin")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(START_SECONDS_MAX)
