"""The rows of subscriptions: what was last seen at Stripe."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, or_, select, update

from dream_api.customers.subscriptions.model import ENDED, Subscription
from dream_api.customers.subscriptions.store.tables import (
    CHARGES,
    CHECKOUTS,
    OPENINGS,
    SUBSCRIPTIONS,
)
from dream_api.stores import Connection, upsert


def put_subscription(
    connection: Connection, platform_id: str, subscription: Subscription, checked_at: datetime
) -> None:
    """Write what was seen at Stripe, replacing what stood there."""
    assert subscription.platform_id == platform_id, "a subscription belongs to one platform"
    values = asdict(subscription) | {
        "cancel_at_period_end": int(subscription.cancel_at_period_end),
        "checked_at": checked_at,
    }
    connection.execute(
        upsert(SUBSCRIPTIONS)
        .values(values)
        .on_conflict_do_update(index_elements=["platform_id", "subscription_id"], set_=values)
    )


def touch_subscription(
    connection: Connection, platform_id: str, subscription_id: str, checked_at: datetime
) -> None:
    """Note that Stripe was asked in vain, so that the next sweep asks about others first."""
    connection.execute(
        update(SUBSCRIPTIONS)
        .where(
            SUBSCRIPTIONS.c.platform_id == platform_id,
            SUBSCRIPTIONS.c.subscription_id == subscription_id,
        )
        .values(checked_at=checked_at)
    )


def find_subscription(
    connection: Connection, platform_id: str, subscription_id: str
) -> Subscription | None:
    """Find a subscription."""
    statement = select(SUBSCRIPTIONS).where(
        SUBSCRIPTIONS.c.platform_id == platform_id,
        SUBSCRIPTIONS.c.subscription_id == subscription_id,
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else _subscription_of(row)


def list_subscriptions(
    connection: Connection, platform_id: str, user_id: str
) -> list[Subscription]:
    """List all subscriptions of a user, the newest first."""
    statement = (
        select(SUBSCRIPTIONS)
        .where(SUBSCRIPTIONS.c.platform_id == platform_id, SUBSCRIPTIONS.c.user_id == user_id)
        .order_by(SUBSCRIPTIONS.c.created_at.desc(), SUBSCRIPTIONS.c.subscription_id)
    )
    return [_subscription_of(row) for row in connection.execute(statement)]


def list_unended(connection: Connection, platform_id: str, after: str, limit: int) -> list[str]:
    """List ids of a platform's subscriptions that can still change, in the order of their ids."""
    statement = (
        select(SUBSCRIPTIONS.c.subscription_id)
        .where(
            SUBSCRIPTIONS.c.platform_id == platform_id,
            SUBSCRIPTIONS.c.subscription_id > after,
            SUBSCRIPTIONS.c.status.not_in(ENDED),
        )
        .order_by(SUBSCRIPTIONS.c.subscription_id)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def list_stale(
    connection: Connection, now: datetime, checked_before: datetime, limit: int
) -> list[tuple[str, str]]:
    """List (platform, subscription) of every platform that nobody has asked Stripe about lately.

    So are those whose held tier has run out since. The longest unasked come first.
    """
    has_run_out = and_(
        SUBSCRIPTIONS.c.held_until <= now,
        SUBSCRIPTIONS.c.checked_at < SUBSCRIPTIONS.c.held_until,
    )
    statement = (
        select(SUBSCRIPTIONS.c.platform_id, SUBSCRIPTIONS.c.subscription_id)
        .where(
            SUBSCRIPTIONS.c.status.not_in(ENDED),
            or_(SUBSCRIPTIONS.c.checked_at < checked_before, has_run_out),
        )
        .order_by(SUBSCRIPTIONS.c.checked_at)
        .limit(limit)
    )
    return [(row.platform_id, row.subscription_id) for row in connection.execute(statement)]


def delete_of_user(connection: Connection, platform_id: str, user_id: str) -> None:
    """Remove every subscription, Checkout and charge of a user."""
    for table in (SUBSCRIPTIONS, CHECKOUTS, OPENINGS, CHARGES):
        connection.execute(
            delete(table).where(table.c.platform_id == platform_id, table.c.user_id == user_id)
        )


def _subscription_of(row: Row[Any]) -> Subscription:
    values = dict(row._mapping)  # noqa: SLF001 - Row's documented way to a mapping.
    del values["checked_at"]
    return Subscription(**values | {"cancel_at_period_end": bool(row.cancel_at_period_end)})
