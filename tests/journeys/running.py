"""The product and the simulator, served for real in this process, with every byte watched.

What the product sends to Stripe, what the simulator answers, and each event as it is delivered are
held against the SDK's types.
"""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from dream_api.app import open_product
from dream_api.cli.configuration import CLOCK_FILE, load_settings
from dream_api.cli.dev import arrange_simulator
from dream_api.cli.simulator import SIMULATOR_APPLICATIONS
from dream_api.gateways.clock import MovableClock
from dream_api.services.http import server_config
from dream_api.settings import Settings
from dream_api.stores.sqlite import migrate_stores
from dream_api.worker import Worker
from stripe_simulator import Application, Configuration, create_app
from tests.contract.watching import watched
from tests.journeys.processes import free_port
from tests.postgres_fixtures import Database

START_SECONDS_MAX = 30.0

Opened = Callable[[], AbstractAsyncContextManager[Any]]


class Loops:
    """The worker's loops, which run in the product's thread."""

    def __init__(self) -> None:
        self._workers: Sequence[Worker] = ()
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = threading.Event()

    @asynccontextmanager
    async def running(self, workers: Sequence[Worker]) -> AsyncIterator[None]:
        """Run them until the block ends, or until ``stop``."""
        self._workers = workers
        self._tasks = [asyncio.create_task(worker.run()) for worker in workers]
        ending = asyncio.gather(*self._tasks)
        ending.add_done_callback(lambda _: self._ended.set())
        yield
        for worker in workers:
            worker.stop()
        await ending

    def stop(self) -> None:
        """End them from another thread; on return the last job is done."""
        for worker in self._workers:
            worker.stop()
        assert self._ended.wait(START_SECONDS_MAX), "a loop did not end"


@dataclass(frozen=True)
class Running:
    """What a journey needs to know of the servers."""

    base_url: str
    stripe_url: str
    data_dir: Path
    settings: Settings
    clock: MovableClock
    loops: Loops

    def stop_loops(self) -> None:
        """End the loops of both worlds for good: from here on only requests change anything."""
        self.loops.stop()


@contextmanager
def running_product(data_dir: Path, database: Database | None = None) -> Iterator[Running]:
    """Serve both until the block ends, on SQLite or on a database of PostgreSQL."""
    port, stripe_port = free_port(), free_port()
    settings = load_settings(data_dir, public_url=f"http://localhost:{port}")
    if database is None:
        migrate_stores(settings.data_dir)
    clock = MovableClock(settings.data_dir / CLOCK_FILE)
    loops = Loops()

    @asynccontextmanager
    async def simulator() -> AsyncIterator[Any]:
        yield watched(create_app(_simulator_configuration(settings)))

    with _served(simulator, stripe_port):
        arranged = arrange_simulator(settings, stripe_port)
        if database is not None:
            arranged = database.settings(arranged)

        @asynccontextmanager
        async def product() -> AsyncIterator[Any]:
            async with (
                open_product(arranged, clock=clock, development=True) as opened,
                loops.running(opened.workers),
            ):
                yield _watching_deliveries(opened.asgi)

        with _served(product, port):
            stripe_url = f"http://127.0.0.1:{stripe_port}"
            yield Running(
                settings.public_url, stripe_url, settings.data_dir, arranged, clock, loops
            )


def _watching_deliveries(app: Any) -> Any:
    """Show the walker the events that arrive; our own routes are nothing of Stripe's."""
    walked: Any = watched(app)

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        is_delivery = str(scope.get("path", "")).endswith("/webhook/stripe")
        await (walked if is_delivery else app)(scope, receive, send)

    return dispatch


def _simulator_configuration(settings: Settings) -> Configuration:
    return Configuration(
        data=settings.data_dir / "stripe",
        applications={
            key: Application(client_id) for key, client_id in SIMULATOR_APPLICATIONS.values()
        },
        clock_file=settings.data_dir / CLOCK_FILE,
        redirect_uris=(f"{settings.public_url}/oauth/callback",),
    )


@contextmanager
def _served(open_app: Opened, port: int) -> Iterator[None]:
    """Serve an application from a thread with a loop of its own."""
    started, failures = threading.Event(), list[BaseException]()
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        async with open_app() as app:
            config = server_config(app, host="127.0.0.1", port=port)
            server = uvicorn.Server(config)
            servers.append(server)
            listener = socket.create_server(("127.0.0.1", port))
            serving = asyncio.create_task(server.serve([listener]))
            while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells nobody.
                await asyncio.sleep(0.01)
            started.set()
            await serving

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - it is raised where the test sees it.
            failures.append(error)
            started.set()

    thread = threading.Thread(target=run, name=f"port-{port}")
    thread.start()
    assert started.wait(START_SECONDS_MAX), "the server did not start"
    try:
        if failures:
            raise failures[0]
        yield
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(START_SECONDS_MAX)
    if failures:
        raise failures[0]
