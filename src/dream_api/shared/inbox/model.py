"""An event on its way through the inbox, and the pace of its retries."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dream_api.kit.periods import rfc3339

ATTEMPTS_MAX = 12
"""With the delays below: the last attempt comes about half a day after the first."""
RETRY_SECONDS_MIN = 5
RETRY_SECONDS_MAX = 3 * 3600
JITTER = 0.25
"""Retries spread by this share of their delay, so that an outage does not end in a stampede."""


class InboxState(StrEnum):
    """Where an event is."""

    PENDING = "pending"
    DONE = "done"
    QUARANTINED = "quarantined"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event as it arrived, already verified."""

    source: str
    event_id: str
    event_type: str
    platform_id: str | None
    account: str | None
    payload: Any


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """A stored event; ``attempts`` counts from 1 while it is being handled.

    ``payload`` is None in a list: a log of a hundred events would carry 25 MB of them.
    """

    id: str
    source: str
    event_id: str
    event_type: str
    platform_id: str | None
    account: str | None
    payload: Any
    state: InboxState
    attempts: int
    received_at: datetime
    due_at: datetime
    finished_at: datetime | None
    reason: str | None

    def to_wire(self) -> dict[str, Any]:
        """Write the event for its platform's log; the payload stays here."""
        return {
            "id": self.id,
            "eventId": self.event_id,
            "type": self.event_type,
            "state": self.state.value,
            "attempts": self.attempts,
            "receivedAt": rfc3339(self.received_at),
            "nextAttemptAt": rfc3339(self.due_at) if self.state is InboxState.PENDING else None,
            "finishedAt": rfc3339(self.finished_at) if self.finished_at else None,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of a platform's log, newest first."""

    events: Sequence[InboxEvent]
    next_cursor: str | None


Handler = Callable[[InboxEvent], Awaitable[None]]
Handlers = Mapping[str, Sequence[Handler]]
"""Event type → what to call, in order; a type that is not named is stored and left alone."""


def retry_delay(attempts: int, *, chance: float) -> timedelta:
    """Give how long to wait after *attempts* failures; *chance* is a random number in 0…1."""
    doubled_seconds = RETRY_SECONDS_MIN * 2.0 ** (attempts - 1)
    seconds = min(doubled_seconds, RETRY_SECONDS_MAX)
    return timedelta(seconds=seconds * (1 + JITTER * (2 * chance - 1)))
