"""SQL on ``identity_sessions`` and ``identity_refresh_tokens``."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from dream_api.shared.identity.model import Session
from dream_api.shared.identity.store.tables import REFRESH_TOKENS, SESSIONS
from dream_api.stores import Connection


def add(connection: Connection, realm_id: str, session: Session, secret_hash: str) -> None:
    """Keep a new session."""
    connection.execute(
        insert(SESSIONS).values(
            realm_id=realm_id,
            session_id=session.session_id,
            user_id=session.user_id,
            secret_hash=secret_hash,
            device=session.device,
            created_at=session.created_at,
            signed_in_at=session.signed_in_at,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
        )
    )


def find(connection: Connection, realm_id: str, session_id: str) -> Session | None:
    """Find a session, alive or idled out."""
    row = connection.execute(
        select(SESSIONS).where(SESSIONS.c.realm_id == realm_id, SESSIONS.c.session_id == session_id)
    ).one_or_none()
    return None if row is None else _session(row)


def find_by_secret(connection: Connection, realm_id: str, secret_hash: str) -> Session | None:
    """Find the session of a cookie."""
    row = connection.execute(
        select(SESSIONS).where(
            SESSIONS.c.realm_id == realm_id, SESSIONS.c.secret_hash == secret_hash
        )
    ).one_or_none()
    return None if row is None else _session(row)


def list_of_user(connection: Connection, realm_id: str, user_id: str, limit: int) -> list[Session]:
    """List a person's sessions, the newest first."""
    rows = connection.execute(
        select(SESSIONS)
        .where(SESSIONS.c.realm_id == realm_id, SESSIONS.c.user_id == user_id)
        .order_by(SESSIONS.c.session_id.desc())
        .limit(limit)
    )
    return [_session(row) for row in rows]


def touch(connection: Connection, realm_id: str, session_id: str, now: datetime) -> None:
    """Note that a session was used."""
    connection.execute(
        update(SESSIONS)
        .where(SESSIONS.c.realm_id == realm_id, SESSIONS.c.session_id == session_id)
        .values(last_used_at=now)
    )


def remove(connection: Connection, realm_id: str, session_id: str) -> None:
    """End a session together with its refresh tokens."""
    connection.execute(
        delete(REFRESH_TOKENS).where(
            REFRESH_TOKENS.c.realm_id == realm_id, REFRESH_TOKENS.c.session_id == session_id
        )
    )
    connection.execute(
        delete(SESSIONS).where(SESSIONS.c.realm_id == realm_id, SESSIONS.c.session_id == session_id)
    )


def remove_of_user(
    connection: Connection, realm_id: str, user_id: str, *, except_session_id: str | None = None
) -> None:
    """End all of a person's sessions, or all but one."""
    mine = select(SESSIONS.c.session_id).where(
        SESSIONS.c.realm_id == realm_id, SESSIONS.c.user_id == user_id
    )
    if except_session_id is not None:
        mine = mine.where(SESSIONS.c.session_id != except_session_id)
    for session_id in connection.scalars(mine).all():
        remove(connection, realm_id, session_id)


def remove_all(connection: Connection) -> None:
    """End every session of this store: only for a signing key that leaked."""
    connection.execute(delete(REFRESH_TOKENS))
    connection.execute(delete(SESSIONS))


def add_refresh_token(
    connection: Connection, realm_id: str, token_hash: str, session_id: str, now: datetime
) -> None:
    """Keep the hash of a new refresh token."""
    connection.execute(
        insert(REFRESH_TOKENS).values(
            realm_id=realm_id, token_hash=token_hash, session_id=session_id, created_at=now
        )
    )


def find_refresh_token(connection: Connection, realm_id: str, token_hash: str) -> Row[Any] | None:
    """Find a refresh token, used or not; of two that come at once, the second waits."""
    return connection.execute(
        select(REFRESH_TOKENS)
        .where(REFRESH_TOKENS.c.realm_id == realm_id, REFRESH_TOKENS.c.token_hash == token_hash)
        .with_for_update()
    ).one_or_none()


def use_refresh_token(
    connection: Connection, realm_id: str, token_hash: str, now: datetime
) -> None:
    """Note the first use of a refresh token."""
    connection.execute(
        update(REFRESH_TOKENS)
        .where(REFRESH_TOKENS.c.realm_id == realm_id, REFRESH_TOKENS.c.token_hash == token_hash)
        .values(used_at=now)
    )


def _session(row: Row[Any]) -> Session:
    return Session(
        row.session_id,
        row.user_id,
        row.device,
        row.created_at,
        row.signed_in_at,
        row.last_used_at,
        row.expires_at,
    )
