"""A store has two words, the same on every engine, plus the batch word that metering needs."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

BATCH_WEIGHT_MAX = 512
"""Events in one transaction; what waits beyond that makes the next one."""

T = TypeVar("T")
Item = TypeVar("Item")
Answer = TypeVar("Answer")
Item_contra = TypeVar("Item_contra", contravariant=True)
Answer_co = TypeVar("Answer_co", covariant=True)


class Store(Protocol):
    """One world's store as one service sees it. A verb is a plain function of a Connection.

    A verb never commits, never awaits and makes no network call: it holds the world's only
    writer while it runs. What it raises undoes what it wrote, and only that.
    """

    async def write(self, verb: Callable[[Connection], T]) -> T:
        """Run *verb* in a transaction: atomic, and durable (fsync) on return.

        Raises:
            StoreUnavailable: the database cannot be written; nothing was.
            Overloaded: the queue in front of the writer is full; nothing was written.
        """
        ...

    async def read(self, verb: Callable[[Connection], T]) -> T:
        """Run *verb* on a consistent snapshot that cannot write and never waits for the writer."""
        ...

    def of(self, platform_id: str) -> "Store":
        """Give the same store, bound to one platform: its verbs meet no other platform's rows.

        A door names the platform of each verb on the customers' world in this way. PostgreSQL
        then enforces it, and shows a door that names none nothing of any platform; the loops,
        whose sweeps cross platforms, may leave it out.
        """
        ...


class Dialect(StrEnum):
    """Which SQL an engine speaks, for the metering room, whose hot path is tuned by hand."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class DriverConnection(Protocol):
    """The engine's own connection, for the metering room's hand-tuned SQL only."""

    @property
    def dialect(self) -> Dialect:
        """The SQL that it speaks."""
        ...

    async def fetch(self, sql: str, parameters: Sequence[Any] = ...) -> Sequence[Any]:
        """Run one statement; give all rows, each a sequence of values."""
        ...

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        ...


class RacingConnection(DriverConnection, Protocol):
    """A connection of an engine on which several processes write at once."""

    @property
    def locks(self) -> bool:
        """Whether the verb has to lock what it reads.

        Else nobody is kept from changing it, and what the verb writes has to verify it.
        """
        ...

    async def settle(self, sql: str, parameters: Sequence[Any] = ...) -> None:
        """Run the one statement by which a verb writes, at its end: all of it holds, or nothing.

        Raises:
            Raced: the statement has divided by zero, as it does where it finds something else
                than the verb has read.
        """
        ...


class BatchVerb(Protocol[Item_contra, Answer_co]):
    """Handles everything of its kind that waits at one moment, inside one transaction.

    It awaits nothing but its connection: on SQLite it runs on the writer's thread, without a loop.
    """

    async def __call__(
        self, connection: DriverConnection, items: Sequence[Item_contra], /
    ) -> Sequence[Answer_co | Exception]:
        """Answer each item, in order; an Exception in an item's place is that caller's answer.

        Raising fails every item and writes nothing of them, except for ``Raced``: the engine
        then undoes the transaction and calls again, with the same items.
        """
        ...


class BatchStore(Protocol):
    """The door that metering uses beside ``Store``: group commit, and point reads."""

    def write_batched(
        self, verb: BatchVerb[Item, Answer], item: Item, *, weight: int = 1
    ) -> asyncio.Future[Answer]:
        """Put *item* into the next transaction together with whatever else waits.

        Durable once done, like ``Store.write``; control-plane verbs ride in the same
        transaction as savepoints. *weight* is how many events the item holds: a transaction
        takes at most BATCH_WEIGHT_MAX of them.

        Raises:
            StoreUnavailable, Overloaded: at once or from the future, as ``Store.write``.
        """
        ...

    def read_batched(self, verb: BatchVerb[Item, Answer], item: Item) -> Awaitable[Answer]:
        """Look *item* up together with whatever else waits; *verb* writes nothing.

        Never waits for the writer.
        """
        ...

    async def read_point(self, query: Callable[[DriverConnection], Awaitable[T]]) -> T:
        """Run a look-up of a few rows by primary key, read-only.

        *query* awaits nothing but its connection. It never waits for the writer, and on SQLite
        costs some microseconds; anything that scans belongs into ``Store.read``.
        """
        ...

    def glance(self, query: Callable[[DriverConnection], Coroutine[Any, Any, T]]) -> T | None:
        """``read_point`` without a loop's turn; None where the engine has to wait for answers."""
        ...
