"""The count of one developer's changing calls, as the namespace keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from dream_api.kit.periods import month_of, rfc3339

CALLS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """How many changing calls a UTC month each plan has."""

    free_calls: int
    paid_calls: int

    def of(self, *, is_paid: bool) -> int:
        """Give the limit of a plan."""
        return self.paid_calls if is_paid else self.free_calls


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls counted in one UTC month."""

    usage_count: int
    period_start: datetime
    period_end: datetime

    @classmethod
    def read(cls, value: Mapping[str, Any] | None, now: datetime) -> Self:
        """Read the stored form; a month that is over counts nothing in the present one."""
        start, end = month_of(now)
        if value is None or value["periodStart"] != rfc3339(start):
            return cls(0, start, end)
        return cls(int(value["usageCount"]), start, end)

    def to_wire(self) -> dict[str, Any]:
        """Give the stored form."""
        return {
            "usageCount": self.usage_count,
            "periodStart": rfc3339(self.period_start),
            "periodEnd": rfc3339(self.period_end),
        }
