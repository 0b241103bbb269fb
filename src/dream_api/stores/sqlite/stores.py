"""Both worlds' files in one data folder, and each service's view of them."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection

from dream_api.gateways.clock import Clock
from dream_api.stores.bindings import Bindings, OperatorBindings, Role, World, bind
from dream_api.stores.errors import BindingRefused, Overloaded
from dream_api.stores.migrations import check_schema, migrate
from dream_api.stores.sqlite.connections import (
    SqliteDriver,
    as_core,
    open_looking,
    open_reader,
    open_writer,
    run_at_once,
    translated,
)
from dream_api.stores.sqlite.folder import check_there, check_whole, lock_whole_folder, store_file
from dream_api.stores.sqlite.handles import Handle
from dream_api.stores.sqlite.writer import Writer
from dream_api.stores.store import BatchVerb, DriverConnection, Store

READER_THREADS = 4
READS_WAITING_MAX = 1_024

T = TypeVar("T")
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class WorldFile:
    """One world's file: its writer (unless read-only) and a small pool of reader threads."""

    def __init__(self, path: Path, world: World, *, is_writable: bool) -> None:
        self.world = world
        self._path = path
        self._handle = Handle(path)
        self._writer = Writer(path, world, self._handle) if is_writable else None
        self._readers = ThreadPoolExecutor(READER_THREADS, thread_name_prefix=f"{world}-reader")
        self._reads_waiting = 0
        self._local = threading.local()
        self._opened: list[Any] = []
        self._opened_lock = threading.Lock()

    @property
    def writer(self) -> Writer:
        """The writer.

        Raises:
            BindingRefused: this process opened the file to read.
        """
        if self._writer is None:
            message = f"{self._path.name} was opened read-only"
            raise BindingRefused(message)
        return self._writer

    async def read(self, role: Role, verb: Callable[[Connection], T]) -> T:
        """Run *verb* on a snapshot, in a reader thread.

        Raises:
            Overloaded: READS_WAITING_MAX reads wait already.
        """
        if self._reads_waiting >= READS_WAITING_MAX:
            raise Overloaded("Too many reads are waiting. Retry in a moment.")
        self._reads_waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._readers, self._read_in_thread, role, verb)
        finally:
            self._reads_waiting -= 1

    async def read_point(self, role: Role, query: Callable[[DriverConnection], Awaitable[T]]) -> T:
        """Run a look-up on the caller's thread."""
        try:
            return await query(self._driver(role))
        except Exception as error:
            raise translated(error) from error

    def glance(self, role: Role, query: Callable[[DriverConnection], Coroutine[Any, Any, T]]) -> T:
        """Run a look-up on the caller's thread, at once."""
        try:
            return run_at_once(query(self._driver(role)))
        except Exception as error:
            raise translated(error) from error

    def close(self) -> None:
        """Stop the threads and close every connection."""
        self._readers.shutdown()
        if self._writer is not None:
            self._writer.close()
        for raw, core in self._opened:
            core.close()
            raw.close()
        self._handle.close()

    def _read_in_thread(self, role: Role, verb: Callable[[Connection], T]) -> T:
        raw, core = self._connections(role)
        try:
            raw.execute("BEGIN")
            return verb(core)
        except Exception as error:
            raise translated(error) from error
        finally:
            core.rollback()
            if raw.in_transaction:
                raw.execute("ROLLBACK")

    def _driver(self, role: Role) -> SqliteDriver:
        return SqliteDriver(self._connections(role)[0])

    def _connections(self, role: Role) -> tuple[Any, Connection]:
        """Give this thread's connection of *role*: the driver's, and Core's view of it."""
        by_role = self._local.__dict__.setdefault("by_role", {})
        if role not in by_role:
            by_role[role] = open_reader(self._path, self.world, role)
            with self._opened_lock:
                self._opened.append(by_role[role])
        pair: tuple[Any, Connection] = by_role[role]
        return pair


class SqliteStore:
    """One world as one role sees it; satisfies ``Store`` and ``BatchStore``."""

    def __init__(self, file: WorldFile, role: Role) -> None:
        self._file = file
        self._role = role

    async def write(self, verb: Callable[[Connection], T]) -> T:
        """Run *verb* in the next transaction; durable on return."""
        result: T = await self._file.writer.submit(self._role, verb)
        return result

    async def read(self, verb: Callable[[Connection], T]) -> T:
        """Run *verb* on a snapshot."""
        return await self._file.read(self._role, verb)

    def of(self, _platform_id: str) -> Store:
        """Give the store itself: SQLite knows no rights on rows."""
        return self

    def write_batched(
        self, verb: BatchVerb[Item, Answer], item: Item, *, weight: int = 1
    ) -> asyncio.Future[Answer]:
        """Put *item* into the next transaction with all others of *verb*; durable once done."""
        return self._file.writer.submit(self._role, verb, item=item, is_batched=True, weight=weight)

    async def read_batched(self, verb: BatchVerb[Item, Answer], item: Item) -> Answer:
        """Look *item* up on the caller's thread, alone: nobody else waits."""
        (answer,) = await self.read_point(lambda connection: verb(connection, (item,)))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def read_point(self, query: Callable[[DriverConnection], Awaitable[T]]) -> T:
        """Run a look-up of a few rows on the caller's thread."""
        return await self._file.read_point(self._role, query)

    def glance(self, query: Callable[[DriverConnection], Coroutine[Any, Any, T]]) -> T | None:
        """Run a look-up of a few rows at once."""
        return self._file.glance(self._role, query)


class SqliteStores:
    """Both worlds, opened to write.

    Args:
        data_dir: the folder.
        clock: tells what has expired.
        is_serving: takes the folder, since one process at a time serves it. Without, a few short
            writes may be done beside it: each side waits for the other's transactions.
        note: what others may read about the serving process; no secret.

    Raises:
        AlreadyServed: to serve, while another process does.
        RestoreInterrupted: a restore stopped half-way.
    """

    def __init__(
        self, data_dir: Path, clock: Clock, *, is_serving: bool = True, note: str = ""
    ) -> None:
        check_whole(data_dir)
        self._lock = lock_whole_folder(data_dir, note) if is_serving else None
        self._developers = WorldFile(
            store_file(data_dir, World.DEVELOPERS), World.DEVELOPERS, is_writable=True
        )
        self._customers = WorldFile(
            store_file(data_dir, World.CUSTOMERS), World.CUSTOMERS, is_writable=True
        )
        self.bindings = self._bind(clock)

    def close(self) -> None:
        """Finish what waits, close the files, release the folder."""
        self._developers.close()
        self._customers.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bind(self, clock: Clock) -> Bindings:
        files = {World.DEVELOPERS: self._developers, World.CUSTOMERS: self._customers}
        return bind(
            lambda role, world: SqliteStore(files[world], role),
            SqliteStore(self._customers, Role.METER),
            clock,
        )


class OperatorStores:
    """Both worlds, opened to look: runs beside a serving process and can write nothing."""

    def __init__(self, data_dir: Path) -> None:
        check_whole(data_dir)
        check_there(data_dir)
        self._files = [
            WorldFile(store_file(data_dir, world), world, is_writable=False)
            for world in (World.DEVELOPERS, World.CUSTOMERS)
        ]
        views: list[Store] = [SqliteStore(file, Role.OPERATOR) for file in self._files]
        self.bindings = OperatorBindings(developers=views[0], customers=views[1])

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def migrate_stores(data_dir: Path) -> None:
    """Bring both worlds' files to this release's schema, each in one transaction."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    for world in World:
        with _schema_connection(data_dir, world) as core:
            migrate(core, world)


def check_stores(data_dir: Path) -> None:
    """Refuse to go on with a schema that is not this release's.

    Raises:
        SchemaMismatch: a world is older or newer, or was never migrated.
        DatabaseNotSetUp: there are no stores in this folder.
        RestoreInterrupted: a restore stopped half-way.
    """
    check_whole(data_dir)
    check_there(data_dir)
    for world in World:
        with _looking_connection(data_dir, world) as core:
            check_schema(core, world)


def open_stores_for_operator(data_dir: Path) -> OperatorStores:
    """Open both worlds read-only, beside whatever serves them."""
    return OperatorStores(data_dir)


@contextmanager
def _looking_connection(data_dir: Path, world: World) -> Iterator[Connection]:
    """Open a file to look at its schema; waits for no writer and keeps none waiting."""
    raw = open_looking(store_file(data_dir, world))
    core = as_core(raw)
    try:
        yield core
    finally:
        core.close()
        raw.close()


@contextmanager
def _schema_connection(data_dir: Path, world: World) -> Iterator[Connection]:
    check_whole(data_dir)
    raw = open_writer(store_file(data_dir, world))
    core = as_core(raw)
    try:
        raw.execute("BEGIN IMMEDIATE")
        core.begin()  # Tells Alembic that the transaction is ours.
        yield core
        raw.execute("COMMIT")
    finally:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        core.close()
        raw.close()
