"""The writer: one thread, one connection, one transaction for all that waits at a moment.

What is waiting becomes one batch: BEGIN IMMEDIATE, each control-plane verb in a savepoint of
its own, everything that metering has waiting in one call, COMMIT with fsync; then everyone is
answered with a single wake-up of the event loop. 64 waiting callers cost one fsync, not 64.
"""

import asyncio
import collections
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dream_api.stores.bindings import RIGHTS, Role, World
from dream_api.stores.errors import Overloaded, StoreUnavailable
from dream_api.stores.sqlite.connections import (
    SqliteDriver,
    as_core,
    authorizer,
    open_writer,
    run_at_once,
    translated,
)
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


class Writer:
    """The only writer of one world's file. Start it once; close it to flush and release."""

    def __init__(self, path: Path, world: World) -> None:
        self._raw = open_writer(path)
        self._core = as_core(self._raw)
        self._driver = SqliteDriver(self._raw)
        self._world = world
        self._role: Role | None = None
        self._queue: queue.SimpleQueue[list[Work] | None] = queue.SimpleQueue()
        self._taken: collections.deque[Work] = collections.deque()
        self._arrived: list[Work] = []
        self._handing_over: asyncio.AbstractEventLoop | None = None
        self._waiting = 0
        self._thread = threading.Thread(target=self._run, name=f"{world}-writer", daemon=True)
        self._thread.start()

    async def submit(
        self,
        role: Role,
        verb: Callable[..., Any],
        *,
        item: Any = None,
        is_batched: bool = False,
        weight: int = 1,
    ) -> Any:
        """Queue one write and wait until it is on disk.

        Raises:
            Overloaded: WAITING_MAX writes wait already.
            StoreUnavailable: the file cannot be written, or the writer is closed.
        """
        if self._waiting >= WAITING_MAX:
            raise Overloaded("Too many writes are waiting. Retry in a moment.")
        if not self._thread.is_alive():
            raise StoreUnavailable("The store is shutting down. Retry in a moment.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting += 1
        self._arrived.append(Work(loop, future, role, verb, item, is_batched, weight))
        if self._handing_over is not loop:
            # Everything that arrives in one turn of the loop is handed over together: waking the
            # thread for each would commit the first alone and let both fight for the interpreter.
            self._handing_over = loop
            loop.call_soon(self._hand_over)
        return await future

    def close(self) -> None:
        """Finish what waits, stop the thread and close the file."""
        self._queue.put(None)
        self._thread.join()
        self._core.engine.dispose()
        self._raw.close()

    def _hand_over(self) -> None:
        self._handing_over = None
        arrived, self._arrived = self._arrived, []
        self._queue.put(arrived)

    def _run(self) -> None:
        while (batch := self._take()) is not None:
            outcomes = self._transact(batch)
            self._answer(batch, outcomes)

    def _take(self) -> list[Work] | None:
        """Wait for work, then take all that is there, up to one transaction's worth."""
        while not self._taken:
            works = self._queue.get()
            if works is None:
                return None
            self._taken.extend(works)
        self._take_more()
        batch, weight = [], 0
        while self._taken and weight < BATCH_WEIGHT_MAX:
            work = self._taken.popleft()
            batch.append(work)
            weight += work.weight
        return batch

    def _take_more(self) -> None:
        while len(self._taken) < BATCH_WEIGHT_MAX:
            try:
                works = self._queue.get_nowait()
            except queue.Empty:
                return
            if works is None:
                self._queue.put(None)  # Close after what was taken.
                return
            self._taken.extend(works)

    def _transact(self, batch: list[Work]) -> list[Outcome]:
        try:
            self._begin()
            outcomes = [self._run_verb(work) for work in batch if not work.is_batched]
            for verb, works in _by_verb(batch):
                outcomes += self._run_batch(verb, works)
            self._raw.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever broke the transaction is every waiter's answer.
            return self._fail_everyone(batch, error)
        return outcomes

    def _begin(self) -> None:
        patience_ends = time.monotonic() + LOCK_PATIENCE_SECONDS
        while True:
            try:
                self._raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                is_busy = (error.sqlite_errorcode & 0xFF) == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > patience_ends:
                    raise
                time.sleep(LOCK_RETRY_SECONDS)
            else:
                return

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

    def _run_batch(self, verb: BatchVerb[Any, Any], works: Sequence[Work]) -> list[Outcome]:
        role = works[0].role
        if self._role is not role:
            self._raw.set_authorizer(authorizer(RIGHTS[role, self._world]))
            self._role = role
        self._raw.execute("SAVEPOINT batch")
        try:
            answers = run_at_once(verb(self._driver, [work.item for work in works]))
        except Exception as error:  # noqa: BLE001 - it is the callers' answer, not ours.
            self._raw.execute("ROLLBACK TO batch")
            self._raw.execute("RELEASE batch")
            return [(work.future, None, translated(error)) for work in works]
        self._raw.execute("RELEASE batch")
        return [
            (work.future, None, answer)
            if isinstance(answer, Exception)
            else (work.future, answer, None)
            for work, answer in zip(works, answers, strict=True)
        ]

    def _fail_everyone(self, batch: list[Work], error: Exception) -> list[Outcome]:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")
        failure = translated(error)
        return [(work.future, None, failure) for work in batch]

    def _answer(self, batch: list[Work], outcomes: list[Outcome]) -> None:
        loops = {work.loop for work in batch}
        for loop in loops:
            own = [outcome for outcome in outcomes if outcome[0].get_loop() is loop]
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._resolve, own)

    def _resolve(self, outcomes: list[Outcome]) -> None:
        self._waiting -= len(outcomes)
        for future, result, error in outcomes:
            if future.done():  # The caller went away; the write stands all the same.
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


def _by_verb(batch: list[Work]) -> list[tuple[BatchVerb[Any, Any], list[Work]]]:
    groups: dict[Any, list[Work]] = {}
    for work in batch:
        if work.is_batched:
            groups.setdefault(work.verb, []).append(work)
    return list(groups.items())
