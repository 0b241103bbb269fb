"""SQL on ``identity_clerk_users``: which realm a person of Clerk's belongs to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from dream_api.shared.identity.store.tables import CLERK_USERS
from dream_api.stores import Connection

NO_REALM = ""
"""The realm of a tombstone of somebody who never came to any."""


@dataclass(frozen=True, slots=True)
class Link:
    """One person of Clerk's, here.

    Attributes:
        profile_at: Clerk's time of the profile that we hold; what is older is not news.
        written_platform_id: what we last wrote into Clerk's metadata.
        written_plan: likewise.
        deleted_at: the person is gone for good.
    """

    realm_id: str
    user_id: str
    profile_at: datetime
    checked_at: datetime
    written_platform_id: str | None
    written_plan: str | None
    deleted_at: datetime | None


def find(connection: Connection, user_id: str) -> Link | None:
    """Find a person in whichever realm they belong to: a token's word moves nobody."""
    row = connection.execute(
        select(CLERK_USERS).where(CLERK_USERS.c.user_id == user_id)
    ).one_or_none()
    return None if row is None else _link(row)


def add(
    connection: Connection, realm_id: str, user_id: str, *, profile_at: datetime, now: datetime
) -> None:
    """Bind a person to a realm, for good."""
    connection.execute(
        insert(CLERK_USERS).values(
            realm_id=realm_id, user_id=user_id, profile_at=profile_at, checked_at=now
        )
    )


def change(connection: Connection, user_id: str, **values: Any) -> None:
    """Write the named columns; somebody unknown stays unknown."""
    connection.execute(update(CLERK_USERS).where(CLERK_USERS.c.user_id == user_id).values(**values))


def bury(connection: Connection, user_id: str, now: datetime) -> None:
    """Leave a tombstone, also for somebody whom we have never seen."""
    if find(connection, user_id) is None:
        add(connection, NO_REALM, user_id, profile_at=now, now=now)
    change(connection, user_id, deleted_at=now)


def list_unchecked(connection: Connection, before: datetime, limit: int) -> list[Link]:
    """List the living whom nobody has compared with Clerk since a moment, the oldest first."""
    rows = connection.execute(
        select(CLERK_USERS)
        .where(CLERK_USERS.c.deleted_at.is_(None), CLERK_USERS.c.checked_at < before)
        .order_by(CLERK_USERS.c.checked_at, CLERK_USERS.c.user_id)
        .limit(limit)
    )
    return [_link(row) for row in rows]


def _link(row: Row[Any]) -> Link:
    return Link(**row._mapping)  # noqa: SLF001 - Row's documented way to a mapping.
