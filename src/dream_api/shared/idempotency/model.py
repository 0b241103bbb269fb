"""Values of the idempotency room."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

RETENTION = timedelta(days=7)
"""How long an answer is kept for repeats."""
LEASE = timedelta(minutes=2)
"""How long a request that died keeps its key; longer than any request may run."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first answer: its status and JSON body, secrets left out."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one key; without an answer the first request is still running."""

    fingerprint: str
    answer: StoredAnswer | None
