"""The rows of subscriptions, Checkouts, portal settings and locks."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Text, and_, delete, or_, select, update

from dream_api.customers.subscriptions.model import (
    ENDED,
    Checkout,
    CheckoutStatus,
    Subscription,
)
from dream_api.stores import Connection, Instant, MetaData, Table, WholeNumber, upsert

CHECKOUTS_OF_USER_MAX = 50

_metadata = MetaData()

_subscriptions = Table(
    "subscriptions",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("subscription_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("customer_id", Text),
    Column("status", Text, nullable=False),
    Column("tier", Text),
    Column("price_id", Text),
    Column("price_monthly_cents", WholeNumber, nullable=False),
    Column("mrr_cents", WholeNumber, nullable=False),
    Column("currency", Text, nullable=False),
    Column("current_period_end", Instant),
    Column("cancel_at_period_end", WholeNumber, nullable=False),
    Column("held_tier", Text),
    Column("held_until", Instant),
    Column("flag", Text),
    Column("created_at", Instant, nullable=False),
    Column("checked_at", Instant, nullable=False),
)
_checkouts = Table(
    "subscriptions_checkouts",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("session_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("success_url", Text, nullable=False),
    Column("cancel_url", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)
_portals = Table(
    "subscriptions_portals",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("configuration_id", Text, nullable=False),
)
_locks = Table(
    "subscriptions_locks",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
)


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
        upsert(_subscriptions)
        .values(values)
        .on_conflict_do_update(index_elements=["platform_id", "subscription_id"], set_=values)
    )


def touch_subscription(
    connection: Connection, platform_id: str, subscription_id: str, checked_at: datetime
) -> None:
    """Note that Stripe was asked in vain, so that the next sweep asks about others first."""
    connection.execute(
        update(_subscriptions)
        .where(
            _subscriptions.c.platform_id == platform_id,
            _subscriptions.c.subscription_id == subscription_id,
        )
        .values(checked_at=checked_at)
    )


def find_subscription(
    connection: Connection, platform_id: str, subscription_id: str
) -> Subscription | None:
    """Find a subscription."""
    statement = select(_subscriptions).where(
        _subscriptions.c.platform_id == platform_id,
        _subscriptions.c.subscription_id == subscription_id,
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else _subscription_of(row)


def list_subscriptions(
    connection: Connection, platform_id: str, user_id: str
) -> list[Subscription]:
    """List all subscriptions of a user, the newest first."""
    statement = (
        select(_subscriptions)
        .where(_subscriptions.c.platform_id == platform_id, _subscriptions.c.user_id == user_id)
        .order_by(_subscriptions.c.created_at.desc(), _subscriptions.c.subscription_id)
    )
    return [_subscription_of(row) for row in connection.execute(statement)]


def list_unended(connection: Connection, platform_id: str, after: str, limit: int) -> list[str]:
    """List ids of a platform's subscriptions that can still change, in the order of their ids."""
    statement = (
        select(_subscriptions.c.subscription_id)
        .where(
            _subscriptions.c.platform_id == platform_id,
            _subscriptions.c.subscription_id > after,
            _subscriptions.c.status.not_in(ENDED),
        )
        .order_by(_subscriptions.c.subscription_id)
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
        _subscriptions.c.held_until <= now,
        _subscriptions.c.checked_at < _subscriptions.c.held_until,
    )
    statement = (
        select(_subscriptions.c.platform_id, _subscriptions.c.subscription_id)
        .where(
            _subscriptions.c.status.not_in(ENDED),
            or_(_subscriptions.c.checked_at < checked_before, has_run_out),
        )
        .order_by(_subscriptions.c.checked_at)
        .limit(limit)
    )
    return [(row.platform_id, row.subscription_id) for row in connection.execute(statement)]


def delete_of_user(connection: Connection, platform_id: str, user_id: str) -> None:
    """Remove every subscription and Checkout of a user."""
    for table in (_subscriptions, _checkouts):
        connection.execute(
            delete(table).where(table.c.platform_id == platform_id, table.c.user_id == user_id)
        )


def put_checkout(connection: Connection, platform_id: str, checkout: Checkout) -> None:
    """Remember a session that was opened."""
    assert checkout.platform_id == platform_id, "a session belongs to one platform"
    connection.execute(upsert(_checkouts).values(asdict(checkout)).on_conflict_do_nothing())


def find_checkout(connection: Connection, platform_id: str, session_id: str) -> Checkout | None:
    """Find a session that we opened."""
    statement = select(_checkouts).where(
        _checkouts.c.platform_id == platform_id, _checkouts.c.session_id == session_id
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else Checkout(**row._mapping)  # noqa: SLF001 - Row's documented mapping.


def list_open_checkouts(connection: Connection, platform_id: str, user_id: str) -> list[str]:
    """List the sessions through which a user may still pay, the newest first."""
    statement = (
        select(_checkouts.c.session_id)
        .where(
            _checkouts.c.platform_id == platform_id,
            _checkouts.c.user_id == user_id,
            _checkouts.c.status == CheckoutStatus.OPEN.value,
        )
        .order_by(_checkouts.c.created_at.desc())
        .limit(CHECKOUTS_OF_USER_MAX)
    )
    return list(connection.execute(statement).scalars())


def list_overdue_checkouts(
    connection: Connection, now: datetime, limit: int
) -> list[tuple[str, str]]:
    """List (platform, session) of every platform that should have ended, but nobody told us."""
    statement = (
        select(_checkouts.c.platform_id, _checkouts.c.session_id)
        .where(_checkouts.c.status == CheckoutStatus.OPEN.value, _checkouts.c.expires_at <= now)
        .order_by(_checkouts.c.expires_at)
        .limit(limit)
    )
    return [(row.platform_id, row.session_id) for row in connection.execute(statement)]


def set_checkout_status(
    connection: Connection, platform_id: str, session_id: str, status: CheckoutStatus
) -> None:
    """Note what became of a session."""
    connection.execute(
        update(_checkouts)
        .where(_checkouts.c.platform_id == platform_id, _checkouts.c.session_id == session_id)
        .values(status=status.value)
    )


def find_portal(connection: Connection, platform_id: str, account_id: str) -> str | None:
    """Find the portal configuration that we made on a connected account."""
    statement = select(_portals.c.configuration_id).where(
        _portals.c.platform_id == platform_id, _portals.c.account_id == account_id
    )
    return connection.execute(statement).scalar_one_or_none()


def put_portal(
    connection: Connection, platform_id: str, account_id: str, configuration_id: str
) -> None:
    """Remember the portal configuration of a connected account."""
    connection.execute(
        upsert(_portals)
        .values(platform_id=platform_id, account_id=account_id, configuration_id=configuration_id)
        .on_conflict_do_update(
            index_elements=["platform_id", "account_id"],
            set_={"configuration_id": configuration_id},
        )
    )


def take_lock(
    connection: Connection,
    platform_id: str,
    name: str,
    holder: str,
    *,
    now: datetime,
    expires_at: datetime,
) -> bool:
    """Take a lock that is free or whose holder died; tell whether it is ours."""
    values = {"holder": holder, "expires_at": expires_at}
    statement = (
        upsert(_locks)
        .values(platform_id=platform_id, name=name, **values)
        .on_conflict_do_update(
            index_elements=["platform_id", "name"], set_=values, where=_locks.c.expires_at <= now
        )
    )
    return connection.execute(statement).rowcount == 1


def has_lock(connection: Connection, platform_id: str, name: str, holder: str) -> bool:
    """Tell whether a lock is still ours: a holder that was slow may have lost it."""
    statement = select(_locks.c.holder).where(
        _locks.c.platform_id == platform_id, _locks.c.name == name
    )
    return connection.execute(statement).scalar_one_or_none() == holder


def drop_lock(connection: Connection, platform_id: str, name: str, holder: str) -> None:
    """Give a lock back, unless somebody else has it by now."""
    connection.execute(
        delete(_locks).where(
            _locks.c.platform_id == platform_id,
            _locks.c.name == name,
            _locks.c.holder == holder,
        )
    )


def _subscription_of(row: Row[Any]) -> Subscription:
    values = dict(row._mapping)  # noqa: SLF001 - Row's documented way to a mapping.
    del values["checked_at"]
    return Subscription(**values | {"cancel_at_period_end": bool(row.cancel_at_period_end)})
