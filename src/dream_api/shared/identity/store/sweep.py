"""What the worker forgets: rows of every realm of this store whose time is over."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, or_, select, tuple_

from dream_api.shared.identity.model import (
    CODE_LIFETIME,
    FAILURES_FORGOTTEN_AFTER,
    LINK_LIFETIME,
    MAILS_WINDOW,
    PENDING_LIFETIME,
    USED_TOKENS_KEPT,
    RealmConfig,
)
from dream_api.shared.identity.store.tables import (
    AUTHORIZATION_CODES,
    CODES,
    FAILURES,
    MAILINGS,
    REFRESH_TOKENS,
    SESSIONS,
    USERS,
)
from dream_api.stores import Connection


def drop_all(connection: Connection, *, config: RealmConfig, now: datetime, limit: int) -> int:
    """Drop what is over, at most *limit* rows of each kind; give how many went."""
    return sum(
        (
            drop_codes(connection, now, limit),
            drop_pending(connection, now - PENDING_LIFETIME, limit),
            drop_sessions(connection, now, now - config.idle, limit),
            drop_used_tokens(connection, now - USED_TOKENS_KEPT, limit),
            drop_limits(connection, now - FAILURES_FORGOTTEN_AFTER, now - MAILS_WINDOW, limit),
        )
    )


def drop_codes(connection: Connection, now: datetime, limit: int) -> int:
    """Drop codes of both kinds that have expired, mailed ones once their links have too."""
    codes_ended_by = now - LINK_LIFETIME + CODE_LIFETIME
    return _drop(connection, CODES, CODES.c.expires_at <= codes_ended_by, limit) + _drop(
        connection, AUTHORIZATION_CODES, AUTHORIZATION_CODES.c.expires_at <= now, limit
    )


def drop_pending(connection: Connection, created_before: datetime, limit: int) -> int:
    """Drop sign-ups that were never verified."""
    return _drop(
        connection,
        USERS,
        and_(USERS.c.verified_at.is_(None), USERS.c.created_at < created_before),
        limit,
    )


def drop_sessions(connection: Connection, now: datetime, idle_since: datetime, limit: int) -> int:
    """Drop sessions that are over, together with their refresh tokens."""
    key = (SESSIONS.c.realm_id, SESSIONS.c.session_id)
    dead = connection.execute(
        select(*key)
        .where(or_(SESSIONS.c.expires_at <= now, SESSIONS.c.last_used_at <= idle_since))
        .limit(limit)
    ).all()
    if not dead:
        return 0
    doomed = [tuple(row) for row in dead]
    tokens_of = tuple_(REFRESH_TOKENS.c.realm_id, REFRESH_TOKENS.c.session_id)
    connection.execute(delete(REFRESH_TOKENS).where(tokens_of.in_(doomed)))
    connection.execute(delete(SESSIONS).where(tuple_(*key).in_(doomed)))
    return len(doomed)


def drop_used_tokens(connection: Connection, used_before: datetime, limit: int) -> int:
    """Drop refresh tokens that were used long ago."""
    return _drop(connection, REFRESH_TOKENS, REFRESH_TOKENS.c.used_at < used_before, limit)


def drop_limits(
    connection: Connection, failed_before: datetime, sent_before: datetime, limit: int
) -> int:
    """Drop counters that no longer limit anything."""
    return _drop(connection, FAILURES, FAILURES.c.failed_at < failed_before, limit) + _drop(
        connection, MAILINGS, MAILINGS.c.sent_at < sent_before, limit
    )


def _drop(connection: Connection, table: Table, condition: ColumnElement[bool], limit: int) -> int:
    """Delete at most *limit* rows, so that no sweep holds the writer for long."""
    key: list[Column[Any]] = list(table.primary_key.columns)
    doomed = select(*key).where(condition).limit(limit)
    return connection.execute(delete(table).where(tuple_(*key).in_(doomed))).rowcount
