"""What a message is, and when it is tried again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

ATTEMPTS_MAX = 10
"""After so many failures a message is dead: kept, counted and shown, but not tried again."""
LEASE = timedelta(seconds=60)
"""How long a message belongs to the worker that took it; longer than any delivery may take."""
DELIVERY_TIMEOUT_SECONDS = 30.0
_BACKOFF_FIRST = timedelta(seconds=5)
_BACKOFF_MAX = timedelta(hours=1)

Delivery = Callable[[dict[str, Any]], Awaitable[None]]
"""Sends one payload. Raising means that it was not sent; a payload may arrive twice."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message that a worker has taken, with its payload still sealed."""

    message_id: str
    kind: str
    payload_sealed: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many messages wait, and how many are dead."""

    waiting: int
    dead: int


def backoff(attempts: int) -> timedelta:
    """Give the pause after the n-th failure: 5 s, doubling, at most an hour."""
    return min(_BACKOFF_FIRST * (1 << (attempts - 1)), _BACKOFF_MAX)
