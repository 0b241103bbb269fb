"""What metering reads and writes of its tables, the same on every engine."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from dream_api.customers.metering.model import Usage

UserKey = tuple[str, str]
"""(platform_id, user_id)"""
EventKey = tuple[str, bytes]
"""(platform_id, hash of scope and idempotency key)"""
LedgerRow = tuple[str, str, int, int, int, int, str | None]
"""(platform_id, user_id, amount, period_start, event_at, recorded_at, properties)"""
AnswerRow = tuple[str, int, bytes, bytes, str]
"""(platform_id, week, key_hash, content_hash, answer)"""


class Point(msgspec.Struct, frozen=True):
    """One end user and the version of the platform, as of one moment."""

    version: int
    usage: Usage | None


class Known(msgspec.Struct, frozen=True):
    """What a transaction starts from; whatever is unknown is left out.

    ``answers`` are those given under idempotency keys this week or last: the hash of their
    content, and the answer as it was stored.
    """

    versions: dict[str, int]
    usages: dict[UserKey, Usage]
    answers: dict[EventKey, tuple[bytes, str]]


class Changes(msgspec.Struct):
    """What one transaction has decided so far and has to write.

    ``new`` are users without a usage row, ``changed`` those with one, ``active`` those of the
    latter whose last activity moved; the rest is appended.
    """

    now_ms: int
    new: dict[UserKey, Usage] = {}
    changed: dict[UserKey, Usage] = {}
    active: set[UserKey] = set()
    ledger: list[LedgerRow] = []
    answers: list[AnswerRow] = []


class Rows(Protocol):
    """Metering's hand-tuned SQL on the driver's own connection: few statements for many events."""

    async def read_points(self, users: Sequence[UserKey]) -> Sequence[Point]:
        """Read end users' rows and their platforms' versions in one look, in the order given."""
        ...

    async def read(
        self,
        platform_ids: Sequence[str],
        users: Sequence[UserKey],
        keys: Sequence[EventKey],
        week: int,
    ) -> Known:
        """Read what a batch is about: platforms' versions, users' rows and the answers of keys.

        What ``write`` writes then rests on it: where another process has changed one of the rows
        meanwhile, nothing is written.
        """
        ...

    async def read_answers(
        self, keys: Sequence[EventKey], week: int
    ) -> dict[EventKey, tuple[bytes, str]]:
        """Read what was answered under these keys this week or last; unused ones are left out."""
        ...

    async def write(self, changes: Changes) -> None:
        """Write everything; ``users`` shows what the usage rows hold.

        Raises:
            Raced: another process made one of the new users or used one of the keys meanwhile.
        """
        ...
