"""SQL on ``identity_codes`` and ``identity_authorization_codes``."""

from typing import Any

from sqlalchemy import Row, Select, delete, insert, select, update

from dream_api.shared.identity.model import Purpose
from dream_api.shared.identity.store.tables import AUTHORIZATION_CODES, CODES
from dream_api.stores import Connection


def replace(connection: Connection, realm_id: str, values: dict[str, Any]) -> None:
    """Keep the one code of an address and purpose; an older one is gone."""
    remove(connection, realm_id, values["purpose"], values["email_key"])
    connection.execute(insert(CODES).values(realm_id=realm_id, **values))


def find(
    connection: Connection, realm_id: str, purpose: Purpose, email_key: str
) -> Row[Any] | None:
    """Find the code of an address and purpose."""
    return connection.execute(_code(realm_id, purpose, email_key)).one_or_none()


def lock(
    connection: Connection, realm_id: str, purpose: Purpose, email_key: str
) -> Row[Any] | None:
    """Find a code that is about to be tried; of tries that come at once, one waits."""
    return connection.execute(_code(realm_id, purpose, email_key).with_for_update()).one_or_none()


def set_tries_left(
    connection: Connection, realm_id: str, purpose: Purpose, email_key: str, tries_left: int
) -> None:
    """Note a wrong try."""
    connection.execute(
        update(CODES)
        .where(
            CODES.c.realm_id == realm_id,
            CODES.c.purpose == purpose,
            CODES.c.email_key == email_key,
        )
        .values(tries_left=tries_left)
    )


def remove(connection: Connection, realm_id: str, purpose: Purpose, email_key: str) -> None:
    """Burn a code."""
    connection.execute(
        delete(CODES).where(
            CODES.c.realm_id == realm_id,
            CODES.c.purpose == purpose,
            CODES.c.email_key == email_key,
        )
    )


def remove_of_user(connection: Connection, realm_id: str, user_id: str) -> None:
    """Burn every code of a person, also those for sign-in at an application."""
    connection.execute(
        delete(CODES).where(CODES.c.realm_id == realm_id, CODES.c.user_id == user_id)
    )
    connection.execute(
        delete(AUTHORIZATION_CODES).where(
            AUTHORIZATION_CODES.c.realm_id == realm_id,
            AUTHORIZATION_CODES.c.user_id == user_id,
        )
    )


def _code(realm_id: str, purpose: Purpose, email_key: str) -> Select[Any]:
    return select(CODES).where(
        CODES.c.realm_id == realm_id,
        CODES.c.purpose == purpose,
        CODES.c.email_key == email_key,
    )


def add_authorization(connection: Connection, realm_id: str, values: dict[str, Any]) -> None:
    """Keep an authorization code."""
    connection.execute(insert(AUTHORIZATION_CODES).values(realm_id=realm_id, **values))


def find_authorization(connection: Connection, realm_id: str, code_hash: str) -> Row[Any] | None:
    """Find an authorization code, used or not."""
    return connection.execute(
        select(AUTHORIZATION_CODES).where(
            AUTHORIZATION_CODES.c.realm_id == realm_id,
            AUTHORIZATION_CODES.c.code_hash == code_hash,
        )
    ).one_or_none()


def use_authorization(
    connection: Connection, realm_id: str, code_hash: str, issued_session_id: str
) -> None:
    """Note which session an authorization code was turned into."""
    connection.execute(
        update(AUTHORIZATION_CODES)
        .where(
            AUTHORIZATION_CODES.c.realm_id == realm_id,
            AUTHORIZATION_CODES.c.code_hash == code_hash,
        )
        .values(issued_session_id=issued_session_id)
    )
