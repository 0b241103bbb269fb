"""The writer: one connection, one transaction for all that waits at a moment.

What is waiting becomes one batch: BEGIN IMMEDIATE, each control-plane verb in a savepoint of
its own, everything that metering has waiting in one call, COMMIT with fsync; then everyone is
answered with a single wake-up of the event loop. 64 waiting callers cost one fsync, not 64.

Where the work is done: a batch of metering alone is some hundred microseconds of statements, so
the event loop runs them itself and leaves only COMMIT, which waits for the disk, to the writer's
thread. Two threads that exchange the interpreter's lock at every row wait for each
other most of the time. Control-plane verbs take longer and run in the thread as a whole.
"""

import asyncio
import collections
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dream_api.stores.bindings import RIGHTS, Role, World
from dream_api.stores.errors import Overloaded, StoreUnavailable
from dream_api.stores.sqlite.checkpoints import Checkpoints
from dream_api.stores.sqlite.connections import (
    SqliteDriver,
    as_core,
    authorizer,
    open_writer,
    run_at_once,
    translated,
)
from dream_api.stores.sqlite.handles import Handle
from dream_api.stores.store import BATCH_WEIGHT_MAX, BatchVerb

WAITING_MAX = 8_192
"""Writes that may wait; past it callers are refused at once instead of piling up."""
LOCK_RETRY_SECONDS = 0.001
LOCK_PATIENCE_SECONDS = 5.0

Outcome = tuple[asyncio.Future[Any], Any, BaseException | None]


@dataclass(slots=True, eq=False)
class Work:
    """One caller's write: a verb of a role, or one item for a batch verb."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    role: Role
    verb: Callable[..., Any]
    item: Any
    is_batched: bool
    weight: int


@dataclass(slots=True, eq=False)
class Batch:
    """One transaction. ``outcomes`` None: its statements have not been run."""

    works: list[Work]
    outcomes: list[Outcome] | None = None


class Writer:
    """The only writer of one world's file. Start it once; close it to flush and release."""

    def __init__(self, path: Path, world: World, handle: Handle) -> None:
        self._raw = open_writer(path)
        self._core = as_core(self._raw)
        self._driver = SqliteDriver(self._raw)
        self._world = world
        self._role: Role | None = None
        self._checkpoints = Checkpoints(path, handle)
        self._lock = threading.Lock()
        """Held by loops, which may be several, and never by the thread while it serves them: a
        loop would wait for a thread that waits for the interpreter's lock, at each commit."""
        self._waiting: collections.deque[Work] = collections.deque()
        self._has_turn = True
        """Whether the connection is free; whoever takes the turn gives it back after COMMIT."""
        self._in_flight = 0
        self._is_closing = False
        self._woken: set[asyncio.AbstractEventLoop] = set()
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"{world}-writer", daemon=True)
        self._thread.start()

    def submit(
        self,
        role: Role,
        verb: Callable[..., Any],
        *,
        item: Any = None,
        is_batched: bool = False,
        weight: int = 1,
    ) -> asyncio.Future[Any]:
        """Queue one write; the future is done when it is on disk.

        Raises:
            Overloaded: WAITING_MAX writes wait already.
            StoreUnavailable: the writer is closed.
        """
        if len(self._waiting) + self._in_flight >= WAITING_MAX:
            raise Overloaded("Too many writes are waiting. Retry in a moment.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        with self._lock:
            if self._is_closing:
                raise StoreUnavailable("The store is shutting down. Retry in a moment.")
            self._waiting.append(Work(loop, future, role, verb, item, is_batched, weight))
            if self._has_turn and loop not in self._woken:
                # At the end of the loop's turn: what arrives in one turn is one batch.
                self._woken.add(loop)
                loop.call_soon(self._begin_batch, loop)
        return future

    def close(self) -> None:
        """Finish what waits, stop the thread and close the file."""
        with self._lock:
            self._is_closing = True
        self._batches.put(None)
        self._thread.join()
        self._checkpoints.close()
        self._core.close()
        self._raw.close()

    def _begin_batch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the next transaction from a loop, unless one is in flight."""
        with self._lock:
            self._woken.discard(loop)
            if not self._has_turn or not self._waiting or self._is_closing:
                return
            self._has_turn = False
            batch = self._take()
        if all(work.is_batched for work in batch.works):
            self._run_statements(batch)
        self._batches.put(batch)

    def _take(self) -> Batch:
        """Take what waits, up to one transaction's worth."""
        works = [self._waiting.popleft()]
        weight = works[0].weight
        while self._waiting and weight + self._waiting[0].weight <= BATCH_WEIGHT_MAX:
            work = self._waiting.popleft()
            works.append(work)
            weight += work.weight
        self._in_flight = len(works)
        return Batch(works)

    def _run(self) -> None:
        """Commit batch after batch; at the end also what no loop has begun."""
        while (batch := self._batches.get()) is not None:
            self._finish(batch)
        while not self._has_turn:  # A loop is still running the statements of the last one.
            batch = self._batches.get()
            assert batch is not None, "a writer is closed once"
            self._finish(batch)
        while True:
            with self._lock:
                if not self._waiting:
                    return
                batch = self._take()
            self._finish(batch)

    def _finish(self, batch: Batch) -> None:
        """Commit, let the next batch begin and answer everyone, with one wake-up a loop."""
        if batch.outcomes is None:
            self._run_statements(batch, LOCK_PATIENCE_SECONDS)
        outcomes = self._commit(batch)
        self._checkpoints.pass_by(self._raw.total_changes)
        by_loop: dict[asyncio.AbstractEventLoop, list[Outcome]] = {}
        for outcome in outcomes:
            by_loop.setdefault(outcome[0].get_loop(), []).append(outcome)
        self._in_flight = 0
        self._has_turn = True
        # Only now: whoever submits after this look finds the turn free.
        with suppress(IndexError):
            by_loop.setdefault(self._waiting[0].loop, [])
        for loop, own in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._answer, loop, own)

    def _answer(self, loop: asyncio.AbstractEventLoop, outcomes: list[Outcome]) -> None:
        for future, result, error in outcomes:
            if future.done():  # The caller went away; the write stands all the same.
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        self._begin_batch(loop)

    def _run_statements(self, batch: Batch, patience_seconds: float = 0) -> None:
        """Run everything but COMMIT. Without patience a locked file leaves it to the thread."""
        try:
            if not self._begin(patience_seconds):
                return
            works = batch.works
            outcomes = [self._run_verb(work) for work in works if not work.is_batched]
            for verb, group in _by_verb(works):
                outcomes += self._run_batch(verb, group, is_alone=len(group) == len(works))
            batch.outcomes = outcomes
        except Exception as error:  # noqa: BLE001 - whatever broke the transaction is every waiter's answer.
            batch.outcomes = self._fail_everyone(batch.works, error)

    def _commit(self, batch: Batch) -> list[Outcome]:
        try:
            if self._raw.in_transaction:
                self._raw.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - as above.
            return self._fail_everyone(batch.works, error)
        assert batch.outcomes is not None, "statements were run before"
        return batch.outcomes

    def _begin(self, patience_seconds: float) -> bool:
        """Take the file's lock, which only another process can hold."""
        patience_ends = time.monotonic() + patience_seconds
        while True:
            try:
                self._raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                is_busy = (error.sqlite_errorcode & 0xFF) == sqlite3.SQLITE_BUSY
                if is_busy and not patience_seconds:
                    return False
                if not is_busy or time.monotonic() > patience_ends:
                    raise
                time.sleep(LOCK_RETRY_SECONDS)
            else:
                return True

    def _run_verb(self, work: Work) -> Outcome:
        self._raw.execute("SAVEPOINT verb")
        # Anew before each verb: a statement prepared under another role skips a mere variable.
        self._raw.set_authorizer(authorizer(RIGHTS[work.role, self._world]))
        self._role = work.role
        try:
            result = work.verb(self._core)
        except Exception as error:  # noqa: BLE001 - it is the caller's answer, not ours.
            self._core.rollback()  # Resets Core's own view only; the savepoint undoes the writes.
            self._raw.execute("ROLLBACK TO verb")
            self._raw.execute("RELEASE verb")
            return work.future, None, translated(error)
        self._raw.execute("RELEASE verb")
        return work.future, result, None

    def _run_batch(
        self, verb: BatchVerb[Any, Any], works: Sequence[Work], *, is_alone: bool
    ) -> list[Outcome]:
        """Run one batch verb; its failure undoes the others' work only where it is alone."""
        role = works[0].role
        if self._role is not role:
            self._raw.set_authorizer(authorizer(RIGHTS[role, self._world]))
            self._role = role
        items = [work.item for work in works]
        if is_alone:
            return _outcomes(works, run_at_once(verb(self._driver, items)))
        self._raw.execute("SAVEPOINT batch")
        try:
            answers = run_at_once(verb(self._driver, items))
        except Exception as error:  # noqa: BLE001 - it is the callers' answer, not ours.
            self._raw.execute("ROLLBACK TO batch")
            self._raw.execute("RELEASE batch")
            return [(work.future, None, translated(error)) for work in works]
        self._raw.execute("RELEASE batch")
        return _outcomes(works, answers)

    def _fail_everyone(self, works: list[Work], error: Exception) -> list[Outcome]:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")
        failure = translated(error)
        return [(work.future, None, failure) for work in works]


def _outcomes(works: Sequence[Work], answers: Sequence[Any]) -> list[Outcome]:
    return [
        (work.future, None, answer)
        if isinstance(answer, Exception)
        else (work.future, answer, None)
        for work, answer in zip(works, answers, strict=True)
    ]


def _by_verb(batch: list[Work]) -> list[tuple[BatchVerb[Any, Any], list[Work]]]:
    groups: dict[Any, list[Work]] = {}
    for work in batch:
        if work.is_batched:
            groups.setdefault(work.verb, []).append(work)
    return list(groups.items())
