"""``dream-api dev`` as a person runs it: a process of its own, killed when a test says so."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from typing_extensions import override

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 60.0
POLL_SECONDS = 0.05


def free_port() -> int:
    """Find a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class DevServer:
    """One ``dream-api dev`` with its own data folder and ports; may be started again.

    Args:
        data_dir: its folder.
        environment: settings of the process, such as the addresses of a database.
        is_quiet: whether its log is thrown away; a test that fails wants to see it.
    """

    def __init__(
        self,
        data_dir: Path,
        environment: Mapping[str, str] | None = None,
        *,
        is_quiet: bool = False,
    ) -> None:
        self.data_dir = data_dir
        self.environment = dict(environment or {})
        self.port = free_port()
        self.stripe_port = free_port()
        self.base_url = f"http://localhost:{self.port}"
        self._stderr = subprocess.DEVNULL if is_quiet else None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "DevServer":
        """Start it and wait until it says that everything works."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dream_api", *self._command(), "--data", str(self.data_dir)],
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
            env=_without_settings() | self.environment,
        )
        patience_ends = time.monotonic() + START_SECONDS_MAX
        while not (self._has_begun() and self.is_ready()):
            assert self._process.poll() is None, "it ended while starting"
            assert time.monotonic() < patience_ends, "it did not become ready"
            time.sleep(POLL_SECONDS)
        return self

    def _has_begun(self) -> bool:
        """Tell whether it is this process that would answer."""
        return True

    def _command(self) -> list[str]:
        return ["dev", "--port", str(self.port), "--stripe-port", str(self.stripe_port)]

    @property
    def is_running(self) -> bool:
        """Tell whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process that was started; others may be its children."""
        assert self._process is not None, "start it first"
        return self._process.pid

    def is_ready(self) -> bool:
        """Ask ``/readyz``."""
        try:
            with urllib.request.urlopen(f"{self.base_url}/readyz", timeout=1) as answer:  # noqa: S310 - our own loopback address.
                return bool(answer.status == 200)
        except OSError:
            return False

    def is_stripe_listening(self) -> bool:
        """Tell whether the simulator's port is taken."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.stripe_port)) == 0

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL to the parent alone."""
        assert self._process is not None, "start it first"
        self._process.kill()
        self._process.wait(STOP_SECONDS_MAX)

    def interrupt(self) -> int:
        """Press Ctrl-C; give the exit code."""
        assert self._process is not None, "start it first"
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(STOP_SECONDS_MAX)

    def stop(self) -> None:
        """End it if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS_MAX)


class ServingProcesses(DevServer):
    """One ``dream-api serve --workers N`` on the port and folder of a ``dev`` that has ended."""

    def __init__(self, dev: DevServer, workers: int) -> None:
        super().__init__(dev.data_dir, dev.environment)
        self.port, self.base_url = dev.port, dev.base_url
        self._workers = workers

    @override
    def _command(self) -> list[str]:
        return ["serve", "--port", str(self.port), "--workers", str(self._workers)]

    @override
    def _has_begun(self) -> bool:
        """Those of a parent that was killed answer for a moment more, before the port is ours."""
        return len(self.children()) == self._workers

    def children(self) -> list[int]:
        """List the serving processes, without multiprocessing's own helper."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # It ended while we looked.
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                is_ours = int(parent) == self.pid
                if is_ours and b"spawn_main" in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
        return sorted(found)


def dream_api(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command of the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "dream_api", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=STOP_SECONDS_MAX,
        env=_without_settings() | dict(environment or {}),
    )


def _without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DREAM_")}


def json_lines(text: str) -> list[dict[str, Any]]:
    """Read a command's output of a JSON object per line."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
