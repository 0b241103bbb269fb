"""The Stripe simulator on a port of its own, inside the test process but reached over HTTP."""

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from dream_api.gateways.stripe import Stripe
from stripe_simulator import APPLICATIONS_DEFAULT, Configuration, create_app
from tests.contract.watching import watched
from tests.journeys.forms import submit

LIVE_KEY, TEST_KEY = APPLICATIONS_DEFAULT
START_SECONDS = 60.0
POLL_SECONDS = 0.01


def simulator(data: Path, clock_file: Path | None = None) -> ASGIApp:
    """Give a simulator that keeps its state in *data*, watched like all of them."""
    return watched(
        create_app(
            Configuration(data=data, applications=APPLICATIONS_DEFAULT, clock_file=clock_file)
        )
    )


@contextmanager
def serving(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve *app* while the block runs; give its address. Port 0 is a free one."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="auto"))
    thread = threading.Thread(target=server.run, name="stripe-server", daemon=True)
    thread.start()
    patience = time.monotonic() + START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the simulator did not start"
        assert time.monotonic() < patience, "the simulator did not start in time"
        time.sleep(POLL_SECONDS)
    listening = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{listening}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)


@asynccontextmanager
async def gateway(url: str, secret_key: str = LIVE_KEY) -> AsyncIterator[Stripe]:
    """Open a gateway that speaks to the simulator as one of its applications."""
    client_id = APPLICATIONS_DEFAULT[secret_key].client_id
    stripe = Stripe(secret_key, client_id=client_id, api_base=url)
    try:
        yield stripe
    finally:
        await stripe.close()


async def approve(
    authorize_url: str, action: str = "approve", account: str = "new"
) -> httpx.Response:
    """Decide on the simulator's authorize page; the answer redirects to our callback."""
    async with httpx.AsyncClient() as browser:
        page = await browser.get(authorize_url)
        return await submit(browser, page, {"account": account}, press=("action", action))


class BrokenStripe:
    """Answers every request alike and remembers what it was asked."""

    def __init__(self, status: int, body: str) -> None:
        self.asked: list[str] = []
        self._status = status
        self._body = body.encode()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        self.asked.append(scope["path"])
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})
