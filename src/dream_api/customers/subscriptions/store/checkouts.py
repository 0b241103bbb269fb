"""The rows of Checkout sessions that we opened."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, update

from dream_api.customers.subscriptions.model import Checkout, CheckoutStatus
from dream_api.customers.subscriptions.store.tables import CHECKOUTS
from dream_api.stores import Connection, upsert

CHECKOUTS_OF_USER_MAX = 50


def put_checkout(connection: Connection, platform_id: str, checkout: Checkout) -> None:
    """Remember a session that was opened."""
    assert checkout.platform_id == platform_id, "a session belongs to one platform"
    connection.execute(upsert(CHECKOUTS).values(asdict(checkout)).on_conflict_do_nothing())


def find_checkout(connection: Connection, platform_id: str, session_id: str) -> Checkout | None:
    """Find a session that we opened."""
    statement = select(CHECKOUTS).where(
        CHECKOUTS.c.platform_id == platform_id, CHECKOUTS.c.session_id == session_id
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else Checkout(**row._mapping)  # noqa: SLF001 - Row's documented mapping.


def list_open_checkouts(connection: Connection, platform_id: str, user_id: str) -> list[str]:
    """List the sessions through which a user may still pay, the newest first."""
    statement = (
        select(CHECKOUTS.c.session_id)
        .where(
            CHECKOUTS.c.platform_id == platform_id,
            CHECKOUTS.c.user_id == user_id,
            CHECKOUTS.c.status == CheckoutStatus.OPEN.value,
        )
        .order_by(CHECKOUTS.c.created_at.desc())
        .limit(CHECKOUTS_OF_USER_MAX)
    )
    return list(connection.execute(statement).scalars())


def list_overdue_checkouts(
    connection: Connection, now: datetime, limit: int
) -> list[tuple[str, str]]:
    """List (platform, session) of every platform that should have ended, but nobody told us."""
    statement = (
        select(CHECKOUTS.c.platform_id, CHECKOUTS.c.session_id)
        .where(CHECKOUTS.c.status == CheckoutStatus.OPEN.value, CHECKOUTS.c.expires_at <= now)
        .order_by(CHECKOUTS.c.expires_at)
        .limit(limit)
    )
    return [(row.platform_id, row.session_id) for row in connection.execute(statement)]


def set_checkout_status(
    connection: Connection, platform_id: str, session_id: str, status: CheckoutStatus
) -> None:
    """Note what became of a session."""
    connection.execute(
        update(CHECKOUTS)
        .where(CHECKOUTS.c.platform_id == platform_id, CHECKOUTS.c.session_id == session_id)
        .values(status=status.value)
    )
