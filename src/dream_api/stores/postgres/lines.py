"""The meter's connections to PostgreSQL: dedicated ones, each opened anew after it broke."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from dream_api.stores.bindings import World
from dream_api.stores.errors import BindingRefused, Raced
from dream_api.stores.postgres.connections import (
    ConnectionLost,
    OutcomeUnknown,
    connect,
    translated,
)
from dream_api.stores.store import Dialect

# The meter's statements find rows by their keys. Plans that depend on how full a table was when
# they were made would turn to reading whole tables; these do not, and they are made once.
_PLANS_BY_KEY = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}


class PostgresDriver:
    """A driver's connection as metering sees it; satisfies ``RacingConnection``."""

    __slots__ = ("_raw", "locks")
    dialect = Dialect.POSTGRESQL

    def __init__(self, raw: "asyncpg.Connection[Any]", *, locks: bool = False) -> None:
        self._raw = raw
        self.locks = locks

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[Any]:
        """Run one statement; give all rows."""
        rows: Sequence[Any] = await self._raw.fetch(sql, *parameters)
        return rows

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        await self._raw.executemany(sql, rows)

    async def settle(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run the statement that writes; without locks it is the transaction."""
        try:
            await self._raw.fetch(sql, *parameters)
        except asyncpg.DivisionByZeroError as error:
            raise Raced from error
        except Exception as error:
            if not self.locks and isinstance(translated(error), ConnectionLost):
                raise OutcomeUnknown from error
            raise


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
