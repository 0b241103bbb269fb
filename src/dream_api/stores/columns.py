"""Column types that mean the same on SQLite and PostgreSQL."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator
from typing_extensions import override  # typing has it only since Python 3.12.

from dream_api.kit.periods import from_milliseconds, to_milliseconds

WholeNumber = Integer().with_variant(BigInteger(), "postgresql")
"""64 bits on both engines; STRICT tables of SQLite accept only the name INTEGER."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as Unix milliseconds so that it sorts and compares fast."""

    impl = WholeNumber
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_milliseconds(value)

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_milliseconds(value)


class Json(TypeDecorator[Any]):
    """A JSON value, kept as compact text."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)
