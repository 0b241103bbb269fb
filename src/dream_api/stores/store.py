"""A store has two words, the same on every engine, plus the batch word that metering needs."""

from collections.abc import Callable, Iterator, Sequence
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


class DriverCursor(Protocol):
    """The part of a DB-API cursor that hand-tuned SQL needs."""

    def fetchall(self) -> list[Any]:
        """Give all rows."""
        ...

    def fetchone(self) -> Any:
        """Give the next row or None."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class DriverConnection(Protocol):
    """The engine's own connection, for the metering room's hand-tuned SQL only."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> DriverCursor:
        """Run one statement."""
        ...

    def executemany(self, sql: str, parameters: Sequence[Sequence[Any]], /) -> DriverCursor:
        """Run one statement for each row of parameters."""
        ...


class BatchVerb(Protocol[Item_contra, Answer_co]):
    """Handles everything of its kind that waits at one moment, inside one transaction."""

    def __call__(
        self, connection: DriverConnection, items: Sequence[Item_contra], /
    ) -> Sequence[Answer_co | Exception]:
        """Answer each item, in order; an Exception in an item's place is that caller's answer.

        Raising fails every item and writes nothing of them.
        """
        ...


class BatchStore(Protocol):
    """The door that metering uses beside ``Store``: group commit, and point reads."""

    async def write_batched(
        self, verb: BatchVerb[Item, Answer], item: Item, *, weight: int = 1
    ) -> Answer:
        """Put *item* into the next transaction together with whatever else waits.

        Durable on return, like ``Store.write``; control-plane verbs ride in the same
        transaction as savepoints. *weight* is how many events the item holds: a transaction
        takes at most BATCH_WEIGHT_MAX of them.
        """
        ...

    def read_point(self, query: Callable[[DriverConnection], T]) -> T:
        """Run a look-up of a few rows by primary key on the caller's thread, read-only.

        Costs some microseconds and never waits for the writer; anything that scans
        belongs into ``Store.read``.
        """
        ...
