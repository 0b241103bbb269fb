"""What ``dev`` and ``serve`` share: sockets, the server and the worker in one process."""

import asyncio
import errno
import gc
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import typer
import uvicorn
import uvloop
from typing_extensions import override

from dream_api.app import Product, open_product
from dream_api.gateways.clock import Clock, monotonic_seconds
from dream_api.kit.services import ALL_SERVICES, ServiceName
from dream_api.services.http import configure_logs, server_config
from dream_api.services.http.operations import Check
from dream_api.settings import Settings

BACKLOG_CONNECTIONS = 2_048
LOOPBACK_HOSTS = ("127.0.0.1", "::1")
SWITCH_SECONDS = 0.001
"""How long a busy loop may keep the interpreter while the store's writer, back from the disk with
answers for many callers, waits for it; Python's own 5 ms is longer than a transaction takes."""
GARBAGE_OBJECTS = 20_000
"""New objects before the next search for garbage; a batch of counting makes some thousand."""
PORT_SECONDS_MAX = 2.0
"""How long a server that was killed may keep its port: its other processes end at once, and close
the port first."""
PORT_PAUSE_SECONDS = 0.02
STOP_SECONDS_MAX = 5.0
"""How long a job in hand may take to reach its safe point."""


def bind(
    hosts: tuple[str, ...], port: int, *, patience_seconds: float = 0.0
) -> list[socket.socket]:
    """Listen on *port* of each host; exit with a readable message where it stays taken.

    IPv6 is left out where this machine has none.
    """
    sockets: list[socket.socket] = []
    for host in hosts:
        try:
            listener = _bound(host, port, patience_seconds)
        except OSError as error:
            if ":" in host and sockets:
                continue
            typer.secho(f"Cannot listen on {host}:{port}: {error.strerror}.", fg="red", err=True)
            typer.secho("Stop what uses the port, or choose another with --port.", err=True)
            raise typer.Exit(2) from None
        listener.listen(BACKLOG_CONNECTIONS)
        listener.setblocking(False)
        sockets.append(listener)
    return sockets


def _bound(host: str, port: int, patience_seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family is socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    patience_ends = monotonic_seconds() + patience_seconds
    while True:
        try:
            listener.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or monotonic_seconds() >= patience_ends:
                listener.close()
                raise
            time.sleep(PORT_PAUSE_SECONDS)
        else:
            return listener


@dataclass(frozen=True, slots=True)
class Serving:
    """What to serve, and how."""

    settings: Settings
    clock: Clock
    services: frozenset[ServiceName] = ALL_SERVICES
    development: bool = False
    runs_loops: bool = True
    checks: Mapping[str, Check] = field(default_factory=dict)
    """What else was started beside this process; readiness asks for it, too."""


def run_product(
    serving: Serving,
    take_sockets: Callable[[], list[socket.socket]],
    *,
    on_ready: Callable[[], None],
) -> None:
    """Serve until SIGINT or SIGTERM: requests in flight finish, then the stores are closed.

    Args:
        serving: what to serve.
        take_sockets: gives the listening sockets once the product is open; none to end instead.
        on_ready: is called when requests are accepted.

    Raises:
        AlreadyServed: another process serves this data folder.
    """
    _outlive_signals()
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(serving, take_sockets, on_ready))


def run_worker(serving: Serving, *, on_ready: Callable[[], None]) -> None:
    """Run the loops alone until SIGINT or SIGTERM, with the worker's roles."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(serving, on_ready))


async def _serve(
    serving: Serving, take_sockets: Callable[[], list[socket.socket]], on_ready: Callable[[], None]
) -> None:
    async with _opened(serving) as product:
        if sockets := take_sockets():
            await _Server(server_config(product.asgi, host="", port=0), on_ready).serve(sockets)


async def _work(serving: Serving, on_ready: Callable[[], None]) -> None:
    stopped = asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(ending, stopped.set)
    async with _opened(serving):
        on_ready()
        await stopped.wait()


@asynccontextmanager
async def _opened(serving: Serving) -> AsyncIterator[Product]:
    """Open the product with its loops running; stop them at a safe point, then close it."""
    configure_logs(is_development=serving.development)
    async with open_product(
        serving.settings,
        clock=serving.clock,
        services=serving.services,
        development=serving.development,
        runs_loops=serving.runs_loops,
        more_checks=serving.checks,
    ) as product:
        workers = product.workers if serving.runs_loops else ()
        loops = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield product
        finally:
            for worker in workers:
                worker.stop()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS_MAX):
                    await asyncio.gather(*loops, return_exceptions=True)


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _spare_the_collector()
            self._on_ready()


def _spare_the_collector() -> None:
    """Leave what was loaded for good out of every later search for garbage.

    Such a search goes through every module, in the middle of some request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)


def _outlive_signals() -> None:
    """Leave stopping to uvicorn: it raises the signal again once it has stopped.

    The default handlers would then end the process before its stores are closed.
    """
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: None)
