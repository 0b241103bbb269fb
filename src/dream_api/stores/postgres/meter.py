"""The meter's connections: lanes that commit what waits in groups, and points for look-ups.

A lane is one dedicated connection with one batch in flight. What arrives meanwhile makes the next
batch: as on SQLite, one commit is shared by everyone who waited, and so are the round trips.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from dream_api.stores.bindings import World
from dream_api.stores.errors import BindingRefused, Overloaded, StoreUnavailable
from dream_api.stores.postgres.connections import (
    ConnectionLost,
    OutcomeUnknown,
    Patience,
    connect,
    translated,
)
from dream_api.stores.store import BATCH_WEIGHT_MAX, BatchVerb, Dialect, DriverConnection

LANES = 2
"""Batches in flight per process: while one commits, the next is decided."""
POINTS = 4
"""Connections for look-ups per process."""
WAITING_MAX = 8_192
"""Items that may wait; past it callers are refused at once instead of piling up."""
POINTS_WAITING_MAX = 4_096

T = TypeVar("T")
Item = TypeVar("Item")
Answer = TypeVar("Answer")

# The meter's statements find rows by their keys. Plans that depend on how full a table was when
# they were made would turn to reading whole tables; these do not, and they are made once.
_PLANS_BY_KEY = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}


class PostgresDriver:
    """A driver's connection as metering sees it."""

    __slots__ = ("_raw",)
    dialect = Dialect.POSTGRESQL

    def __init__(self, raw: "asyncpg.Connection[Any]") -> None:
        self._raw = raw

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[Any]:
        """Run one statement; give all rows."""
        rows: Sequence[Any] = await self._raw.fetch(sql, *parameters)
        return rows

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        await self._raw.executemany(sql, rows)


class Line:
    """One connection, opened when first needed and again after it broke."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._raw: asyncpg.Connection[Any] | None = None

    async def opened(self) -> "asyncpg.Connection[Any]":
        """Give the connection, open."""
        if self._raw is None or self._raw.is_closed():
            if self._url is None:
                raise BindingRefused("this process has no address: set DREAM_DATABASE_URL_METER")
            self._raw = await connect(self._url, World.CUSTOMERS, **_PLANS_BY_KEY)
        return self._raw

    async def recover(self, error: BaseException) -> None:
        """Make the connection fit for the next use after *error*, or have another one opened.

        A connection whose server says good-bye, or whose caller left in the middle of an answer,
        looks open for a while and never answers again.
        """
        raw = self._raw
        if raw is None or raw.is_closed():
            return
        if not isinstance(error, Exception) or isinstance(
            translated(error), ConnectionLost | OutcomeUnknown
        ):
            raw.terminate()
        elif raw.is_in_transaction():
            try:
                await raw.execute("ROLLBACK")
            except Exception:  # noqa: BLE001 - whatever it is, the connection is of no use.
                raw.terminate()

    async def close(self) -> None:
        """Close it; where the server has gone, there is nothing left to say goodbye to."""
        if self._raw is None:
            return
        try:
            await self._raw.close()
        except Exception as error:
            self._raw.terminate()
            if not isinstance(translated(error), ConnectionLost):
                raise


@dataclass(slots=True, eq=False)
class Work:
    """One caller's item."""

    verb: BatchVerb[Any, Any]
    item: Any
    weight: int
    future: asyncio.Future[Any]


class PostgresMeter:
    """Satisfies ``BatchStore``, as the meter's role on the customers' world."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._waiting: deque[Work] = deque()
        self._arrived = asyncio.Event()
        self._lanes: list[asyncio.Task[None]] = []
        self._is_closing = False
        self._points: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
        for _ in range(POINTS):
            self._points.put_nowait(Line(url))
        self._looks_waiting = 0
        self._patience = Patience()

    def write_batched(
        self, verb: BatchVerb[Item, Answer], item: Item, *, weight: int = 1
    ) -> asyncio.Future[Answer]:
        """Put *item* into the next transaction with all others of *verb*; durable once done."""
        if len(self._waiting) >= WAITING_MAX:
            raise Overloaded("Too many writes are waiting. Retry in a moment.")
        if self._is_closing:
            raise StoreUnavailable("The store is shutting down. Retry in a moment.")
        if not self._lanes:
            self._lanes = [asyncio.create_task(self._run_lane()) for _ in range(LANES)]
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(Work(verb, item, weight, future))
        self._arrived.set()
        return future

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
        self._is_closing = True
        self._arrived.set()
        await asyncio.gather(*self._lanes)
        for _ in range(POINTS):
            await (await self._points.get()).close()

    async def _run_lane(self) -> None:
        line = Line(self._url)
        while (batch := await self._take()) is not None:
            await self._settle(line, batch)
        await line.close()

    async def _take(self) -> list[Work] | None:
        """Wait for work, then take what is there of one verb, up to one transaction's worth."""
        while not self._waiting:
            if self._is_closing:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        batch, weight = [self._waiting.popleft()], 0
        weight = batch[0].weight
        while (
            self._waiting
            and weight + self._waiting[0].weight <= BATCH_WEIGHT_MAX
            and self._waiting[0].verb is batch[0].verb
        ):
            work = self._waiting.popleft()
            batch.append(work)
            weight += work.weight
        return batch

    async def _settle(self, line: Line, batch: list[Work]) -> None:
        """Run a batch to its end and answer everyone in it, whatever happened."""
        items = [work.item for work in batch]
        try:
            answers = await self._patience.persist(lambda _: _transact(line, batch[0].verb, items))
        except Exception as error:  # noqa: BLE001 - whatever broke the transaction is every waiter's answer.
            answers = [error] * len(batch)
        for work, answer in zip(batch, answers, strict=True):
            if work.future.done():  # The caller went away; the write stands all the same.
                continue
            if isinstance(answer, Exception):
                work.future.set_exception(answer)
            else:
                work.future.set_result(answer)


async def _look(line: Line, query: Callable[[DriverConnection], Awaitable[T]]) -> T:
    try:
        return await query(PostgresDriver(await line.opened()))
    except BaseException as error:
        await line.recover(error)
        raise


async def _transact(
    line: Line, verb: BatchVerb[Any, Any], items: Sequence[Any]
) -> Sequence[Any | Exception]:
    """Run one batch in a transaction of its own."""
    try:
        raw = await line.opened()
        await raw.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        answers = await verb(PostgresDriver(raw), items)
        await _commit(raw)
    except BaseException as error:
        await line.recover(error)
        raise
    return answers


async def _commit(raw: "asyncpg.Connection[Any]") -> None:
    try:
        await raw.execute("COMMIT")
    except Exception as error:
        if isinstance(translated(error), ConnectionLost):
            raise OutcomeUnknown from error
        raise
