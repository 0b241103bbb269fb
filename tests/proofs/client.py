"""A client process: tracks what it is told, and repeats each call until it is answered.

Run as a program with one JSON argument, a ``Task``, so that several of them are several processes.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import httpx

from tests.proofs.history import Answer

CONNECTIONS = 16
PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 0.02
OK = 200
UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Call:
    """One event under a key of its own."""

    key: str
    user_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Task:
    """What one client does: each call in turn, from parallel connections."""

    base_url: str
    secret_key: str
    log: str
    calls: list[Call]


async def run(task: Task, log: TextIO) -> None:
    """Send every call; a call that fails is repeated under its key until it is answered."""
    waiting = iter(task.calls)
    await asyncio.gather(*(_send_in_turn(task, waiting, log) for _ in range(CONNECTIONS)))


async def _send_in_turn(task: Task, waiting: Iterator[Call], log: TextIO) -> None:
    headers = {"Authorization": f"Bearer {task.secret_key}"}
    # A connection each: one shared pool spends its time on its own queue.
    async with httpx.AsyncClient(base_url=task.base_url, headers=headers, timeout=10) as client:
        for call in waiting:
            answer = await _ask(client, call)
            log.write(json.dumps(asdict(answer)) + "\n")
            log.flush()


async def _ask(client: httpx.AsyncClient, call: Call) -> Answer:
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    body = {"userId": call.user_id, "amount": call.amount, "idempotencyKey": call.key}
    while True:
        sent_ns = time.monotonic_ns()
        try:
            answer = await client.post("/v1/track", json=body)
        except httpx.HTTPError:
            answer = None  # Perhaps counted, perhaps not: only the key can tell.
        if answer is not None and answer.status_code == OK:
            return _read(call, sent_ns, answer.json())
        assert answer is None or answer.status_code == UNAVAILABLE, answer.text
        assert time.monotonic() < patience_ends, "nobody answered"
        await asyncio.sleep(PAUSE_SECONDS)


def _read(call: Call, sent_ns: int, decision: dict[str, Any]) -> Answer:
    return Answer(
        key=call.key,
        user_id=call.user_id,
        amount=call.amount,
        sent_ns=sent_ns,
        answered_ns=time.monotonic_ns(),
        allowed=decision["allowed"],
        reason=decision["reason"],
        usage=decision["usage"],
        period_start=decision["periodStart"],
        replayed=decision["replayed"],
    )


def main() -> None:
    """Do the task that the command line brings."""
    given = json.loads(Path(sys.argv[1]).read_text())
    calls = [Call(**call) for call in given.pop("calls")]
    task = Task(**given, calls=calls)
    with Path(task.log).open("a") as log:
        asyncio.run(run(task, log))


if __name__ == "__main__":
    main()
