"""How fast are the pages with 100,000 end users? ``python -m bench.pages``; see README.md.

A demo store of that size is filled once (minutes; ``--data`` keeps it), then served as ``dream-api
dev`` serves it and asked over HTTP by one client, as one developer's browser would.
"""

import argparse
import contextlib
import gzip
import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

EMAIL, PASSWORD = "demo@example.com", "violet otter under a paper moon"
PAGES = {
    "50 rows, newest first": "/dashboard/users",
    "50 rows, by revenue": "/dashboard/users?sort=mrr&order=desc",
    "50 rows, one plan": "/dashboard/users?plan=pro",
    "search that finds nobody": "/dashboard/users?q=zzzz",
    "search for a name": "/dashboard/users?q=lovelace",
    "search for an address": "/dashboard/users?q=ada.lovelace",
    "search that finds most": "/dashboard/users?q=example",
    "overview, 30 days": "/dashboard",
    "overview, 12 months": "/dashboard?days=365",
    "tiers": "/dashboard/tiers",
}
WARM_UP_ROUNDS = 3
START_SECONDS_MAX = 60
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_ASSETS = re.compile(r'(?:src|href)="(/static/[^"]+)"')


@dataclass(frozen=True)
class Answer:
    """One answer, as it came over the wire."""

    milliseconds: float
    body: bytes


class Browser:
    """One signed-in client on one kept-alive connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
        form = urllib.parse.urlencode({"email": EMAIL, "password": PASSWORD})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        origin = {"Origin": f"http://localhost:{port}"}
        self._connection.request("POST", "/sign-in", form, self._headers | kind | origin)
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == http.HTTPStatus.SEE_OTHER, "the demo's developer signs in"
        cookies = answer.headers.get_all("Set-Cookie") or []
        self._headers["Cookie"] = "; ".join(cookie.split(";")[0] for cookie in cookies)

    def get(self, path: str) -> Answer:
        """Ask for a page and read all of it."""
        begun = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == http.HTTPStatus.OK, f"{path}: {answer.status}"
        return Answer((time.perf_counter() - begun) * 1e3, body)

    def stream(self, path: str) -> Iterator[tuple[float, int]]:
        """Read an answer piece by piece: (milliseconds since it was asked for, bytes)."""
        begun = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        while piece := answer.read1():
            yield (time.perf_counter() - begun) * 1e3, len(piece)


def main() -> None:
    """Fill, serve, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--data", type=Path, help="A demo store to use, or to fill and keep.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dream-bench-") as name:
        folder = options.data or Path(name)
        if not (folder / "customers.db").exists():
            _run("demo", f"--users={options.users}", f"--events={options.events}", data=folder)
        with _server(folder) as (pid, port):
            browser = Browser(port)
            _measure_pages(browser, options.rounds)
            _weigh(browser)
            _measure_export(browser, pid)


def _measure_pages(browser: Browser, rounds: int) -> None:
    print(f"{'page':26} {'p50 ms':>8} {'p95 ms':>8} {'KB gzip':>8}")
    for name, path in PAGES.items():
        answers = [browser.get(path) for _ in range(rounds + WARM_UP_ROUNDS)][WARM_UP_ROUNDS:]
        times = sorted(answer.milliseconds for answer in answers)
        p50, p95 = statistics.median(times), times[int(len(times) * 0.95)]
        print(f"{name:26} {p50:8.1f} {p95:8.1f} {len(answers[-1].body) / 1e3:8.1f}", flush=True)


def _weigh(browser: Browser) -> None:
    """Add up what a first visit of the table loads: the page, its styles and its modules."""
    page = browser.get("/dashboard/users").body
    assets = sorted(set(_ASSETS.findall(gzip.decompress(page).decode())))
    total = len(page) + sum(len(browser.get(path).body) for path in assets)
    print(f"\nfirst visit of the table: {total / 1e3:.1f} KB gzip in {len(assets) + 1} requests")


def _measure_export(browser: Browser, pid: int) -> None:
    before = _resident_megabytes(pid)
    pieces, memory = [], []
    for number, piece in enumerate(browser.stream("/dashboard/users.csv")):
        pieces.append(piece)
        if number % 20 == 0:
            memory.append(_resident_megabytes(pid))
    first = _first_row(pieces)
    print(
        f"CSV: first row after {first:.0f} ms, {sum(size for _, size in pieces) / 1e6:.1f} MB in"
        f" {pieces[-1][0] / 1e3:.1f} s; the server grew by {max(memory) - before:.1f} MB"
    )


def _first_row(pieces: Sequence[tuple[float, int]]) -> float:
    """Give when the first piece after the line of column names came."""
    return pieces[1][0] if len(pieces) > 1 else pieces[0][0]


def _resident_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * _PAGE_BYTES / 1e6


def _run(command: str, *arguments: str, data: Path) -> None:
    line = [sys.executable, "-m", "dream_api", command, "--data", str(data), *arguments]
    subprocess.run(line, check=True)  # noqa: S603 - our own commands.


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[tuple[int, int]]:
    """Serve a folder on free ports; end it afterwards."""
    port, stripe_port = _free_port(), _free_port()
    line = [sys.executable, "-m", "dream_api", "dev", "--data", str(folder)]
    line += [f"--port={port}", f"--stripe-port={stripe_port}"]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own command.
    try:
        _wait(port)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    patience_ends = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < patience_ends:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        time.sleep(0.1)
    message = "the server did not become ready"
    raise TimeoutError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
