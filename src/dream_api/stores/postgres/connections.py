"""Connections to PostgreSQL: how they are opened, and what their failures mean."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dream_api.gateways.clock import monotonic_seconds
from dream_api.kit.errors import DreamError
from dream_api.stores.bindings import World
from dream_api.stores.errors import BindingRefused, Overloaded, Raced, StoreUnavailable

CONNECT_SECONDS_MAX = 5.0
STATEMENT_MS_MAX = 15_000
LOCK_WAIT_MS_MAX = 5_000
IDLE_IN_TRANSACTION_MS_MAX = 15_000
COMMAND_SECONDS_MAX = 20.0
"""For a server that has fallen silent; one that answers cuts statements itself before that."""
PATIENCE_SECONDS = 5.0
"""How long a caller waits for a server that restarts, or for a race to be won."""
RACE_PAUSE_SECONDS = 0.005
RECONNECT_PAUSE_SECONDS = 0.1
PAUSE_DOUBLINGS_MAX = 4

T = TypeVar("T")

_RACES = frozenset({
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
})  # fmt: skip
_UNIQUE_VIOLATION = "23505"
_NO_PRIVILEGE = "42501"
_UNAVAILABLE = frozenset({
    "25006",  # read_only_sql_transaction
    "25P03",  # idle_in_transaction_session_timeout
    "55P03",  # lock_not_available
    "57014",  # query_canceled: the statement's time was over
    "53100",  # disk_full: it stays so until somebody makes room
    "58030",  # io_error
    "0A000",  # feature_not_supported: a standby cannot serialize, a cached plan has changed
})  # fmt: skip
_LOST = (
    OSError,
    TimeoutError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InternalClientError,
)
_LOST_CLASSES = ("08", "53", "57P", "3D", "28")
"""No connection: broken, out of resources, shutting down or starting, no database, no entry."""
_RETRY = "The database cannot be used right now. Retry in a moment."


class ConnectionLost(StoreUnavailable):
    """There is no connection, and nothing was committed: trying again is safe."""


class OutcomeUnknown(StoreUnavailable):
    """The connection broke while it committed: only a look can tell whether it did."""

    def __init__(self) -> None:
        super().__init__(
            "The database was lost while it stored this. Look whether it was done before you "
            "repeat it; with the same idempotency key a repeat is always safe."
        )


async def connect(url: str, world: World, **settings: str) -> "asyncpg.Connection[Any]":
    """Open a connection that sees one world, waits for nothing for long, and commits to disk."""
    return await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS_MAX,
        command_timeout=COMMAND_SECONDS_MAX,
        server_settings={
            "application_name": "dream-api",
            "search_path": world.value,
            "synchronous_commit": "on",
            "statement_timeout": str(STATEMENT_MS_MAX),
            "lock_timeout": str(LOCK_WAIT_MS_MAX),
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS_MAX),
            "jit": "off",
            **settings,
        },
    )


def translated(error: Exception) -> Exception:
    """Turn a driver's failure into ours where it says something about the store, else keep it."""
    if isinstance(error, DreamError | BindingRefused | Raced):
        return error
    if isinstance(error, PoolTimeout):
        return Overloaded("Too many callers use the database. Retry in a moment.")
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _translated_state(state, error)
    if _is_lost(cause) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return ConnectionLost(_RETRY)
    return error


def is_unique_violation(error: Exception) -> bool:
    """Tell whether a row of this key exists already; another transaction may just have made it."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) == _UNIQUE_VIOLATION


class Patience:
    """Runs again what lost a race or its connection, for PATIENCE_SECONDS at most.

    When a server is away for longer than that, whoever comes later is refused at once.
    """

    def __init__(self) -> None:
        self._lost_at: float | None = None

    async def persist(self, attempt: Callable[[int], Awaitable[T]]) -> T:
        """Call *attempt* with 0, 1, 2 … until it succeeds or fails for good.

        Raises:
            StoreUnavailable: no connection, or the race was lost for PATIENCE_SECONDS.
        """
        began_at, tries = monotonic_seconds(), 0
        while True:
            try:
                result = await attempt(tries)
            except Exception as error:  # noqa: BLE001 - what it means is decided in one place.
                pause_seconds = self._pause(translated(error), began_at, tries, error)
            else:
                self._lost_at = None
                return result
            tries += 1
            await asyncio.sleep(pause_seconds)

    def _pause(self, failure: Exception, began_at: float, tries: int, cause: Exception) -> float:
        """Say how long to wait before the next try; raise where there is none."""
        now = monotonic_seconds()
        if isinstance(failure, ConnectionLost):
            self._lost_at = since = self._lost_at or now
            pause_seconds = RECONNECT_PAUSE_SECONDS
        elif isinstance(failure, Raced):
            since, pause_seconds = began_at, RACE_PAUSE_SECONDS
        else:
            raise failure from _other(cause, failure)
        if now > since + PATIENCE_SECONDS:
            raise StoreUnavailable(_RETRY) from cause
        longer = 2.0 ** min(tries, PAUSE_DOUBLINGS_MAX)
        return pause_seconds * longer * random.uniform(0.5, 1.0)  # noqa: S311 - no secret.


def _translated_state(state: str, error: Exception) -> Exception:
    if state in _RACES:
        return Raced(state)
    if state == _NO_PRIVILEGE:
        return BindingRefused(str(getattr(error, "orig", error)))
    if state in _UNAVAILABLE:
        return StoreUnavailable(_RETRY)
    if state.startswith(_LOST_CLASSES):
        return ConnectionLost(_RETRY)
    return error


def _is_lost(cause: BaseException) -> bool:
    """Recognise failures of the connection itself, which carry no state of the server's.

    A server that is killed may say a last word to an idle connection. Until the driver has seen
    the end of it, it refuses the next statement as an error of its own.
    """
    chain: list[BaseException] = []
    current: BaseException | None = cause
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__
    return any(
        isinstance(part, _LOST)
        or (isinstance(part, asyncpg.InterfaceError) and "closed" in str(part))
        for part in chain
    )


def _other(cause: Exception, failure: Exception) -> Exception | None:
    return None if failure is cause else cause


def name_of_role(url: str) -> str | None:
    """Read the role's name from an address; None where the environment decides."""
    name = urlsplit(url).username
    return None if name is None else unquote(name)
