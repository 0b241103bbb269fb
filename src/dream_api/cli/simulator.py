"""The Stripe simulator as a process of ``dev``: started, watched, started anew when it dies.

It ends when this process does, however it ends: it watches its standard input, which the kernel
closes.
"""

import http.client
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from dream_api.cli.configuration import CLOCK_FILE
from dream_api.kit.keys import Mode
from dream_api.settings import Settings

SIMULATOR_HOST = "127.0.0.1"
START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 5.0
POLL_SECONDS = 0.02
RESTART_PAUSE_SECONDS = 0.2
SIMULATOR_APPLICATIONS = {
    Mode.LIVE: ("sk_test_simulator", "ca_simulator"),
    Mode.TEST: ("sk_test_simulator_test", "ca_simulator_test"),
}
"""Our two sets of Stripe settings. Both are test keys: the simulator refuses live ones."""
_STOPPED_BY_CTRL_C = frozenset({0, -signal.SIGINT, 128 + signal.SIGINT})
"""Ctrl-C reaches the whole process group; then this process ends, too."""


class Simulator:
    """The simulator's process, whichever it is at the moment."""

    def __init__(self, command: Sequence[str], port: int, *, is_quiet: bool) -> None:
        self._command = command
        self._port = port
        self._output = subprocess.DEVNULL if is_quiet else None
        self._stopping = threading.Event()
        self._process = self._start()
        self._watcher = threading.Thread(target=self._watch, name="simulator-watcher", daemon=True)

    def watch(self) -> None:
        """Start it anew from now on, should it die."""
        self._watcher.start()

    async def is_well(self) -> bool:
        """Tell whether it runs; one that has just died is being started."""
        return self._process.poll() is None

    def wait_until_it_answers(self) -> None:
        """Wait; exit with a readable message where it does not start."""
        patience_ends = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < patience_ends:
            if self._process.poll() is not None:
                typer.secho(
                    f"The Stripe simulator did not start on port {self._port}. "
                    "Stop what uses the port, or choose another with --stripe-port.",
                    fg="red",
                    err=True,
                )
                raise typer.Exit(2)
            if self._answers():
                return
            time.sleep(POLL_SECONDS)
        typer.secho("The Stripe simulator did not answer in time.", fg="red", err=True)
        raise typer.Exit(2)

    def stop(self) -> None:
        """End it, for good."""
        self._stopping.set()
        self._process.terminate()
        if self._watcher.is_alive():
            self._watcher.join(STOP_SECONDS_MAX)
        self._close(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=self._output)  # noqa: S603 - our own module, our own arguments.

    def _watch(self) -> None:
        while True:
            code = self._process.wait()
            if code in _STOPPED_BY_CTRL_C or self._stopping.wait(RESTART_PAUSE_SECONDS):
                return
            typer.secho("The Stripe simulator ended; starting it again.", fg="yellow", err=True)
            ended, self._process = self._process, self._start()
            self._close(ended)
            if self._stopping.is_set():  # Asked to stop in that very moment.
                self._process.terminate()

    def _close(self, process: subprocess.Popen[bytes]) -> None:
        process.wait(STOP_SECONDS_MAX)
        if process.stdin is not None:
            process.stdin.close()

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(SIMULATOR_HOST, self._port, timeout=1)
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except OSError:
            return False
        else:
            return True
        finally:
            connection.close()


@contextmanager
def run_simulator(settings: Settings, port: int, *, is_quiet: bool = False) -> Iterator[Simulator]:
    """Run the simulator until the block ends, or this process does; start it anew if it dies."""
    command = [
        sys.executable, "-m", "stripe_simulator",
        "--host", SIMULATOR_HOST, "--port", str(port),
        "--data", str(settings.data_dir / "stripe"),
        "--clock-file", str(settings.data_dir / CLOCK_FILE),
        "--redirect-uri", f"{settings.public_url}/oauth/callback",
        "--until-stdin-closes",
    ]  # fmt: skip
    for secret_key, client_id in SIMULATOR_APPLICATIONS.values():
        command += ["--application", f"{secret_key}={client_id}"]
    simulator = Simulator(command, port, is_quiet=is_quiet)
    try:
        simulator.wait_until_it_answers()
        simulator.watch()
        yield simulator
    finally:
        simulator.stop()
