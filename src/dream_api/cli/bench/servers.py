"""The servers under measurement: processes of their own, and what they cost."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Server:
    """One server, with the processes that it has started."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """Read the CPU time spent so far."""
        ticks = 0
        for pid in self._pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS_PER_SECOND

    def memory_megabytes(self) -> float:
        """Read the resident memory, in units of 1024 * 1024 bytes."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self._pids())
        return pages * _PAGE_BYTES / 2**20

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def null_server(folder: Path) -> Iterator[Server]:
    """Serve the application that does nothing."""
    port = free_port()
    command = ["-m", "dream_api.cli.bench.null_app", str(port)]
    with _process(command, folder / "null.log", {}) as pid:
        yield Server(pid, port)


@contextmanager
def product_server(folder: Path, workers: int, environment: dict[str, str]) -> Iterator[Server]:
    """Serve the product with ``dream-api serve``, on stores that are migrated and seeded."""
    port = free_port()
    command = ["-m", "dream_api", "serve", "--port", str(port), "--workers", str(workers)]
    address = {"DREAM_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with _process(command, folder / "product.log", environment | address) as pid:
        yield Server(pid, port)


@contextmanager
def _process(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[int]:
    """Run a program until the block ends, once it has said that it serves."""
    with log.open("w") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own program.
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | environment,
        )
        assert process.stdout is not None, "it was asked for"
        try:
            while not (line := process.stdout.readline()).startswith("Serving"):
                assert line, log.read_text()
            yield process.pid
        finally:
            process.terminate()
            process.wait()
