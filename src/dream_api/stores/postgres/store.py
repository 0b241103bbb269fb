"""One world as one role sees it: verbs in transactions on a small pool of connections."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from dream_api.stores.bindings import CUSTOMER_USAGE, RIGHTS, Role, World
from dream_api.stores.errors import BindingRefused, Overloaded, Raced
from dream_api.stores.postgres.connections import (
    ConnectionLost,
    OutcomeUnknown,
    Patience,
    connect,
    is_unique_violation,
    translated,
)
from dream_api.stores.postgres.row_security import PLATFORM_SETTING
from dream_api.stores.store import Store

POOL_CONNECTIONS = 5
POOL_CONNECTIONS_MORE = 5
"""Opened beyond the pool while many ask at once."""
POOL_WAIT_SECONDS_MAX = 5.0
WAITING_MAX = 1_024
"""Verbs that may run or wait; past it callers are refused at once instead of piling up."""
OPTIMISTIC_TRIES = 3
"""Tries before a verb that loses its races keeps the meter out for the length of one."""
DUPLICATE_TRIES = 2
"""Tries that a duplicate key is taken for a lost race; after that it is the verb's own doing."""
_IN_VERB = "in_verb"

BIND_TO_PLATFORM = f"SELECT set_config('{PLATFORM_SETTING}', $1, true)"

T = TypeVar("T")


class PostgresStore:
    """Satisfies ``Store``. Verbs are serializable: they end as if each had run alone.

    A verb that loses a race is undone and run again, so it touches nothing but its connection.
    Connections are opened when first needed.

    Args:
        url: the role's address; None where this process has not been given one.
        role: whose store it is.
        world: the schema that it sees.
    """

    def __init__(self, url: str | None, role: Role, world: World) -> None:
        self._url = url
        self._role = role
        self._world = world
        self._patience = Patience()
        self._waiting = 0
        self._keep_meter_out = _keep_meter_out(role, world)
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            pool_size=POOL_CONNECTIONS,
            max_overflow=POOL_CONNECTIONS_MORE,
            pool_timeout=POOL_WAIT_SECONDS_MAX,
        )
        event.listen(self._engine.sync_engine, "commit", _refuse_in_verb)
        self._writing = self._engine.execution_options(isolation_level="SERIALIZABLE")
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def write(self, verb: Callable[[Connection], T], platform_id: str | None = None) -> T:
        """Run *verb* in a serializable transaction; durable on return."""
        return await self._persist(lambda tries: self._write(verb, tries, platform_id))

    async def read(self, verb: Callable[[Connection], T], platform_id: str | None = None) -> T:
        """Run *verb* on a snapshot, in a read-only transaction."""
        return await self._persist(lambda _: self._read(verb, platform_id))

    def of(self, platform_id: str) -> Store:
        """Give the same store, bound to one platform; the developers' world knows none."""
        return PlatformStore(self, platform_id) if self._world is World.CUSTOMERS else self

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    async def _persist(self, attempt: Callable[[int], Awaitable[T]]) -> T:
        if self._waiting >= WAITING_MAX:
            raise Overloaded("Too many callers use the database. Retry in a moment.")
        self._waiting += 1
        try:
            return await self._patience.persist(attempt)
        finally:
            self._waiting -= 1

    async def _write(
        self, verb: Callable[[Connection], T], tries: int, platform_id: str | None
    ) -> T:
        async with _connected(self._writing) as connection:
            if tries >= OPTIMISTIC_TRIES and self._keep_meter_out:
                # A lock taken before the first look: the snapshot is younger than the wait.
                await connection.exec_driver_sql(self._keep_meter_out)
            await _bind_to(connection, platform_id)
            try:
                result = await connection.run_sync(_run, verb)
            except Exception as error:
                if is_unique_violation(error) and tries + 1 < DUPLICATE_TRIES:
                    raise Raced from error
                raise
            await _commit(connection)
            return result

    async def _read(self, verb: Callable[[Connection], T], platform_id: str | None) -> T:
        async with _connected(self._reading) as connection:
            await _bind_to(connection, platform_id)
            return await connection.run_sync(_run, verb)

    async def _connect(self) -> "asyncpg.Connection[Any]":
        if self._url is None:
            name = f"DREAM_DATABASE_URL_{self._role.upper().replace('-', '_')}"
            raise BindingRefused(f"this process has no address for {self._role}: set {name}")
        return await connect(self._url, self._world)


class PlatformStore:
    """One platform's view of a store; satisfies ``Store``."""

    def __init__(self, store: PostgresStore, platform_id: str) -> None:
        self._store = store
        self._platform_id = platform_id

    async def write(self, verb: Callable[[Connection], T]) -> T:
        """Run *verb* in a serializable transaction that meets this platform's rows alone."""
        return await self._store.write(verb, self._platform_id)

    async def read(self, verb: Callable[[Connection], T]) -> T:
        """Run *verb* on a snapshot of this platform's rows."""
        return await self._store.read(verb, self._platform_id)

    def of(self, platform_id: str) -> Store:
        """Give another platform's view."""
        return self._store.of(platform_id)


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Lend a connection; one whose server has said good-bye does not go back to the pool."""
    async with engine.connect() as connection:
        try:
            yield connection
        except Exception as error:
            if isinstance(translated(error), ConnectionLost):
                await connection.invalidate()
            raise


async def _bind_to(connection: AsyncConnection, platform_id: str | None) -> None:
    """Say whose rows this transaction may meet; what is said ends with the transaction."""
    if platform_id is not None:
        await connection.exec_driver_sql(BIND_TO_PLATFORM, (platform_id,))


def _run(connection: Connection, verb: Callable[[Connection], T]) -> T:
    info = connection.info  # Asked once: a connection that breaks meanwhile has none any more.
    info[_IN_VERB] = True
    try:
        return verb(connection)
    finally:
        info[_IN_VERB] = False


async def _commit(connection: AsyncConnection) -> None:
    try:
        await connection.commit()
    except Exception as error:
        if isinstance(translated(error), ConnectionLost):
            raise OutcomeUnknown from error
        raise


def _refuse_in_verb(connection: Connection) -> None:
    if connection.info.get(_IN_VERB):
        message = "a verb never commits: its store does, when the verb has ended"
        raise RuntimeError(message)


def _keep_meter_out(role: Role, world: World) -> str | None:
    """Build the statement that stops counting for one transaction, where a role may count.

    Counting touches the row of a busy user without pause, so that a verb on it could lose every
    race. With this lock it waits for the batches in flight, and then is alone with other verbs.
    """
    if CUSTOMER_USAGE not in RIGHTS[role, world].write:
        return None
    return f"LOCK TABLE {CUSTOMER_USAGE} IN EXCLUSIVE MODE"
