"""Monthly revenue as it was: what all movements up to a day come to."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import case, func, select, type_coerce

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
    since_day = (since - _EPOCH) // timedelta(days=1)
    moved_on = type_coerce(MOVEMENTS.c.moved_at, WholeNumber) // DAY_MS
    day = case((moved_on < since_day, None), else_=moved_on)
    statement = (
        select(MOVEMENTS.c.currency, day.label("day"), func.sum(MOVEMENTS.c.amount_cents))
        .where(MOVEMENTS.c.platform_id == platform_id)
        .group_by(MOVEMENTS.c.currency, "day")
    )
    history: dict[str, dict[date | None, int]] = {}
    for currency, number, amount in connection.execute(statement):
        when = None if number is None else (_EPOCH + timedelta(days=number)).date()
        history.setdefault(currency, {})[when] = int(amount)
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
