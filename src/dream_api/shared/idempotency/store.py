"""The rows of stored answers; the caller's scope leads every key."""

from datetime import datetime

from sqlalchemy import Column, Text, delete, select, tuple_, update

from dream_api.shared.idempotency.model import Entry, StoredAnswer
from dream_api.stores import Connection, Instant, Json, MetaData, Table, WholeNumber, upsert

_answers = Table(
    "idempotency_answers",
    MetaData(),
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("status", WholeNumber),
    Column("body", Json),
    Column("expires_at", Instant, nullable=False),
)


def find_entry(connection: Connection, scope: str, key: str, now: datetime) -> Entry | None:
    """Read what is known of a key; None when it is unused or has expired."""
    row = connection.execute(
        select(_answers).where(
            _answers.c.scope == scope, _answers.c.key == key, _answers.c.expires_at > now
        )
    ).one_or_none()
    if row is None:
        return None
    answer = None if row.status is None else StoredAnswer(row.status, row.body)
    return Entry(row.fingerprint, answer)


def claim(
    connection: Connection, scope: str, key: str, fingerprint: str, lease_ends_at: datetime
) -> None:
    """Note that a request with this key has begun, in place of whatever expired there."""
    values = {
        "fingerprint": fingerprint, "status": None, "body": None, "expires_at": lease_ends_at
    }  # fmt: skip
    connection.execute(
        upsert(_answers)
        .values(scope=scope, key=key, **values)
        .on_conflict_do_update(index_elements=["scope", "key"], set_=values)
    )


def keep(
    connection: Connection, scope: str, key: str, answer: StoredAnswer, expires_at: datetime
) -> None:
    """Store the answer under a claimed key."""
    connection.execute(
        update(_answers)
        .where(_answers.c.scope == scope, _answers.c.key == key)
        .values(status=answer.status, body=answer.body, expires_at=expires_at)
    )


def release(connection: Connection, scope: str, key: str) -> None:
    """Forget a claim, so that the key may be used again; an answer stays."""
    connection.execute(
        delete(_answers).where(
            _answers.c.scope == scope, _answers.c.key == key, _answers.c.status.is_(None)
        )
    )


def delete_expired(connection: Connection, now: datetime, limit: int) -> int:
    """Remove at most *limit* expired rows; give how many went."""
    expired = (
        select(_answers.c.scope, _answers.c.key).where(_answers.c.expires_at <= now).limit(limit)
    )
    statement = delete(_answers).where(tuple_(_answers.c.scope, _answers.c.key).in_(expired))
    return connection.execute(statement).rowcount
