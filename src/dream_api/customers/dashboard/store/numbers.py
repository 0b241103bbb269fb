"""Sums and counts over one platform's users, for the overview."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, ScalarSelect, case, func, literal, select, type_coerce

from dream_api.customers.end_users import USERS
from dream_api.kit.periods import from_milliseconds, to_milliseconds
from dream_api.stores import Connection, WholeNumber

DAY_MS = 86_400_000


def sum_usage(connection: Connection, platform_id: str, now: datetime) -> int:
    """Sum the units of the month that runs."""
    statement = select(func.coalesce(func.sum(usage_now(now)), 0)).where(
        USERS.c.platform_id == platform_id
    )
    return int(connection.execute(statement).scalar_one())


def latest_call(connection: Connection, platform_id: str) -> tuple[str, datetime] | None:
    """Find who used the platform last, and when; None before the first call."""
    statement = (
        select(USERS.c.user_id, USERS.c.last_active)
        .where(USERS.c.platform_id == platform_id, USERS.c.last_active.is_not(None))
        .order_by(USERS.c.last_active.desc())
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else (row.user_id, row.last_active)


def count_new_by_day(
    connection: Connection, platform_id: str, since: datetime, until: datetime
) -> dict[date, int]:
    """Count users by the UTC day on which they came, from midnight to midnight."""
    first, end = to_milliseconds(since), to_milliseconds(until)
    days = select(literal(first, WholeNumber).label("start")).cte("days", recursive=True)
    days = days.union_all(select(days.c.start + DAY_MS).where(days.c.start < end - DAY_MS))
    # A day is a stretch of the index: counted where it lies, where grouping would sort all.
    statement = select(days.c.start, _count_new(platform_id, days.c.start, days.c.start + DAY_MS))
    return {
        from_milliseconds(start).date(): count
        for start, count in connection.execute(statement)
        if count
    }


def count_new(connection: Connection, platform_id: str, since: datetime, until: datetime) -> int:
    """Count users who came in a time, *until* exclusive."""
    first, end = to_milliseconds(since), to_milliseconds(until)
    return connection.execute(select(_count_new(platform_id, first, end))).scalar_one()


def usage_now(now: datetime) -> ColumnElement[int]:
    """The usage of the month that runs: 0 once the stored month has passed."""
    return case((USERS.c.period_end > now, USERS.c.usage_count), else_=0)


def _count_new(
    platform_id: str, since: ColumnElement[int] | int, until: ColumnElement[int] | int
) -> ScalarSelect[int]:
    created_at = type_coerce(USERS.c.created_at, WholeNumber)
    return (
        select(func.count())
        .where(USERS.c.platform_id == platform_id, created_at >= since, created_at < until)
        .scalar_subquery()
    )
