"""``serve --workers N``: several processes behind one listening socket, on PostgreSQL only."""

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import typer

from dream_api.cli.server import Serving, run_product

LOOK_SECONDS = 0.2
STOP_SECONDS_MAX = 20.0
_READY = b"ready"

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
        """Start a process; it says when it serves."""
        self._says, said = _spawn.Pipe(duplex=False)
        self.is_ready = False
        self._process: BaseProcess = _spawn.Process(
            target=_serve, args=(self._serving, self._sockets, said)
        )
        self._process.start()
        said.close()

    @property
    def signs(self) -> list[Connection | int]:
        """What to wait for: that it serves, and that it has ended."""
        ended: list[Connection | int] = [self._process.sentinel]
        return ended if self.is_ready else [self._says, *ended]

    def look(self) -> bool:
        """See whether it serves by now; tell whether it is still there."""
        if not self.is_ready and self._says.poll():
            with suppress(EOFError):
                self.is_ready = self._says.recv_bytes() == _READY
        return self._process.exitcode is None

    def stop(self) -> None:
        """Ask the process to finish its requests, and wait for it."""
        self._process.terminate()
        self._process.join(STOP_SECONDS_MAX)
        if self._process.exitcode is None:
            self._process.kill()


def _supervise(
    children: list[_Child], signalled: threading.Event, on_ready: Callable[[], None]
) -> bool:
    """Watch until told to stop; tell whether a process failed before it ever served.

    Such a one would fail again and again; one that has served is replaced.
    """
    is_announced = False
    while not signalled.is_set():
        wait([sign for child in children for sign in child.signs], timeout=LOOK_SECONDS)
        for child in children:
            if child.look() or signalled.is_set():
                continue
            if not child.is_ready:
                return True
            typer.secho("A serving process ended; starting another.", fg="yellow", err=True)
            child.start()
        if not is_announced and all(child.is_ready for child in children):
            is_announced = True
            on_ready()
    return False


def _serve(serving: Serving, sockets: list[socket.socket], ready: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def say_ready() -> None:
        with suppress(BrokenPipeError):  # The parent has gone, and we are about to follow it.
            ready.send_bytes(_READY)

    run_product(serving, sockets, on_ready=say_ready)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "a child has a parent"
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
