"""Monthly revenue as it was: what all movements up to a day come to."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, null, select, type_coerce

from dream_api.customers.subscriptions.revenue import Movement
from dream_api.customers.subscriptions.store.tables import MOVEMENTS
from dream_api.stores import Connection, WholeNumber

DAY_MS = 86_400_000
MOVEMENTS_MAX = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_mrr_history(
    connection: Connection, platform_id: str, since: datetime
) -> dict[str, dict[date | None, int]]:
    """Sum the movements of each UTC day from *since* on, by currency, in minor units a month.

    What moved before *since* stands under None.
    """
    day = type_coerce(MOVEMENTS.c.moved_at, WholeNumber) // DAY_MS
    is_here = MOVEMENTS.c.platform_id == platform_id
    amount = func.sum(MOVEMENTS.c.amount_cents)
    # Two statements: of what lies before, the index gives the sums without sorting anything.
    before = (
        select(MOVEMENTS.c.currency, null().label("day"), amount)
        .where(is_here, MOVEMENTS.c.moved_at < since)
        .group_by(MOVEMENTS.c.currency)
    )
    by_day = (
        select(MOVEMENTS.c.currency, day.label("day"), amount)
        .where(is_here, MOVEMENTS.c.moved_at >= since)
        .group_by(MOVEMENTS.c.currency, "day")
    )
    history: dict[str, dict[date | None, int]] = {}
    for statement in (before, by_day):
        for currency, number, cents in connection.execute(statement):
            when = None if number is None else (_EPOCH + timedelta(days=number)).date()
            history.setdefault(currency, {})[when] = int(cents)
    return history


def list_movements(connection: Connection, platform_id: str, user_id: str) -> list[Movement]:
    """List how a user's revenue moved, newest first."""
    statement = (
        select(*(MOVEMENTS.c[name] for name in Movement.__dataclass_fields__))
        .where(MOVEMENTS.c.platform_id == platform_id, MOVEMENTS.c.user_id == user_id)
        .order_by(MOVEMENTS.c.moved_at.desc())
        .limit(MOVEMENTS_MAX)
    )
    return [Movement(*row) for row in connection.execute(statement)]
