"""Sums and counts over one platform's users, for the overview."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, func, select, type_coerce

from dream_api.customers.end_users import USERS
from dream_api.customers.subscriptions import ACCESS
from dream_api.kit.periods import from_milliseconds
from dream_api.stores import Connection, WholeNumber

DAY_MS = 86_400_000


def sum_mrr(connection: Connection, platform_id: str) -> dict[str, tuple[int, int]]:
    """Sum what users bring a month and count those who do, by currency: (minor units, users)."""
    # Keeps the engine off the index, which lacks the currency: a jump for each of many rows costs
    # twice what reading all of them in their order does.
    pays = func.coalesce(USERS.c.mrr_cents, USERS.c.mrr_cents) > 0
    statement = (
        select(USERS.c.currency, func.sum(USERS.c.mrr_cents), func.count())
        .where(USERS.c.platform_id == platform_id, pays)
        .group_by(USERS.c.currency)
    )
    return {
        currency: (int(total), users) for currency, total, users in connection.execute(statement)
    }


def count_by_plan(connection: Connection, platform_id: str) -> dict[str | None, int]:
    """Count users by plan."""
    statement = (
        select(USERS.c.plan, func.count().label("users"))
        .where(USERS.c.platform_id == platform_id)
        .group_by(USERS.c.plan)
    )
    return {row.plan: row.users for row in connection.execute(statement)}


def count_running(connection: Connection, platform_id: str, now: datetime) -> tuple[int, int, int]:
    """Count running subscriptions, those of them that end, and units of the month that runs."""
    is_running = USERS.c.subscription_status.in_(sorted(ACCESS))
    is_ending = and_(is_running, USERS.c.cancel_at_period_end == 1)
    statement = select(
        func.coalesce(func.sum(case((is_running, 1), else_=0)), 0),
        func.coalesce(func.sum(case((is_ending, 1), else_=0)), 0),
        func.coalesce(func.sum(usage_now(now)), 0),
    ).where(USERS.c.platform_id == platform_id)
    running, ending, usage = connection.execute(statement).one()
    return int(running), int(ending), int(usage)


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
    """Count users by the UTC day on which they came, *until* exclusive."""
    day = type_coerce(USERS.c.created_at, WholeNumber) // DAY_MS
    statement = (
        select(day, func.count())
        .where(
            USERS.c.platform_id == platform_id,
            USERS.c.created_at >= since,
            USERS.c.created_at < until,
        )
        .group_by(day)
    )
    return {
        from_milliseconds(number * DAY_MS).date(): count
        for number, count in connection.execute(statement)
    }


def usage_now(now: datetime) -> ColumnElement[int]:
    """The usage of the month that runs: 0 once the stored month has passed."""
    return case((USERS.c.period_end > now, USERS.c.usage_count), else_=0)
