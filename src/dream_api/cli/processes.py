"""``serve --workers N``: several processes behind one listening socket, on PostgreSQL only.

The parent listens. A process is given the socket when it is ready to accept, not before: one that
is still starting when the parent dies would keep the port from the next parent for seconds.
"""

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import recv_handle, send_handle

import typer

from dream_api.cli.server import Serving, run_product

LOOK_SECONDS = 0.2
STOP_SECONDS_MAX = 20.0
_OPENED = b"opened"
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
        """Start a process; it asks for the sockets, and says when it serves."""
        self._line, theirs = _spawn.Pipe()
        self.is_ready = False
        self._process: BaseProcess = _spawn.Process(
            target=_serve, args=(self._serving, theirs, len(self._sockets))
        )
        self._process.start()
        theirs.close()

    @property
    def signs(self) -> list[Connection | int]:
        """What to wait for: that it serves, and that it has ended."""
        ended: list[Connection | int] = [self._process.sentinel]
        return ended if self.is_ready else [self._line, *ended]

    def look(self) -> bool:
        """Give it what it asks for, see whether it serves; tell whether it is still there."""
        with suppress(EOFError, OSError):  # It has gone, as the answer says.
            while not self.is_ready and self._line.poll():
                if self._line.recv_bytes() == _READY:
                    self.is_ready = True
                else:
                    self._hand_over()
        return self._process.exitcode is None

    def stop(self) -> None:
        """Ask the process to finish its requests, and wait for it.

        One that has not begun to serve is not given the sockets any more, and ends.
        """
        self._line.close()
        self._process.terminate()
        self._process.join(STOP_SECONDS_MAX)
        if self._process.exitcode is None:
            self._process.kill()

    def _hand_over(self) -> None:
        pid = self._process.pid
        assert pid is not None, "it has asked"
        for listener in self._sockets:
            send_handle(self._line, listener.fileno(), pid)


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


def _serve(serving: Serving, parent: Connection, sockets_count: int) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def take_sockets() -> list[socket.socket]:
        try:
            parent.send_bytes(_OPENED)
            return [socket.socket(fileno=recv_handle(parent)) for _ in range(sockets_count)]
        except (EOFError, OSError):  # The parent has gone, or stops: there is nothing to serve.
            return []

    def say_ready() -> None:
        with suppress(OSError):  # The parent has gone, and we are about to follow it.
            parent.send_bytes(_READY)

    run_product(serving, take_sockets, on_ready=say_ready)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "a child has a parent"
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
