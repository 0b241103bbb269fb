"""SQL on ``identity_users``."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from dream_api.shared.identity.model import Newcomer, Person
from dream_api.shared.identity.store.tables import USERS
from dream_api.stores import Connection


def add_pending(connection: Connection, realm_id: str, newcomer: Newcomer, now: datetime) -> None:
    """Keep a sign-up that waits for its code; one address may have several."""
    connection.execute(
        insert(USERS).values(
            realm_id=realm_id,
            user_id=newcomer.user_id,
            email=newcomer.email,
            email_key=newcomer.email_key,
            name=newcomer.name,
            password_hash=newcomer.password_hash,
            created_at=now,
        )
    )


def find(connection: Connection, realm_id: str, user_id: str) -> Person | None:
    """Find a person, verified or not."""
    row = connection.execute(
        select(USERS).where(USERS.c.realm_id == realm_id, USERS.c.user_id == user_id)
    ).one_or_none()
    return None if row is None else _person(row)


def find_verified(connection: Connection, realm_id: str, email_key: str) -> Person | None:
    """Find whose address this is; a sign-up that waits for its code owns nothing."""
    row = connection.execute(
        select(USERS).where(
            USERS.c.realm_id == realm_id,
            USERS.c.email_key == email_key,
            USERS.c.verified_at.is_not(None),
        )
    ).one_or_none()
    return None if row is None else _person(row)


def count_pending(connection: Connection, realm_id: str, email_key: str) -> int:
    """Count the sign-ups with an address that wait for their code."""
    return connection.scalars(
        select(func.count()).where(
            USERS.c.realm_id == realm_id,
            USERS.c.email_key == email_key,
            USERS.c.verified_at.is_(None),
        )
    ).one()


def verify(connection: Connection, realm_id: str, person: Person, now: datetime) -> None:
    """Make a sign-up a person; every other sign-up of this address is forgotten."""
    connection.execute(
        delete(USERS).where(
            USERS.c.realm_id == realm_id,
            USERS.c.email_key == person.email_key,
            USERS.c.user_id != person.user_id,
            USERS.c.verified_at.is_(None),
        )
    )
    _change(connection, realm_id, person.user_id, verified_at=now)


def set_email(
    connection: Connection, realm_id: str, user_id: str, *, email: str, email_key: str
) -> None:
    """Give a person another address."""
    _change(connection, realm_id, user_id, email=email, email_key=email_key)


def set_profile(
    connection: Connection, realm_id: str, user_id: str, *, email: str, name: str | None
) -> None:
    """Write what an outside source of identities says about a person."""
    _change(connection, realm_id, user_id, email=email, name=name)


def set_password(connection: Connection, realm_id: str, user_id: str, password_hash: str) -> None:
    """Give a person another password."""
    _change(connection, realm_id, user_id, password_hash=password_hash)


def remove(connection: Connection, realm_id: str, user_id: str) -> None:
    """Forget a person."""
    connection.execute(
        delete(USERS).where(USERS.c.realm_id == realm_id, USERS.c.user_id == user_id)
    )


def _change(connection: Connection, realm_id: str, user_id: str, **values: object) -> None:
    connection.execute(
        update(USERS)
        .where(USERS.c.realm_id == realm_id, USERS.c.user_id == user_id)
        .values(**values)
    )


def _person(row: Row[Any]) -> Person:
    return Person(
        row.user_id,
        row.email,
        row.email_key,
        row.name,
        row.password_hash,
        row.created_at,
        row.verified_at,
    )
