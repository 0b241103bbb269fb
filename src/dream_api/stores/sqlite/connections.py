"""Connections to one SQLite file: how they are opened, and what each role may touch on them."""

import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import StaticPool
from typing_extensions import override

from dream_api.stores.bindings import (
    NAMESPACE_SUFFIX,
    RELATIONAL,
    RIGHTS,
    Rights,
    Role,
    World,
)
from dream_api.stores.errors import BindingRefused, StoreUnavailable
from dream_api.stores.store import Dialect

T = TypeVar("T")

CACHE_KIBIBYTES = 4_096
"""Pages that the writer keeps; the system keeps the whole file, and asking it costs little."""
UNWRITTEN_KIBIBYTES_MAX = 4_096
"""Changed pages that a transaction may hold beyond that before it writes the first of them."""
CACHED_STATEMENTS = 512
PAGE_BYTES = 2_048
"""Counting touches a few rows on many pages, so smaller pages halve what a commit writes."""
LOG_PAGES_MAX = 128_000
"""256 MB: a log that has grown so long beside ``checkpoints`` is copied home inside a commit."""
_SCHEMA_TABLES = frozenset({"sqlite_master", "sqlite_schema", "sqlite_sequence"})
# Virtual tables that json_each() and friends appear as; they hold nothing of their own.
_FUNCTION_TABLES = frozenset({"json_each", "json_tree"})
_UNAVAILABLE_CODES = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
})  # fmt: skip


class VerbConnection(sqlite3.Connection):
    """A driver connection on which a verb cannot end the transaction that it shares with others."""

    @override
    def commit(self) -> None:
        """Refuse: one verb's commit would commit everybody's half of the batch."""
        message = "a verb never commits: its store does, once for everyone who waits"
        raise RuntimeError(message)

    @override
    def rollback(self) -> None:
        """Do nothing: Core calls this to clean up, the store undoes a verb by its savepoint."""


class SqliteDriver:
    """The driver's connection as metering sees it; its coroutines never suspend."""

    __slots__ = ("__weakref__", "_raw")
    dialect = Dialect.SQLITE

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[Any]:
        """Run one statement; give all rows."""
        return self._raw.execute(sql, parameters).fetchall()

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        self._raw.executemany(sql, rows)


def run_at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, on this thread and without a loop.

    Raises:
        RuntimeError: it awaits something else than its connection.
    """
    try:
        coroutine.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    coroutine.close()
    message = "a batch verb awaits nothing but its connection"
    raise RuntimeError(message)


Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the file for writing: WAL, and every commit is on disk before it is answered."""
    raw = _open(path)
    raw.execute(f"PRAGMA page_size={PAGE_BYTES}")  # Holds for a new file only.
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES_MAX}")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("PRAGMA foreign_keys=ON")
    raw.execute(f"PRAGMA cache_size=-{CACHE_KIBIBYTES}")
    raw.execute(f"PRAGMA cache_spill=-{UNWRITTEN_KIBIBYTES_MAX}")
    # SQLite's own busy handler sleeps up to 100 ms and is not fair; the writer retries itself.
    raw.execute("PRAGMA busy_timeout=0")
    return raw


def open_maintenance(path: Path) -> sqlite3.Connection:
    """Open the file to look after it; writes nothing of its own."""
    raw = _open(path)
    raw.execute("PRAGMA busy_timeout=0")
    return raw


def open_reader(path: Path, world: World, role: Role) -> tuple[sqlite3.Connection, Connection]:
    """Open the file for reading what *role* may read: the driver's connection, and Core's view.

    It can never write, and never waits for the writer.
    """
    raw = open_looking(path)
    core = as_core(raw)  # Asks pragmas when it connects, so it comes before the authorizer.
    raw.set_authorizer(authorizer(RIGHTS[role, world]))
    return raw, core


def open_looking(path: Path) -> sqlite3.Connection:
    """Open the file so that nothing can be written."""
    raw = _open(path)
    raw.execute("PRAGMA query_only=ON")
    raw.execute("PRAGMA busy_timeout=1000")
    return raw


def as_core(raw: sqlite3.Connection) -> Connection:
    """Let SQLAlchemy Core speak on a driver connection whose transactions are ours."""
    engine = _core_engine()
    creator: Any = lambda: raw  # noqa: E731 - Core has a type of its own for what a driver gives.
    return Connection(engine, StaticPool(creator, dialect=engine.dialect).connect())


@cache
def _core_engine() -> Engine:
    """Build what all connections share: a statement takes 36 KB once it is compiled."""
    engine = create_engine("sqlite://")
    engine.connect().close()  # The dialect learns SQLite's version at its first connection.
    return engine


def authorizer(rights: Rights) -> Authorizer:
    """Build the callback that SQLite asks, while it prepares a statement, about each access."""

    def authorize(
        action: int,
        first: str | None,
        second: str | None,
        _database: str | None,
        _inner: str | None,
    ) -> int:
        table = first or ""
        if action == sqlite3.SQLITE_READ:
            allowed = _may_read(rights, table)
        elif action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_DELETE):
            allowed = _named(table) in rights.write or table in rights.write
        elif action == sqlite3.SQLITE_UPDATE:
            allowed = _may_update(rights, table, second or "")
        else:
            allowed = action in _HARMLESS_ACTIONS
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return authorize


_HARMLESS_ACTIONS = frozenset({
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_SAVEPOINT,
    sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_RECURSIVE,
})  # fmt: skip


def translated(error: Exception) -> Exception:
    """Turn a driver's failure into ours where it says something about the store, else keep it."""
    cause = getattr(error, "orig", None) or error
    if not isinstance(cause, sqlite3.Error):
        return error
    if str(cause).startswith(("not authorized", "access to ")):
        return BindingRefused(str(cause))
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None and (code & 0xFF) in _UNAVAILABLE_CODES:
        return StoreUnavailable("The database cannot be used right now. Retry in a moment.")
    return error


def _open(path: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(
        path,
        isolation_level=None,  # Transactions are begun and ended by hand.
        check_same_thread=False,  # Opened by one thread, used by the writer's.
        cached_statements=CACHED_STATEMENTS,
        factory=VerbConnection,
    )
    raw.execute("PRAGMA temp_store=MEMORY")
    return raw


def _named(table: str) -> str:
    """Name what a table counts as in the rights: itself for a namespace, else ``relational``."""
    return table if table.endswith(NAMESPACE_SUFFIX) else RELATIONAL


def _may_read(rights: Rights, table: str) -> bool:
    if table in _SCHEMA_TABLES or table in _FUNCTION_TABLES or not table:
        return True
    return _named(table) in rights.read or table in rights.read


def _may_update(rights: Rights, table: str, column: str) -> bool:
    if not (_named(table) in rights.write or table in rights.write):
        return False
    bound = {name for name, _ in rights.columns}
    return table not in bound or (table, column) in rights.columns
