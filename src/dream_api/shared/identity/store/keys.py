"""SQL on ``identity_signing_keys``; here the realm is the world's kind of realm."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from dream_api.shared.identity.model import KeyState
from dream_api.shared.identity.store.tables import SIGNING_KEYS
from dream_api.stores import Connection


def add(connection: Connection, realm_id: str, values: dict[str, Any]) -> None:
    """Keep a new key."""
    connection.execute(insert(SIGNING_KEYS).values(realm_id=realm_id, **values))


def find(connection: Connection, realm_id: str, key_id: str) -> Row[Any] | None:
    """Find a key by its id."""
    return connection.execute(
        select(SIGNING_KEYS).where(
            SIGNING_KEYS.c.realm_id == realm_id, SIGNING_KEYS.c.key_id == key_id
        )
    ).one_or_none()


def find_active(connection: Connection, realm_id: str) -> Row[Any] | None:
    """Find the one key that signs."""
    return connection.execute(
        select(SIGNING_KEYS).where(
            SIGNING_KEYS.c.realm_id == realm_id, SIGNING_KEYS.c.state == KeyState.ACTIVE
        )
    ).one_or_none()


def list_all(connection: Connection, realm_id: str) -> Sequence[Row[Any]]:
    """List the keys, the newest first."""
    return connection.execute(
        select(SIGNING_KEYS)
        .where(SIGNING_KEYS.c.realm_id == realm_id)
        .order_by(SIGNING_KEYS.c.created_at.desc(), SIGNING_KEYS.c.key_id)
    ).all()


def change(connection: Connection, realm_id: str, key_id: str, values: dict[str, Any]) -> None:
    """Change a key's state or seal."""
    connection.execute(
        update(SIGNING_KEYS)
        .where(SIGNING_KEYS.c.realm_id == realm_id, SIGNING_KEYS.c.key_id == key_id)
        .values(**values)
    )


def remove(connection: Connection, realm_id: str, key_id: str) -> None:
    """Drop a key; what it signed is refused from here on."""
    connection.execute(
        delete(SIGNING_KEYS).where(
            SIGNING_KEYS.c.realm_id == realm_id, SIGNING_KEYS.c.key_id == key_id
        )
    )


def remove_retired(connection: Connection, realm_id: str, now: datetime) -> int:
    """Drop keys whose time to retire is over; give how many."""
    return connection.execute(
        delete(SIGNING_KEYS).where(
            SIGNING_KEYS.c.realm_id == realm_id,
            SIGNING_KEYS.c.state == KeyState.RETIRING,
            SIGNING_KEYS.c.retires_at <= now,
        )
    ).rowcount
