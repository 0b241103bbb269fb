"""The four namespaces: small JSON values under string keys, in the store of their world.

A key-value row is written with the same Connection as relational rows, so a verb changes both
in one transaction. Rights are part of the object a service is given: the engine enforces the
namespace (bindings.py), this class enforces key prefixes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, delete, select

from dream_api.gateways.clock import Clock
from dream_api.stores.columns import Instant, Json
from dream_api.stores.dialect import upsert
from dream_api.stores.errors import BindingRefused

LIST_LIMIT_MAX = 1000


@dataclass(frozen=True, slots=True)
class KeyValueEntry:
    """One row of a namespace."""

    key: str
    value: Any
    expires_at: datetime | None


class KeyValue:
    """One namespace, as one service may use it.

    Args:
        name: the namespace, such as ``PLATFORM_TOKENS_KV``; its table is that in lower case.
        clock: decides what has expired.
        write_prefixes: None when every key may be written, else the only prefixes that may;
            a prefix may hold ``{}`` for one path segment.
    """

    def __init__(
        self, name: str, clock: Clock, *, write_prefixes: Sequence[str] | None = None
    ) -> None:
        self.name = name
        self._clock = clock
        self._write_prefixes = None if write_prefixes is None else tuple(write_prefixes)
        self._table = Table(
            name.lower(),
            MetaData(),
            Column("key", Text, primary_key=True),
            Column("value", Json, nullable=False),
            Column("expires_at", Instant),
        )

    def get(self, connection: Connection, key: str) -> Any | None:
        """Read a value, or None when there is none or it has expired."""
        row = connection.execute(
            select(self._table.c.value, self._table.c.expires_at).where(self._table.c.key == key)
        ).one_or_none()
        if row is None or self._has_expired(row.expires_at):
            return None
        return row.value

    def put(
        self, connection: Connection, key: str, value: Any, *, expires_at: datetime | None = None
    ) -> None:
        """Write a value, replacing what stood there."""
        self._check_may_write(key)
        statement = upsert(self._table).values(key=key, value=value, expires_at=expires_at)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["key"], set_={"value": value, "expires_at": expires_at}
            )
        )

    def put_new(
        self, connection: Connection, key: str, value: Any, *, expires_at: datetime | None = None
    ) -> bool:
        """Write a value only where no live one stands; tell whether it was written."""
        if self.get(connection, key) is not None:
            return False
        self.put(connection, key, value, expires_at=expires_at)
        return True

    def delete(self, connection: Connection, key: str) -> None:
        """Remove a key; a missing one is no error."""
        self._check_may_write(key)
        connection.execute(delete(self._table).where(self._table.c.key == key))

    def take(self, connection: Connection, key: str) -> Any | None:
        """Read and remove a value in one step, so that it is used once; None when expired."""
        value = self.get(connection, key)
        self.delete(connection, key)
        return value

    def list(
        self, connection: Connection, prefix: str = "", *, after: str = "", limit: int = 100
    ) -> list[KeyValueEntry]:
        """List live rows whose key starts with *prefix*, in key order, after the key *after*."""
        key = self._table.c.key
        statement = (
            select(self._table)
            .where(key >= prefix, key < prefix + "\U0010ffff", key > after)
            .order_by(key)
            .limit(min(limit, LIST_LIMIT_MAX))
        )
        return [
            KeyValueEntry(row.key, row.value, row.expires_at)
            for row in connection.execute(statement)
            if not self._has_expired(row.expires_at)
        ]

    def drop_expired(self, connection: Connection, *, limit: int = LIST_LIMIT_MAX) -> int:
        """Remove expired rows, at most *limit*; give how many went."""
        expired = (
            select(self._table.c.key)
            .where(self._table.c.expires_at <= self._clock.now())
            .limit(limit)
        )
        return connection.execute(
            delete(self._table).where(self._table.c.key.in_(expired))
        ).rowcount

    def _has_expired(self, expires_at: datetime | None) -> bool:
        return expires_at is not None and expires_at <= self._clock.now()

    def _check_may_write(self, key: str) -> None:
        if self._write_prefixes is None:
            return
        if not any(_matches(key, prefix) for prefix in self._write_prefixes):
            raise BindingRefused(
                f"this service may not write {key.split(':', maxsplit=1)[0]}:… in {self.name}"
            )


def _matches(key: str, pattern: str) -> bool:
    """Match a key against a pattern such as ``platform:{}:stripe`` or ``oauth:state:*``."""
    if pattern.endswith("*"):
        return key.startswith(pattern[:-1])
    parts, wanted = key.split(":"), pattern.split(":")
    return len(parts) == len(wanted) and all(
        expected in ("{}", part) for part, expected in zip(parts, wanted, strict=True)
    )
