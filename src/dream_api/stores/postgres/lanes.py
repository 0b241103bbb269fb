"""Lanes: what waits at one moment goes to PostgreSQL together.

A lane is one dedicated connection with one batch in flight. What arrives meanwhile makes the next
batch: round trips, and for those who write the commit, are shared by everyone who waited.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dream_api.stores.errors import Overloaded, StoreUnavailable
from dream_api.stores.postgres.connections import Patience
from dream_api.stores.postgres.lines import Line
from dream_api.stores.store import BATCH_WEIGHT_MAX, BatchVerb

WAITING_MAX = 8_192
"""Items that may wait; past it callers are refused at once instead of piling up."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")

Attempt = Callable[[BatchVerb[Any, Any], Sequence[Any], int], Awaitable[Sequence[Any | Exception]]]
"""Runs a batch of some weight once."""


@dataclass(slots=True, eq=False)
class Work:
    """One caller's item."""

    verb: BatchVerb[Any, Any]
    item: Any
    weight: int
    future: asyncio.Future[Any]


class Lanes:
    """A queue of items, and the connections that serve it.

    Args:
        url: where connections lead.
        count: batches in flight at once.
        attempt: makes of a lane's connection what runs a batch on it.
    """

    def __init__(self, url: str | None, count: int, attempt: Callable[[Line], Attempt]) -> None:
        self._url = url
        self._count = count
        self._attempt = attempt
        self._waiting: deque[Work] = deque()
        self._arrived = asyncio.Event()
        self._running: list[asyncio.Task[None]] = []
        self._is_closing = False
        self._patience = Patience()

    def put(self, verb: BatchVerb[Item, Answer], item: Item, weight: int) -> asyncio.Future[Answer]:
        """Put *item* into the next batch of *verb*."""
        if len(self._waiting) >= WAITING_MAX:
            raise Overloaded("Too many calls are waiting. Retry in a moment.")
        if self._is_closing:
            raise StoreUnavailable("The store is shutting down. Retry in a moment.")
        if not self._running:
            self._running = [asyncio.create_task(self._run()) for _ in range(self._count)]
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(Work(verb, item, weight, future))
        self._arrived.set()
        return future

    async def close(self) -> None:
        """Finish what waits and close the connections."""
        self._is_closing = True
        self._arrived.set()
        await asyncio.gather(*self._running)

    async def _run(self) -> None:
        line = Line(self._url)
        attempt = self._attempt(line)
        while (batch := await self._take()) is not None:
            await self._settle(attempt, batch)
        await line.close()

    async def _take(self) -> list[Work] | None:
        """Wait for work, then take what is there of one verb, up to one transaction's worth."""
        while not self._waiting:
            if self._is_closing:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        batch = [self._waiting.popleft()]
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

    async def _settle(self, attempt: Attempt, batch: list[Work]) -> None:
        """Run a batch to its end and answer everyone in it, whatever happened."""
        verb, items = batch[0].verb, [work.item for work in batch]
        weight = sum(work.weight for work in batch)
        try:
            answers = await self._patience.persist(lambda _: attempt(verb, items, weight))
        except Exception as error:  # noqa: BLE001 - whatever broke the transaction is every waiter's answer.
            answers = [error] * len(batch)
        for work, answer in zip(batch, answers, strict=True):
            if work.future.done():  # The caller went away; the write stands all the same.
                continue
            if isinstance(answer, Exception):
                work.future.set_exception(answer)
            else:
                work.future.set_result(answer)
