"""The rows of locks that hold while a verb asks Stripe."""

from datetime import datetime

from sqlalchemy import delete, select

from dream_api.customers.subscriptions.store.tables import LOCKS
from dream_api.stores import Connection, upsert


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
        upsert(LOCKS)
        .values(platform_id=platform_id, name=name, **values)
        .on_conflict_do_update(
            index_elements=["platform_id", "name"], set_=values, where=LOCKS.c.expires_at <= now
        )
    )
    return connection.execute(statement).rowcount == 1


def has_lock(connection: Connection, platform_id: str, name: str, holder: str) -> bool:
    """Tell whether a lock is still ours: a holder that was slow may have lost it."""
    statement = select(LOCKS.c.holder).where(
        LOCKS.c.platform_id == platform_id, LOCKS.c.name == name
    )
    return connection.execute(statement).scalar_one_or_none() == holder


def drop_lock(connection: Connection, platform_id: str, name: str, holder: str) -> None:
    """Give a lock back, unless somebody else has it by now."""
    connection.execute(
        delete(LOCKS).where(
            LOCKS.c.platform_id == platform_id,
            LOCKS.c.name == name,
            LOCKS.c.holder == holder,
        )
    )
