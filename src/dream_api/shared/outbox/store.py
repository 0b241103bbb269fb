"""SQL on ``outbox_messages`` and ``outbox_mailbox``."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Table, Text, delete, func, insert, select, update

from dream_api.shared.outbox.model import LEASE, Backlog, Message
from dream_api.stores import Connection, Instant, MetaData
from dream_api.stores.columns import WholeNumber

_METADATA = MetaData()

MESSAGES = Table(
    "outbox_messages",
    _METADATA,
    Column("message_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload_sealed", Text, nullable=False),
    Column("attempts", WholeNumber, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("dead_at", Instant),
    Column("reason", Text),
)

MAILBOX = Table(
    "outbox_mailbox",
    _METADATA,
    Column("mail_id", Text, primary_key=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Column("code", Text),
    Column("link", Text),
    Column("sent_at", Instant, nullable=False),
)


def add(
    connection: Connection, message_id: str, kind: str, payload_sealed: str, now: datetime
) -> None:
    """Queue one message; it is due at once."""
    connection.execute(
        insert(MESSAGES).values(
            message_id=message_id,
            kind=kind,
            payload_sealed=payload_sealed,
            attempts=0,
            created_at=now,
            due_at=now,
        )
    )


def take(connection: Connection, kinds: Collection[str], now: datetime) -> Message | None:
    """Take the oldest due message of these kinds for one lease; another worker skips it."""
    row = connection.execute(
        select(MESSAGES)
        .where(MESSAGES.c.due_at <= now, MESSAGES.c.kind.in_(kinds))
        .order_by(MESSAGES.c.due_at, MESSAGES.c.message_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    connection.execute(
        update(MESSAGES)
        .where(MESSAGES.c.message_id == row.message_id)
        .values(due_at=now + LEASE, attempts=row.attempts + 1)
    )
    return Message(row.message_id, row.kind, row.payload_sealed, row.attempts + 1)


def remove(connection: Connection, message_id: str) -> None:
    """Forget a message that was delivered; nothing of its content stays."""
    connection.execute(delete(MESSAGES).where(MESSAGES.c.message_id == message_id))


def postpone(connection: Connection, message_id: str, reason: str, due_at: datetime) -> None:
    """Try a message again later."""
    connection.execute(
        update(MESSAGES)
        .where(MESSAGES.c.message_id == message_id)
        .values(due_at=due_at, reason=reason)
    )


def bury(connection: Connection, message_id: str, reason: str, now: datetime) -> None:
    """Stop trying a message; it stays visible."""
    connection.execute(
        update(MESSAGES)
        .where(MESSAGES.c.message_id == message_id)
        .values(due_at=None, dead_at=now, reason=reason)
    )


def revive(connection: Connection, now: datetime) -> int:
    """Make every dead message due again, with all its attempts; give how many."""
    return connection.execute(
        update(MESSAGES)
        .where(MESSAGES.c.dead_at.is_not(None))
        .values(due_at=now, dead_at=None, attempts=0)
    ).rowcount


def remove_dead(connection: Connection, before: datetime, limit: int) -> int:
    """Forget messages that died before a moment, at most *limit*; give how many."""
    old = select(MESSAGES.c.message_id).where(MESSAGES.c.dead_at < before).limit(limit)
    return connection.execute(delete(MESSAGES).where(MESSAGES.c.message_id.in_(old))).rowcount


def backlog(connection: Connection) -> Backlog:
    """Count what waits and what is dead."""
    waiting, dead = connection.execute(
        select(func.count(MESSAGES.c.due_at), func.count(MESSAGES.c.dead_at))
    ).one()
    return Backlog(waiting, dead)


def list_sealed(connection: Connection, after: str, limit: int) -> Sequence[Row[Any]]:
    """List messages in order of their ids, after the id *after*."""
    return connection.execute(
        select(MESSAGES)
        .where(MESSAGES.c.message_id > after)
        .order_by(MESSAGES.c.message_id)
        .limit(limit)
    ).all()


def reseal(connection: Connection, message_id: str, payload_sealed: str) -> None:
    """Replace a sealed payload by the same payload under another key."""
    connection.execute(
        update(MESSAGES)
        .where(MESSAGES.c.message_id == message_id)
        .values(payload_sealed=payload_sealed)
    )


def put_mail(connection: Connection, values: dict[str, Any]) -> None:
    """Keep one mail for the development mailbox."""
    connection.execute(insert(MAILBOX).values(values))


def list_mails(connection: Connection, recipient: str | None, limit: int) -> Sequence[Row[Any]]:
    """List the newest mails, newest first, of one recipient or of all."""
    statement = select(MAILBOX).order_by(MAILBOX.c.mail_id.desc()).limit(limit)
    if recipient is not None:
        statement = statement.where(func.lower(MAILBOX.c.recipient) == recipient.lower())
    return connection.execute(statement).all()


def find_mail(connection: Connection, mail_id: str) -> Row[Any] | None:
    """Find one mail of the development mailbox."""
    return connection.execute(select(MAILBOX).where(MAILBOX.c.mail_id == mail_id)).one_or_none()


def drop_mails(connection: Connection, keep: int) -> None:
    """Drop all but the newest *keep* mails."""
    oldest_kept = (
        select(MAILBOX.c.mail_id)
        .order_by(MAILBOX.c.mail_id.desc())
        .offset(keep - 1)
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(delete(MAILBOX).where(MAILBOX.c.mail_id < oldest_kept))
