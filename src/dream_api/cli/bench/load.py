"""Load: ``wrk`` where it is installed, else a client of our own on raw asyncio connections."""

import asyncio
import multiprocessing
import random
import re
import secrets
import shutil
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

_SCRIPT = Path(__file__).with_name("track.lua")
_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Case:
    """What to send: ``events`` a request, over some connections."""

    name: str
    path: str
    has_keys: bool = False
    events: int = 1
    connections: int = 64

    @property
    def counts(self) -> bool:
        """Whether what it sends is counted."""
        return self.path.startswith("/v1/track") and self.name != "null"

    @property
    def mode(self) -> str:
        """The name that the load script knows it by."""
        if self.events > 1:
            return "batch"
        return "keys" if self.has_keys else "plain"


@dataclass(frozen=True)
class Target:
    """Where to send it: a server's port, a secret key that it knows, and how many end users."""

    port: int
    key: str
    users: int


@dataclass(frozen=True)
class Round:
    """What came back in one round; of several clients, times are the slowest one's."""

    requests: int
    failures: int
    per_second: float
    p50_ms: float
    p99_ms: float


class Clients:
    """Client processes that send at the same time, and share a case's connections.

    Args:
        count: processes.
        key: the secret key that they call with.
        users: the end users that their calls spread over.
    """

    def __init__(self, count: int, key: str, users: int) -> None:
        self._count = count
        self._key = key
        self._users = users
        self._pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def run(self, case: Case, port: int, seconds: int) -> Round:
        """Send *case* to a server for some seconds."""
        target = Target(port, self._key, self._users)
        share = replace(case, connections=case.connections // self._count)
        sending = [self._pool.submit(_run_load, share, target, seconds) for _ in range(self._count)]
        rounds = [sent.result() for sent in sending]
        return Round(
            requests=sum(one.requests for one in rounds),
            failures=sum(one.failures for one in rounds),
            per_second=sum(one.per_second for one in rounds),
            p50_ms=max(one.p50_ms for one in rounds),
            p99_ms=max(one.p99_ms for one in rounds),
        )


def _run_load(case: Case, target: Target, seconds: int) -> Round:
    seed = secrets.randbelow(2**31)
    if shutil.which("wrk"):
        return _run_wrk(case, target, seed, seconds)
    return asyncio.run(_OwnClient(case, target, seed).run(seconds))


def _run_wrk(case: Case, target: Target, seed: int, seconds: int) -> Round:
    command = [
        "wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--latency", "-s", str(_SCRIPT),
        f"http://127.0.0.1:{target.port}", "--", case.path, case.mode, str(seed), target.key,
        str(target.users), str(case.events),
    ]  # fmt: skip
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - fixed.
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return Round(
        requests=int(_found(r"(\d+) requests in", text)),
        failures=int(failed[1]) if failed else 0,
        per_second=float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        p50_ms=_milliseconds(_found(r"(?m)^ +50% +(\S+)", text)),
        p99_ms=_milliseconds(_found(r"(?m)^ +99% +(\S+)", text)),
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, f"wrk said something else: {text}"
    return match[1]


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    assert match is not None, text
    return float(match[1]) * _UNITS_MS[match[2]]


class _OwnClient:
    """Keeps some connections busy; one request at a time on each."""

    def __init__(self, case: Case, target: Target, seed: int) -> None:
        self._case = case
        self._target = target
        self._head = (
            f"POST {case.path} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n"
            f"Authorization: Bearer {target.key}\r\nContent-Type: application/json\r\n"
        ).encode()
        self._random = random.Random(seed)  # noqa: S311 - load need not be secret.
        self._durations: list[float] = []
        self._failures = 0

    async def run(self, seconds: int) -> Round:
        started = time.perf_counter()
        ends = started + seconds
        await asyncio.gather(*(self._connection(ends) for _ in range(self._case.connections)))
        took = time.perf_counter() - started
        ordered = sorted(self._durations)
        return Round(
            len(ordered),
            self._failures,
            len(ordered) / took,
            ordered[len(ordered) // 2] * 1000,
            ordered[len(ordered) * 99 // 100] * 1000,
        )

    async def _connection(self, ends: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target.port)
        while (sent := time.perf_counter()) < ends:
            body = self._body()
            writer.write(self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            self._durations.append(time.perf_counter() - sent)
            self._failures += not head.startswith(b"HTTP/1.1 200")
        writer.close()

    def _body(self) -> bytes:
        if self._case.events == 1:
            return self._event()
        events = b",".join(self._event() for _ in range(self._case.events))
        return b'{"events":[%b]}' % events

    def _event(self) -> bytes:
        user = self._random.randrange(self._target.users)
        if not self._case.has_keys:
            return b'{"userId":"u_%07d","amount":1}' % user
        key = self._random.getrandbits(96)
        return b'{"userId":"u_%07d","amount":1,"idempotencyKey":"%024x"}' % (user, key)
