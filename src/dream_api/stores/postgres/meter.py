"""The meter on PostgreSQL: lanes that count, lanes that ask, and points for single look-ups."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import asyncpg

from dream_api.stores.errors import Overloaded, Raced
from dream_api.stores.postgres.connections import (
    ConnectionLost,
    OutcomeUnknown,
    Patience,
    translated,
)
from dream_api.stores.postgres.lanes import Attempt, Lanes
from dream_api.stores.postgres.lines import Line, PostgresDriver
from dream_api.stores.store import BatchVerb, DriverConnection

WRITING_LANES = 2
ASKING_LANES = 2
"""Batches in flight per process: while the database works on one, the next is decided."""
POINTS = 2
"""Connections for look-ups per process."""
POINTS_WAITING_MAX = 4_096
LOCKING_BATCHES_MAX = 64
LOCKING_WEIGHT_MIN = 128
"""A batch of so many events always locks: two of them nearly always share a user, running one
again costs much, and the round trips weigh little."""

T = TypeVar("T")
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class PostgresMeter:
    """Satisfies ``BatchStore``, as the meter's role on the customers' world."""

    def __init__(self, url: str | None) -> None:
        self._writing = Lanes(url, WRITING_LANES, _WritingLane)
        self._asking = Lanes(url, ASKING_LANES, _asking)
        self._points: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
        for _ in range(POINTS):
            self._points.put_nowait(Line(url))
        self._looks_waiting = 0
        self._patience = Patience()

    def write_batched(
        self, verb: BatchVerb[Item, Answer], item: Item, *, weight: int = 1
    ) -> asyncio.Future[Answer]:
        """Put *item* into the next transaction with all others of *verb*; durable once done."""
        return self._writing.put(verb, item, weight)

    def read_batched(self, verb: BatchVerb[Item, Answer], item: Item) -> asyncio.Future[Answer]:
        """Look *item* up together with all others of *verb* that wait."""
        return self._asking.put(verb, item, 1)

    def glance(self, query: Callable[[DriverConnection], Coroutine[Any, Any, T]]) -> T | None:
        """Give None: an answer has to come over the network."""
        del query
        return None

    async def read_point(self, query: Callable[[DriverConnection], Awaitable[T]]) -> T:
        """Run a look-up of a few rows, on a connection that no batch uses."""
        if self._looks_waiting >= POINTS_WAITING_MAX:
            raise Overloaded("Too many look-ups are waiting. Retry in a moment.")
        self._looks_waiting += 1
        line = await self._points.get()
        try:
            return await self._patience.persist(lambda _: _look(line, query))
        finally:
            self._points.put_nowait(line)
            self._looks_waiting -= 1

    async def close(self) -> None:
        """Finish what waits and close the connections."""
        await self._writing.close()
        await self._asking.close()
        for _ in range(POINTS):
            await (await self._points.get()).close()


class _WritingLane:
    """Runs batches that write, locking what they read only where others want the same users.

    Without locks a batch is two round trips and half the work, but it has to run again if another
    process, or another lane, has changed one of its rows. After a lost race some batches lock;
    each race lost soon after another doubles them. So lanes that meet on busy users nearly always
    lock, and lanes that meet by chance nearly never do.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._locking_left = 0
        self._locking_next = 0

    async def __call__(
        self, verb: BatchVerb[Any, Any], items: Sequence[Any], weight: int
    ) -> Sequence[Any | Exception]:
        """Run a batch."""
        try:
            raw = await self._line.opened()
            if weight < LOCKING_WEIGHT_MIN and self._dares():
                try:
                    answers = await verb(PostgresDriver(raw), items)
                except Raced:
                    self._locking_left = self._locking_next
                    self._locking_next = min(self._locking_next * 2 + 1, LOCKING_BATCHES_MAX)
                else:
                    self._locking_next //= 2
                    return answers
            return await _transact(raw, verb, items)
        except BaseException as error:
            await self._line.recover(error)
            raise

    def _dares(self) -> bool:
        """Tell whether the next batch does without locks."""
        if self._locking_left == 0:
            return True
        self._locking_left -= 1
        return False


def _asking(line: Line) -> Attempt:
    return lambda verb, items, _: _look(line, lambda connection: verb(connection, items))


async def _look(line: Line, query: Callable[[DriverConnection], Awaitable[T]]) -> T:
    try:
        return await query(PostgresDriver(await line.opened()))
    except BaseException as error:
        await line.recover(error)
        raise


async def _transact(
    raw: "asyncpg.Connection[Any]", verb: BatchVerb[Any, Any], items: Sequence[Any]
) -> Sequence[Any | Exception]:
    """Run one batch in a transaction that locks what it reads."""
    await raw.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
    answers = await verb(PostgresDriver(raw, locks=True), items)
    await _commit(raw)
    return answers


async def _commit(raw: "asyncpg.Connection[Any]") -> None:
    try:
        await raw.execute("COMMIT")
    except Exception as error:
        if isinstance(translated(error), ConnectionLost):
            raise OutcomeUnknown from error
        raise
