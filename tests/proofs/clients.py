"""Several client processes at once, and the history of what all of them were told."""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import httpx

from tests.journeys.driver import FREE, Developer, Journey
from tests.journeys.processes import DevServer
from tests.proofs.client import PATIENCE_SECONDS, Call, Task
from tests.proofs.history import Account, Answer

PROCESSES = 2
USERS = ("u_1", "u_2", "u_3")
AMOUNTS = (1, 1, 1, 2, 3)
SHARED_EVERY = 10
"""Every so many calls, both processes send the same key."""
POLL_SECONDS = 0.005
ROOT = Path(__file__).parents[2]


@dataclass
class Clients:
    """Client processes of one developer, round after round.

    Args:
        base_url: where the product answers.
        developer: whose secret key they use.
        folder: for tasks and logs.
        chance: a seeded source, so that a failing run can be repeated.
    """

    base_url: str
    developer: Developer
    folder: Path
    chance: random.Random
    calls: list[Call] = field(default_factory=list)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, count: int) -> None:
        """Let each process send *count* new calls; some keys are sent by all of them."""
        number = len(self.calls)
        shared = [self._call(f"s{number}-{n}") for n in range(count // SHARED_EVERY)]
        self.calls += shared
        for process in range(PROCESSES):
            own = [self._call(f"c{number}-{process}-{n}") for n in range(count - len(shared))]
            self.calls += own
            mixed = own + shared
            self.chance.shuffle(mixed)
            self._run(mixed, f"{number}-{process}")

    def finish(self) -> None:
        """Wait until every call of the running processes is answered."""
        ended = [process.wait(PATIENCE_SECONDS * 2) for process in self._running]
        self._running.clear()
        assert not any(ended), "a client gave up"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End what still runs, after a failure."""
        for process in self._running:
            process.kill()
            process.wait()

    def wait_for(self, count: int) -> None:
        """Wait until the clients have written down *count* answers more than now."""
        wanted = self._answer_count() + count
        while self._answer_count() < wanted:
            if all(process.poll() is not None for process in self._running):
                return
            time.sleep(POLL_SECONDS)

    def repeat_everything(self) -> None:
        """Send every key of every round once more."""
        self._run(self.calls, "again")
        self.finish()

    def history(self) -> list[Answer]:
        """Read what all of them were told."""
        return [
            Answer(**json.loads(line))
            for log in self.folder.glob("*.answers")
            for line in log.read_text().splitlines()
        ]

    def stored(self) -> dict[Account, int]:
        """Ask the product itself what it has counted this month."""
        found = {}
        with httpx.Client(base_url=self.base_url, headers=self.developer.secret) as client:
            for user_id in USERS:
                answer = client.get("/v1/usage", params={"userId": user_id}).raise_for_status()
                decision = answer.json()
                found[user_id, decision["periodStart"]] = decision["usage"]
        return found

    def _call(self, key: str) -> Call:
        return Call(key, self.chance.choice(USERS), self.chance.choice(AMOUNTS))

    def _run(self, calls: Sequence[Call], name: str) -> None:
        task = self.folder / f"{name}.task"
        log = self.folder / f"{name}.answers"
        told = Task(self.base_url, self.developer.secret_key, str(log), list(calls))
        task.write_text(json.dumps(asdict(told)))
        self._running.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.proofs.client", str(task)],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": f"{ROOT}"},
            )
        )

    def _answer_count(self) -> int:
        return sum(log.read_bytes().count(b"\n") for log in self.folder.glob("*.answers"))


def ready_developer(server: DevServer, limit: int) -> Developer:
    """Walk a developer to keys on this server."""

    async def walk() -> Developer:
        journey = Journey(server.base_url)
        try:
            return await journey.ready_developer([{**FREE, "limit": limit}])
        finally:
            await journey.close()

    return asyncio.run(walk())
