"""Run the cases in turns, print what they came to, and check that nothing was lost."""

import argparse
import asyncio
import contextlib
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.load import Case, Round, run_load
from dream_api.customers.metering import audit
from dream_api.stores.sqlite import open_stores_for_operator

CASES = (
    Case("null", "/v1/track", has_keys=True),
    Case("track, keys", "/v1/track", has_keys=True),
    Case("track", "/v1/track"),
    Case("check", "/v1/check"),
)
WARM_UP_SECONDS = 2
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Server:
    """One server process under measurement."""

    pid: int
    port: int
    key: str

    def cpu_seconds(self) -> float:
        """Read the CPU time spent so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def memory_megabytes(self) -> float:
        """Read the resident memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * _PAGE_BYTES / 1e6


@dataclass(frozen=True)
class Result:
    """One round of one case, with what it cost the server."""

    round: Round
    cpu_microseconds: float
    memory_megabytes: float


def main() -> None:
    """Measure, print, verify; exit 1 when something is missing from the ledger."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dream-bench-") as name:
        folder = Path(name)
        with _server("null", folder) as null, _server("product", folder) as product:
            results = _measure(null, product, options)
        _print(results)
        is_right = _verify(results, folder, options)
    sys.exit(0 if is_right else 1)


def _measure(null: Server, product: Server, options: argparse.Namespace) -> dict[str, list[Result]]:
    results: dict[str, list[Result]] = {case.name: [] for case in CASES}
    for number in range(options.rounds + 1):
        is_warm_up = number == 0
        for case in CASES:
            server = null if case.name == "null" else product
            cpu_before = server.cpu_seconds()
            outcome = run_load(
                case,
                port=server.port,
                key=server.key,
                connections=options.connections,
                seconds=WARM_UP_SECONDS if is_warm_up else options.seconds,
            )
            spent = (server.cpu_seconds() - cpu_before) / max(outcome.requests, 1)
            result = Result(outcome, spent * 1e6, server.memory_megabytes())
            results[case.name].append(result)
            if not is_warm_up:
                print(f"round {number}: {case.name:12} {outcome.per_second:9,.0f}/s", flush=True)
    return results


def _print(results: dict[str, list[Result]]) -> None:
    ceiling = statistics.median(result.round.per_second for result in results["null"][1:])
    columns = ("req/s", 9), ("ratio", 6), ("p50 ms", 7), ("p99 ms", 7), ("CPU us", 7), ("RSS MB", 7)
    print(f"\n{'case':12} " + " ".join(f"{name:>{width}}" for name, width in columns))
    for name, all_results in results.items():
        measured = all_results[1:]
        rate = statistics.median(result.round.per_second for result in measured)
        p50 = statistics.median(result.round.p50_ms for result in measured)
        p99 = statistics.median(result.round.p99_ms for result in measured)
        cpu = statistics.median(result.cpu_microseconds for result in measured)
        memory = measured[-1].memory_megabytes
        print(
            f"{name:12} {rate:9,.0f} {rate / ceiling:6.2f} {p50:7.1f} {p99:7.1f}"
            f" {cpu:7.0f} {memory:7.0f}"
        )


def _verify(results: dict[str, list[Result]], folder: Path, options: argparse.Namespace) -> bool:
    """Compare what was acknowledged with the ledger, and the ledger with every counter."""
    rounds = [result.round for name in ("track, keys", "track") for result in results[name]]
    acknowledged = sum(one.requests - one.failures for one in rounds)
    failures = sum(result.round.failures for all_ in results.values() for result in all_)
    cut_off_max = len(rounds) * options.connections
    with contextlib.closing(sqlite3.connect(folder / "customers.db")) as connection:
        stored = connection.execute("SELECT count(*) FROM metering_ledger").fetchone()[0]
    with open_stores_for_operator(folder) as stores:
        differences = asyncio.run(stores.bindings.customers.read(audit))
    print(
        f"\nacknowledged {acknowledged:,}, in the ledger {stored:,} "
        f"(up to {cut_off_max} were cut off unanswered), failures {failures}, "
        f"{len(differences)} differences"
    )
    is_complete = acknowledged <= stored <= acknowledged + cut_off_max
    return is_complete and not differences and not failures


@contextlib.contextmanager
def _server(kind: str, folder: Path) -> Iterator[Server]:
    """Start a server process on a free port; end it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bench.server", kind, str(port), str(folder)]
    log = folder / f"{kind}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)  # noqa: S603 - fixed.
        assert process.stdout is not None, "it was asked for"
        try:
            words = process.stdout.readline().split()
            assert words[-1:] == ["ready"], log.read_text()
            yield Server(process.pid, port, words[0])
        finally:
            process.terminate()
            process.wait()
