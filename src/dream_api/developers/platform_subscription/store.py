"""The rows of platform subscriptions: one a developer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Text, delete, select, update

from dream_api.developers.platform_subscription.model import Record, Snapshot, Standing
from dream_api.stores import Connection, Instant, MetaData, Table, WholeNumber, upsert

_subscriptions = Table(
    "platform_subscriptions",
    MetaData(),
    Column("developer_id", Text, primary_key=True),
    Column("stripe_customer_id", Text),
    Column("stripe_subscription_id", Text),
    Column("status", Text),
    Column("current_period_end", Instant),
    Column("cancel_at_period_end", WholeNumber, nullable=False),
    Column("ended_at", Instant),
    Column("checkout_attempt", WholeNumber, nullable=False),
    Column("seen_at", Instant, nullable=False),
)


def find_record(connection: Connection, developer_id: str) -> Record | None:
    """Read a developer's row."""
    return _one(connection, _subscriptions.c.developer_id == developer_id)


def find_standing(connection: Connection, developer_id: str) -> Standing:
    """Read how a developer stands; free before the first payment."""
    record = find_record(connection, developer_id)
    return Standing() if record is None else record.standing()


def find_record_of_customer(connection: Connection, customer_id: str) -> Record | None:
    """Read the row that a customer at Stripe belongs to."""
    return _one(connection, _subscriptions.c.stripe_customer_id == customer_id)


def list_stale(connection: Connection, seen_before: datetime, limit: int) -> list[Record]:
    """List developers with a customer at Stripe whom nobody has asked about since; the oldest."""
    statement = (
        select(_subscriptions)
        .where(
            _subscriptions.c.stripe_customer_id.is_not(None), _subscriptions.c.seen_at < seen_before
        )
        .order_by(_subscriptions.c.seen_at)
        .limit(limit)
    )
    return [_record(row) for row in connection.execute(statement)]


def list_customers(connection: Connection, after: str, limit: int) -> list[Record]:
    """List developers with a customer at Stripe in the order of their ids, after one."""
    statement = (
        select(_subscriptions)
        .where(
            _subscriptions.c.stripe_customer_id.is_not(None), _subscriptions.c.developer_id > after
        )
        .order_by(_subscriptions.c.developer_id)
        .limit(limit)
    )
    return [_record(row) for row in connection.execute(statement)]


def touch(connection: Connection, developer_id: str, seen_at: datetime) -> None:
    """Note that Stripe knows of no subscription (yet)."""
    connection.execute(
        update(_subscriptions)
        .where(_subscriptions.c.developer_id == developer_id)
        .values(seen_at=seen_at)
    )


def put_customer(
    connection: Connection, developer_id: str, customer_id: str, now: datetime
) -> None:
    """Note a developer's customer at Stripe; the first one stays."""
    connection.execute(
        upsert(_subscriptions)
        .values(
            developer_id=developer_id,
            stripe_customer_id=customer_id,
            cancel_at_period_end=0,
            checkout_attempt=0,
            seen_at=now,
        )
        .on_conflict_do_nothing()
    )


def put_snapshot(
    connection: Connection,
    record: Record,
    snapshot: Snapshot,
    *,
    ended_at: datetime | None,
    seen_at: datetime,
) -> None:
    """Write what Stripe showed at *seen_at*; a new subscription or an end opens a new attempt."""
    has_changed = (
        record.stripe_subscription_id != snapshot.subscription_id
        or record.status != snapshot.status
    )
    connection.execute(
        update(_subscriptions)
        .where(_subscriptions.c.developer_id == record.developer_id)
        .values(
            stripe_subscription_id=snapshot.subscription_id,
            status=snapshot.status,
            current_period_end=snapshot.current_period_end,
            cancel_at_period_end=int(snapshot.cancel_at_period_end),
            ended_at=ended_at,
            checkout_attempt=record.checkout_attempt + int(has_changed),
            seen_at=seen_at,
        )
    )


def raise_attempt(connection: Connection, developer_id: str, attempt: int) -> None:
    """Start the attempt after *attempt*; repeating changes nothing."""
    connection.execute(
        update(_subscriptions)
        .where(
            _subscriptions.c.developer_id == developer_id,
            _subscriptions.c.checkout_attempt == attempt,
        )
        .values(checkout_attempt=attempt + 1)
    )


def delete_record(connection: Connection, developer_id: str) -> None:
    """Forget a developer's subscription."""
    connection.execute(delete(_subscriptions).where(_subscriptions.c.developer_id == developer_id))


def _one(connection: Connection, condition: Any) -> Record | None:
    row = connection.execute(select(_subscriptions).where(condition)).one_or_none()
    return None if row is None else _record(row)


def _record(row: Row[Any]) -> Record:
    return Record(
        developer_id=row.developer_id,
        stripe_customer_id=row.stripe_customer_id,
        stripe_subscription_id=row.stripe_subscription_id,
        status=row.status,
        current_period_end=row.current_period_end,
        cancel_at_period_end=bool(row.cancel_at_period_end),
        ended_at=row.ended_at,
        checkout_attempt=row.checkout_attempt,
        seen_at=row.seen_at,
    )
