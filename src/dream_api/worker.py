"""The door of time: what happens without anyone asking.

Owns loops: which job runs how often, that one failing job stops no other, that work which waits
is taken up at once, and a heartbeat that tells whether a loop lives.
Does not own what the jobs do: each is a room's verb, bound in ``app.py``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from dream_api.gateways.clock import monotonic_seconds

IDLE_SECONDS = 0.2
"""Between looks at what is due; a wake-up ends the wait early."""
ROUNDS_MAX = 100
"""Times in a row that a job with a backlog runs before the others get their turn."""
FAILURE_PAUSE_SECONDS = 5.0
HEARTBEAT_SECONDS_MAX = 60.0

_logger = structlog.get_logger("dream_api.worker")


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do again and again.

    Attributes:
        name: a room and a verb, for the logs.
        every_seconds: the pause after a run that found nothing to do.
        run: does a bounded piece of work and tells how much it did.
        piece: what a run does where more is waiting; less means that nothing is left. Under
            load something new waits after each run, and a run for a few rows costs as much as
            one for thousands.
    """

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[int]]
    piece: int = 1


class Worker:
    """One loop over the jobs of one world, in one task: jobs of a world never race each other."""

    def __init__(self, name: str, jobs: Sequence[Job]) -> None:
        self.name = name
        self._jobs = jobs
        self._due_at = dict.fromkeys((job.name for job in jobs), 0.0)
        self._wake = asyncio.Event()
        self._stopping = False
        self._beat = monotonic_seconds()

    @property
    def is_alive(self) -> bool:
        """Tell whether the loop has gone round lately."""
        return monotonic_seconds() - self._beat < HEARTBEAT_SECONDS_MAX

    def wake(self) -> None:
        """End the wait: something has been put into an inbox or outbox just now."""
        self._due_at = dict.fromkeys(self._due_at, 0.0)
        self._wake.set()

    def stop(self) -> None:
        """Ask the loop to end after the job in hand, which is a safe point."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Go round until stopped."""
        while not self._stopping:
            self._beat = monotonic_seconds()
            for job in self._jobs:
                if not self._stopping and self._due_at[job.name] <= monotonic_seconds():
                    await self._run_job(job)
            await self._rest()

    async def _run_job(self, job: Job) -> None:
        pause_seconds = job.every_seconds
        try:
            for _ in range(ROUNDS_MAX):
                self._beat = monotonic_seconds()
                if self._stopping or await job.run() < job.piece:
                    break
        except Exception:  # A broken job is logged and tried again; the others go on.
            _logger.exception("job.failed", worker=self.name, job=job.name)
            pause_seconds = max(pause_seconds, FAILURE_PAUSE_SECONDS)
        self._due_at[job.name] = monotonic_seconds() + pause_seconds

    async def _rest(self) -> None:
        if self._stopping:
            return
        try:
            await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)
        except TimeoutError:
            return
        self._wake.clear()
