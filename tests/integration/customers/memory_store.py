"""The customers' store in memory: the product's own schema and SQL, without a disk."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from dream_api.stores.sqlite.connections import VerbConnection, as_core

T = TypeVar("T")


class MemoryStore:
    """The customers' store without a disk: every verb in a savepoint, and all of it undone."""

    def __init__(self, file: Path) -> None:
        self._raw = sqlite3.connect(":memory:", isolation_level=None, factory=VerbConnection)
        with sqlite3.connect(file) as source:
            source.backup(self._raw)
        source.close()
        self._core = as_core(self._raw)

    def of(self, _platform_id: str) -> "MemoryStore":
        """Give itself; what belongs to whom is another test's."""
        return self

    async def write(self, verb: Callable[[Connection], T]) -> T:
        """Run a verb; what it raises undoes what it wrote."""
        self._raw.execute("SAVEPOINT verb")
        try:
            answer = verb(self._core)
        except BaseException:
            self._raw.execute("ROLLBACK TO verb")
            raise
        finally:
            self._core.rollback()
            self._raw.execute("RELEASE verb")
        return answer

    async def read(self, verb: Callable[[Connection], T]) -> T:
        """Run a verb."""
        return verb(self._core)

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Undo everything that is written inside."""
        self._raw.execute("BEGIN")
        try:
            yield
        finally:
            self._core.rollback()
            self._raw.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self._core.close()
        self._raw.close()


def store_of(file: Path, platform_id: str, moment: datetime) -> MemoryStore:
    """Open what a life left behind as it was before: users on the free tier, nothing heard yet.

    Args:
        file: the customers' file; it stays as it is.
        platform_id: the only platform in it.
        moment: when the life began.
    """
    store = MemoryStore(file)
    raw = store._raw  # noqa: SLF001 - the store is this module's.
    for table in ("subscriptions", "subscriptions_charges", "subscriptions_movements"):
        raw.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names.
    raw.execute("DELETE FROM subscriptions_locks")
    raw.execute("UPDATE subscriptions_checkouts SET status = 'open'")
    users = [name for (name,) in raw.execute("SELECT user_id FROM users")]
    raw.execute("DELETE FROM users")
    raw.execute("DELETE FROM customer_usage_kv")
    raw.executemany(
        "INSERT INTO users (platform_id, user_id, plan, created_at) VALUES (?, ?, 'free', ?)",
        [(platform_id, user, int(moment.timestamp() * 1_000)) for user in users],
    )
    return store
