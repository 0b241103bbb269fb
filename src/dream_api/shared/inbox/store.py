"""The inbox's rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Text, delete, select, update

from dream_api.shared.inbox.model import ATTEMPTS_MAX, InboxEvent, InboxState, NewEvent
from dream_api.stores import Connection, Instant, Json, MetaData, Table, WholeNumber, upsert

_events = Table(
    "inbox_events",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("platform_id", Text),
    Column("account", Text),
    Column("payload", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", WholeNumber, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("reason", Text),
)
_PENDING = _events.c.state == InboxState.PENDING.value


def insert_event(connection: Connection, event_id: str, event: NewEvent, now: datetime) -> bool:
    """Store an event under our own *event_id*; False when its sender's id is known already."""
    statement = upsert(_events).values(
        id=event_id,
        source=event.source,
        event_id=event.event_id,
        event_type=event.event_type,
        platform_id=event.platform_id,
        account=event.account,
        payload=event.payload,
        state=InboxState.PENDING.value,
        attempts=0,
        received_at=now,
        due_at=now,
    )
    return connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


def claim_due(
    connection: Connection, now: datetime, lease_ends_at: datetime, limit: int
) -> list[InboxEvent]:
    """Take the events that are due, oldest first, for as long as the lease lasts.

    A claim counts as an attempt, so that an event that kills its worker dies as well.
    """
    connection.execute(
        update(_events)
        .where(_PENDING, _events.c.due_at <= now, _events.c.attempts >= ATTEMPTS_MAX)
        .values(
            state=InboxState.DEAD.value, finished_at=now, reason="Its last attempt never ended."
        )
    )
    due = (
        select(_events.c.id)
        .where(_PENDING, _events.c.due_at <= now)
        .order_by(_events.c.due_at, _events.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(due).scalars())
    connection.execute(
        update(_events)
        .where(_events.c.id.in_(ids))
        .values(due_at=lease_ends_at, attempts=_events.c.attempts + 1)
    )
    claimed = select(_events).where(_events.c.id.in_(ids)).order_by(_events.c.id)
    return [_read(row) for row in connection.execute(claimed)]


def finish(
    connection: Connection, event_id: str, state: InboxState, now: datetime, reason: str | None
) -> None:
    """End a pending event; one that has ended stays as it is."""
    connection.execute(
        update(_events)
        .where(_events.c.id == event_id, _PENDING)
        .values(state=state.value, finished_at=now, reason=reason)
    )


def postpone(connection: Connection, event_id: str, due_at: datetime, reason: str) -> None:
    """Make a pending event due again later."""
    connection.execute(
        update(_events)
        .where(_events.c.id == event_id, _PENDING)
        .values(due_at=due_at, reason=reason)
    )


def find_event(connection: Connection, event_id: str) -> InboxEvent | None:
    """Find an event by our id."""
    row = connection.execute(select(_events).where(_events.c.id == event_id)).one_or_none()
    return None if row is None else _read(row)


def list_events(
    connection: Connection, platform_id: str, limit: int, before_id: str | None
) -> list[InboxEvent]:
    """List a platform's events, newest first, after the one that ended the last page."""
    light = [column for column in _events.c if column is not _events.c.payload]
    statement = select(*light).where(_events.c.platform_id == platform_id)
    if before_id is not None:
        statement = statement.where(_events.c.id < before_id)
    statement = statement.order_by(_events.c.id.desc()).limit(limit)
    return [_read(row) for row in connection.execute(statement)]


def make_due(connection: Connection, platform_id: str, event_id: str, now: datetime) -> bool:
    """Make a platform's event due from the start; False when the platform has no such event."""
    statement = (
        update(_events)
        .where(_events.c.id == event_id, _events.c.platform_id == platform_id)
        .values(
            state=InboxState.PENDING.value, attempts=0, due_at=now, finished_at=None, reason=None
        )
    )
    return connection.execute(statement).rowcount == 1


def delete_finished(
    connection: Connection, states: Sequence[InboxState], before: datetime, limit: int
) -> int:
    """Drop events in *states* that ended before a moment; give how many went."""
    old = (
        select(_events.c.id)
        .where(_events.c.finished_at < before, _events.c.state.in_([s.value for s in states]))
        .limit(limit)
    )
    return connection.execute(delete(_events).where(_events.c.id.in_(old))).rowcount


def _read(row: Row[Any]) -> InboxEvent:
    return InboxEvent(**{"payload": None, **row._mapping, "state": InboxState(row.state)})  # noqa: SLF001 - Row's documented way to a mapping.
