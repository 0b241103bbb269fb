"""Usage of end users: counted, limited, never lost.

Owns: the decision, the counters, the ledger, idempotency of counting, rollups and the audit.
Does not own: prices and Stripe; tiers reach it as values. It inserts a ``users`` row for an
unknown user and writes that table's ``usage_count, last_active, period_start, period_end``,
so that usage and what the dashboard shows change in one transaction.
"""

from dream_api.customers.metering.errors import IdempotencyConflict, UsageBelowZero
from dream_api.customers.metering.model import (
    AMOUNT_MAX,
    Decision,
    Denial,
    RateLimit,
    TrackEvent,
    retry_after_seconds,
)
from dream_api.customers.metering.service import ROLL_UP_ROWS_MAX, Metering
from dream_api.customers.metering.store import (
    Difference,
    Entry,
    PastEvent,
    add_events,
    count_ledger,
    erase,
    list_usage,
    read_days,
    read_latest,
    read_user_days,
    recount,
    set_blocked,
    set_entitlement,
)
from dream_api.customers.metering.store import find_differences as audit

__all__ = [
    "AMOUNT_MAX",
    "ROLL_UP_ROWS_MAX",
    "Decision",
    "Denial",
    "Difference",
    "Entry",
    "IdempotencyConflict",
    "Metering",
    "PastEvent",
    "RateLimit",
    "TrackEvent",
    "UsageBelowZero",
    "add_events",
    "audit",
    "count_ledger",
    "erase",
    "list_usage",
    "read_days",
    "read_latest",
    "read_user_days",
    "recount",
    "retry_after_seconds",
    "set_blocked",
    "set_entitlement",
]
