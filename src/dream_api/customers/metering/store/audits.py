# ruff: noqa: S608 - every piece of SQL here is a constant of this file.
"""Recompute every counter from the ledger, and say where one differs. Reads only."""

from dataclasses import dataclass

from sqlalchemy import text
from typing_extensions import override  # typing has it only since Python 3.12.

from dream_api.stores import Connection

DIFFERENCES_MAX = 1_000
"""Differences reported of each kind: more would not tell more."""

# What was dropped by retention is no longer compared: counters of those months stay as they are.
_KEPT = "(SELECT COALESCE(MAX(kept_from), 0) FROM metering_retention)"
_IS_KEPT = f"COALESCE(u.period_start, {_KEPT}) >= {_KEPT}"
_WAS_KEPT = f"COALESCE(u.period_start, {_KEPT} + 1) > {_KEPT}"
# Rows of erased users still carry their name until the sweep has passed; they count for nobody.
_LIVE = f"""
    live AS (
        SELECT l.* FROM metering_ledger l
        LEFT JOIN metering_erasures e
            ON e.platform_id = l.platform_id AND e.user_id = l.user_id AND e.ledger_id_max >= l.id
        WHERE l.user_id IS NOT NULL AND e.user_id IS NULL AND l.period_start >= {_KEPT}
    )"""
_MONTHS = f"""WITH {_LIVE},
    months AS (
        SELECT platform_id, user_id, period_start, SUM(amount) AS units FROM live
        GROUP BY platform_id, user_id, period_start
    )"""
_ROLLED = "(SELECT COALESCE(MAX(ledger_id), 0) FROM metering_watermarks WHERE name = 'rollups')"
_HOURS = f"""WITH counted AS (
        SELECT platform_id, event_at / 3600000 * 3600000 AS span, SUM(amount) AS units,
            COUNT(*) AS events
        FROM metering_ledger WHERE id <= {_ROLLED} AND period_start >= {_KEPT} GROUP BY 1, 2
    ), stored AS (
        SELECT platform_id, hour_start AS span, units, events FROM metering_rollups
        WHERE hour_start >= {_KEPT}
    )"""
_DAYS = f"""WITH {_LIVE}, counted AS (
        SELECT platform_id, user_id, event_at / 86400000 * 86400000 AS span, SUM(amount) AS units
        FROM live WHERE id <= {_ROLLED} GROUP BY 1, 2, 3
    ), stored AS (
        SELECT platform_id, user_id, day_start AS span, units FROM metering_user_days
        WHERE day_start >= {_KEPT}
    )"""
_ON_DAY = "c.platform_id = s.platform_id AND c.user_id = s.user_id AND c.span = s.span"
_ON_HOUR = "c.platform_id = s.platform_id AND c.span = s.span"

# Each gives: platform, whose or when, what is stored, what the ledger says.
_CHECKS = {
    "usage": f"""{_MONTHS}
        SELECT u.platform_id, u.user_id, u.usage_count, COALESCE(m.units, 0)
        FROM customer_usage_kv u LEFT JOIN months m ON m.platform_id = u.platform_id
            AND m.user_id = u.user_id AND m.period_start = u.period_start
        WHERE u.usage_count <> COALESCE(m.units, 0) AND {_IS_KEPT}""",
    # The month before starts 28 to 31 days earlier, the one before that at least 59.
    "previous month": f"""{_MONTHS}
        SELECT u.platform_id, u.user_id, u.previous_count, COALESCE(m.units, 0)
        FROM customer_usage_kv u LEFT JOIN months m ON m.platform_id = u.platform_id
            AND m.user_id = u.user_id AND m.period_start < u.period_start
            AND m.period_start >= u.period_start - 2678400000
        WHERE u.previous_count <> COALESCE(m.units, 0) AND {_WAS_KEPT}""",
    "users.usage_count": f"""{_MONTHS}
        SELECT u.platform_id, u.user_id, u.usage_count, COALESCE(m.units, 0)
        FROM users u LEFT JOIN months m ON m.platform_id = u.platform_id
            AND m.user_id = u.user_id AND m.period_start = u.period_start
        WHERE u.usage_count <> COALESCE(m.units, 0) AND {_IS_KEPT}""",
    "users.period_start": """
        SELECT u.platform_id, u.user_id, COALESCE(s.period_start, 0), COALESCE(u.period_start, 0)
        FROM customer_usage_kv u LEFT JOIN users s
            ON s.platform_id = u.platform_id AND s.user_id = u.user_id
        WHERE s.user_id IS NULL OR COALESCE(s.period_start, 0) <> COALESCE(u.period_start, 0)""",
    "usage row": f"""{_MONTHS}
        SELECT m.platform_id, m.user_id, COALESCE(u.usage_count, 0), m.units
        FROM months m LEFT JOIN customer_usage_kv u
            ON u.platform_id = m.platform_id AND u.user_id = m.user_id
        WHERE u.user_id IS NULL OR u.period_start IS NULL OR m.period_start > u.period_start""",
    "rollup": f"""{_HOURS}
        SELECT s.platform_id, s.span, s.units, COALESCE(c.units, 0)
        FROM stored s LEFT JOIN counted c ON {_ON_HOUR}
        WHERE c.span IS NULL OR c.units <> s.units OR c.events <> s.events""",
    "missing rollup": f"""{_HOURS}
        SELECT c.platform_id, c.span, 0, c.units
        FROM counted c LEFT JOIN stored s ON {_ON_HOUR} WHERE s.span IS NULL""",
    "day": f"""{_DAYS}
        SELECT s.platform_id, s.user_id, s.units, COALESCE(c.units, 0)
        FROM stored s LEFT JOIN counted c ON {_ON_DAY}
        WHERE c.span IS NULL OR c.units <> s.units""",
    "missing day": f"""{_DAYS}
        SELECT c.platform_id, c.user_id, 0, c.units
        FROM counted c LEFT JOIN stored s ON {_ON_DAY} WHERE s.span IS NULL""",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One counter that does not say what the ledger says; ``of`` is a user or an hour."""

    counter: str
    platform_id: str
    of: str
    stored: int
    counted: int

    @override
    def __str__(self) -> str:
        return (
            f"{self.counter} of {self.of} on {self.platform_id}: "
            f"stored {self.stored}, the ledger says {self.counted}"
        )


def count_ledger(connection: Connection) -> int:
    """Count every row of the ledger, of all platforms."""
    return int(connection.execute(text("SELECT count(*) FROM metering_ledger")).scalar_one())


def find_differences(connection: Connection) -> list[Difference]:
    """Compare usage rows, ``users`` and rollups with the ledger, on the caller's snapshot."""
    return [
        Difference(counter, platform_id, str(of), int(stored), int(counted))
        for counter, sql in _CHECKS.items()
        for platform_id, of, stored, counted in connection.execute(
            text(f"{sql} LIMIT {DIFFERENCES_MAX}")
        )
    ]
