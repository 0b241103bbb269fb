"""``serve --workers N``: several processes behind one listening socket, on PostgreSQL only."""

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import typer

from dream_api.cli.server import Serving, run_product

LOOK_SECONDS = 0.2
SHORTEST_LIFE_SECONDS = 10.0
"""A process that ends sooner would end again and again, so everything is stopped instead."""
STOP_SECONDS_MAX = 20.0

# A fresh interpreter each: a fork would share what only one process may use.
_spawn = multiprocessing.get_context("spawn")


def run_processes(
    serving: Serving,
    sockets: list[socket.socket],
    *,
    workers: int,
    on_ready: Callable[[], None],
) -> None:
    """Serve in *workers* processes until SIGINT or SIGTERM; one that dies is replaced.

    When this process dies, however it dies, the others stop.
    """
    signalled = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: signalled.set())
    children = [_Child(serving, sockets) for _ in range(workers)]
    try:
        has_failed = _supervise(children, signalled, on_ready)
    finally:
        for child in children:
            child.stop()
    if has_failed:
        raise typer.Exit(1)


class _Child:
    """One serving process, started anew when asked."""

    def __init__(self, serving: Serving, sockets: list[socket.socket]) -> None:
        self._serving = serving
        self._sockets = sockets
        self.start()

    def start(self) -> None:
        """Start a process; what it says on ``ready`` is that it serves."""
        self.ready, said = _spawn.Pipe(duplex=False)
        self.process: BaseProcess = _spawn.Process(
            target=_serve, args=(self._serving, self._sockets, said)
        )
        self.process.start()
        self.started_at = time.monotonic()
        said.close()

    @property
    def has_ended(self) -> bool:
        """Tell whether the process is gone."""
        return self.process.exitcode is not None

    @property
    def was_short(self) -> bool:
        """Tell whether it ended too soon to be worth another try."""
        return time.monotonic() - self.started_at < SHORTEST_LIFE_SECONDS

    def stop(self) -> None:
        """Ask the process to finish its requests, and wait for it."""
        self.process.terminate()
        self.process.join(STOP_SECONDS_MAX)
        if not self.has_ended:
            self.process.kill()


def _supervise(
    children: list[_Child], signalled: threading.Event, on_ready: Callable[[], None]
) -> bool:
    """Watch until told to stop; tell whether a process failed for good."""
    starting = list(children)
    while not signalled.is_set():
        waited_for: list[Connection | int] = [child.ready for child in starting]
        waited_for += [child.process.sentinel for child in children]
        wait(waited_for, timeout=LOOK_SECONDS)
        for child in children:
            if child.has_ended and not signalled.is_set():
                if child.was_short:
                    return True
                typer.secho("A serving process ended; starting another.", fg="yellow", err=True)
                child.start()
        if starting and not (starting := [child for child in starting if not child.ready.poll()]):
            on_ready()
    return False


def _serve(serving: Serving, sockets: list[socket.socket], ready: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    run_product(serving, sockets, on_ready=lambda: ready.send_bytes(b"ready"))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "a child has a parent"
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
