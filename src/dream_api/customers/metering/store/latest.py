"""What one end user did lately, straight from the ledger."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from dream_api.customers.metering.store.tables import LEDGER
from dream_api.kit.periods import from_milliseconds
from dream_api.stores import Connection

LOOK_BACK_ROWS = 50_000
"""How far back in everybody's ledger one user is looked for: it has no index, which would cost a
write for each counted call."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger: ``kind`` is ``track`` or ``adjust``, which has a reason."""

    at: datetime
    amount: int
    kind: str
    reason: str | None


def read_latest(connection: Connection, platform_id: str, user_id: str, limit: int) -> list[Entry]:
    """List a user's newest rows among the newest LOOK_BACK_ROWS of all, newest first."""
    newest = select(func.coalesce(func.max(LEDGER.c.id), 0)).scalar_subquery()
    statement = (
        select(LEDGER.c.event_at, LEDGER.c.amount, LEDGER.c.kind, LEDGER.c.reason)
        .where(
            LEDGER.c.id > newest - LOOK_BACK_ROWS,
            LEDGER.c.platform_id == platform_id,
            LEDGER.c.user_id == user_id,
        )
        .order_by(LEDGER.c.id.desc())
        .limit(limit)
    )
    return [
        Entry(from_milliseconds(at), amount, kind, reason)
        for at, amount, kind, reason in connection.execute(statement)
    ]
