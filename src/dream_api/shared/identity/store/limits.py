"""SQL on ``identity_failures`` and ``identity_mailings``: limits that survive a crash."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select

from dream_api.shared.identity.store.tables import FAILURES, MAILINGS
from dream_api.stores import Connection, upsert


def find_failures(connection: Connection, realm_id: str, email_key: str) -> Row[Any] | None:
    """Find the failed sign-ins of an address, known or not."""
    return connection.execute(
        select(FAILURES).where(FAILURES.c.realm_id == realm_id, FAILURES.c.email_key == email_key)
    ).one_or_none()


def put_failures(connection: Connection, realm_id: str, values: dict[str, Any]) -> None:
    """Write the failed sign-ins of an address, or of a network; of two at once, the last stays."""
    statement = upsert(FAILURES).values(realm_id=realm_id, **values)
    changed = {name: value for name, value in values.items() if name != "email_key"}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["realm_id", "email_key"], set_=changed)
    )


def clear_failures(connection: Connection, realm_id: str, email_key: str) -> None:
    """Forget the failed sign-ins of an address."""
    connection.execute(
        delete(FAILURES).where(FAILURES.c.realm_id == realm_id, FAILURES.c.email_key == email_key)
    )


def count_mailings(
    connection: Connection, realm_id: str, email_key: str, since: datetime, id_prefix: str = ""
) -> int:
    """Count the mails sent to an address after a moment, whose ids begin like this."""
    return connection.scalars(
        select(func.count()).where(
            MAILINGS.c.realm_id == realm_id,
            MAILINGS.c.email_key == email_key,
            MAILINGS.c.mailing_id.startswith(id_prefix, autoescape=True),
            MAILINGS.c.sent_at > since,
        )
    ).one()


def add_mailing(
    connection: Connection, realm_id: str, email_key: str, mailing_id: str, now: datetime
) -> None:
    """Count one mail."""
    connection.execute(
        insert(MAILINGS).values(
            realm_id=realm_id, email_key=email_key, mailing_id=mailing_id, sent_at=now
        )
    )


def clear_mailings(connection: Connection, realm_id: str, email_key: str) -> None:
    """Forget the mails sent to an address."""
    connection.execute(
        delete(MAILINGS).where(MAILINGS.c.realm_id == realm_id, MAILINGS.c.email_key == email_key)
    )
