"""The rows of movements and charges, and what they add up to."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import pairwise

from sqlalchemy import and_, case, exists, func, select, update

from dream_api.customers.subscriptions.revenue import OPEN_DISPUTES, Charge, Movement
from dream_api.customers.subscriptions.store.tables import CHARGES, MOVEMENTS, SUBSCRIPTIONS
from dream_api.stores import Connection, upsert

_amount = MOVEMENTS.c.amount_cents
_CHARGE_COLUMNS = [CHARGES.c[name] for name in Charge.__dataclass_fields__]


def put_movement(connection: Connection, platform_id: str, movement: Movement) -> None:
    """Append a movement."""
    values = {"platform_id": platform_id, **asdict(movement)}
    connection.execute(upsert(MOVEMENTS).values(values))


def rename_mover(connection: Connection, platform_id: str, user_id: str, pseudonym: str) -> None:
    """Keep a user's movements under another name, for the sums of the past."""
    connection.execute(
        update(MOVEMENTS)
        .where(MOVEMENTS.c.platform_id == platform_id, MOVEMENTS.c.user_id == user_id)
        .values(user_id=pseudonym)
    )


def sum_movements(
    connection: Connection, platform_id: str, moments: Sequence[datetime]
) -> list[dict[str, dict[str, int]]]:
    """Sum movements by currency and kind, between each moment and the next, in one pass."""
    spans = list(pairwise(moments))
    sums = [
        func.sum(
            case(
                (and_(MOVEMENTS.c.moved_at >= since, MOVEMENTS.c.moved_at < until), _amount),
                else_=0,
            )
        )
        for since, until in spans
    ]
    statement = (
        select(MOVEMENTS.c.currency, MOVEMENTS.c.kind, *sums)
        .where(MOVEMENTS.c.platform_id == platform_id)
        .group_by(MOVEMENTS.c.currency, MOVEMENTS.c.kind)
    )
    totals: list[dict[str, dict[str, int]]] = [{} for _ in spans]
    for currency, kind, *amounts in connection.execute(statement):
        for total, amount in zip(totals, amounts, strict=True):
            if amount:  # A movement is never of nothing: none of this kind lies in the span.
                total.setdefault(currency, {})[kind] = int(amount)
    return totals


def count_churn(
    connection: Connection, platform_id: str, moments: Sequence[datetime]
) -> list[tuple[int, int]]:
    """Count who brought revenue at each moment, and who of them brings none at the next."""
    columns = [
        func.sum(case((MOVEMENTS.c.moved_at < moment, _amount), else_=0)).label(f"at_{number}")
        for number, moment in enumerate(moments)
    ]
    users = (
        select(*columns)
        .where(MOVEMENTS.c.platform_id == platform_id)
        .group_by(MOVEMENTS.c.user_id)
        .subquery()
    )
    counts = [
        func.coalesce(func.sum(case((is_counted, 1), else_=0)), 0)
        for at_start, at_end in pairwise(users.c)
        for is_counted in (at_start > 0, and_(at_start > 0, at_end <= 0))
    ]
    found = [int(count) for count in connection.execute(select(*counts)).one()]
    return list(zip(found[::2], found[1::2], strict=True))


def count_trials(
    connection: Connection, platform_id: str, since: datetime, until: datetime
) -> tuple[int, int]:
    """Count trials that ended in a time, and those of them that ever became revenue."""
    has_paid = exists().where(
        MOVEMENTS.c.platform_id == platform_id,
        MOVEMENTS.c.subscription_id == SUBSCRIPTIONS.c.subscription_id,
        MOVEMENTS.c.amount_cents > 0,
    )
    statement = select(
        func.count(), func.coalesce(func.sum(case((has_paid, 1), else_=0)), 0)
    ).where(
        SUBSCRIPTIONS.c.platform_id == platform_id,
        SUBSCRIPTIONS.c.trial_ends_at >= since,
        SUBSCRIPTIONS.c.trial_ends_at < until,
    )
    ended, converted = connection.execute(statement).one()
    return int(ended), int(converted)


def put_charge(
    connection: Connection, platform_id: str, charge: Charge, checked_at: datetime
) -> None:
    """Write what became of a charge, replacing what stood there."""
    values = {"platform_id": platform_id, "checked_at": checked_at, **asdict(charge)}
    connection.execute(
        upsert(CHARGES)
        .values(values)
        .on_conflict_do_update(index_elements=["platform_id", "charge_id"], set_=values)
    )


def find_charge(connection: Connection, platform_id: str, charge_id: str) -> Charge | None:
    """Find a charge that was given back or disputed."""
    statement = select(*_CHARGE_COLUMNS).where(
        CHARGES.c.platform_id == platform_id, CHARGES.c.charge_id == charge_id
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else Charge(*row)


def list_disputed(connection: Connection, platform_id: str) -> list[str]:
    """List the charges whose dispute nobody has decided yet, as far as we know."""
    statement = (
        select(CHARGES.c.charge_id)
        .where(
            CHARGES.c.platform_id == platform_id,
            CHARGES.c.dispute_status.in_(sorted(OPEN_DISPUTES)),
        )
        .order_by(CHARGES.c.charge_id)
    )
    return list(connection.execute(statement).scalars())


def list_charges(connection: Connection, platform_id: str, user_id: str) -> list[Charge]:
    """List a user's charges that were given back or disputed, the newest first."""
    statement = (
        select(*_CHARGE_COLUMNS)
        .where(CHARGES.c.platform_id == platform_id, CHARGES.c.user_id == user_id)
        .order_by(CHARGES.c.created_at.desc(), CHARGES.c.charge_id)
    )
    return [Charge(*row) for row in connection.execute(statement)]


def sum_refunds(
    connection: Connection, platform_id: str, since: datetime, until: datetime
) -> dict[str, int]:
    """Sum what was given back of charges made in a time, by currency."""
    statement = (
        select(CHARGES.c.currency, func.sum(CHARGES.c.refunded_cents))
        .where(
            CHARGES.c.platform_id == platform_id,
            CHARGES.c.created_at >= since,
            CHARGES.c.created_at < until,
            CHARGES.c.refunded_cents > 0,
        )
        .group_by(CHARGES.c.currency)
    )
    return {currency: int(total) for currency, total in connection.execute(statement)}


def count_open_disputes(connection: Connection, platform_id: str) -> int:
    """Count charges whose dispute nobody has decided yet."""
    statement = select(func.count()).where(
        CHARGES.c.platform_id == platform_id,
        CHARGES.c.dispute_status.in_(sorted(OPEN_DISPUTES)),
    )
    return connection.execute(statement).scalar_one()
