"""The tables; migration 0004 of the customers' world creates them."""

from sqlalchemy import Column, LargeBinary, Text

from dream_api.stores import MetaData, Table, WholeNumber

_metadata = MetaData()

USAGE = Table(
    "customer_usage_kv",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("plan", Text),
    Column("shown_plan", Text),
    Column("had_subscription", WholeNumber, nullable=False),
    Column("is_blocked", WholeNumber, nullable=False),
    Column("period_start", WholeNumber),
    Column("period_end", WholeNumber),
    Column("usage_count", WholeNumber, nullable=False),
    Column("previous_count", WholeNumber, nullable=False),
    Column("minute_start", WholeNumber, nullable=False),
    Column("minute_count", WholeNumber, nullable=False),
    Column("last_active", WholeNumber),
)
"""The namespace CUSTOMER_USAGE_KV in typed columns.

Moments are plain milliseconds here: the hot path reads and writes the same columns.
"""

USERS = Table(
    "users",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("plan", Text),
    Column("usage_count", WholeNumber, nullable=False),
    Column("last_active", WholeNumber),
    Column("period_start", WholeNumber),
    Column("period_end", WholeNumber),
)
"""What metering may know of the end users' table."""

LEDGER = Table(
    "metering_ledger",
    _metadata,
    Column("id", WholeNumber, primary_key=True),
    Column("platform_id", Text, nullable=False),
    Column("user_id", Text),
    Column("amount", WholeNumber, nullable=False),
    Column("period_start", WholeNumber, nullable=False),
    Column("event_at", WholeNumber, nullable=False),
    Column("recorded_at", WholeNumber, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text),
    Column("properties", Text),
)
"""Append-only; erasure alone blanks ``user_id``, ``reason`` and ``properties``."""

ANSWERS = Table(
    "metering_idempotency",
    _metadata,
    Column("id", WholeNumber, primary_key=True),
    Column("week", WholeNumber, nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
)
"""As SQLite has it: in the order that the keys came. The hash names the platform too; on
PostgreSQL, where nobody needs the order, a column does as well, for row security."""

ANSWER_INDEX = Table(
    "metering_idempotency_index",
    _metadata,
    Column("week", WholeNumber, primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("id", WholeNumber, nullable=False),
)
"""Where a key stands among ANSWERS; SQLite's, complete up to the watermark ``key_index``."""

ROLLUPS = Table(
    "metering_rollups",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("hour_start", WholeNumber, primary_key=True),
    Column("units", WholeNumber, nullable=False),
    Column("events", WholeNumber, nullable=False),
)

USER_DAYS = Table(
    "metering_user_days",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("day_start", WholeNumber, primary_key=True),
    Column("units", WholeNumber, nullable=False),
)

WATERMARKS = Table(
    "metering_watermarks",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("ledger_id", WholeNumber, nullable=False),
)
"""Up to which row of the ledger a job has come."""

RETENTION = Table(
    "metering_retention",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("kept_from", WholeNumber, nullable=False),
    Column("swept_to", WholeNumber, nullable=False),
)
"""From which month on the ledger is complete; no row where it always was."""

ERASURES = Table(
    "metering_erasures",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("ledger_id_max", WholeNumber, nullable=False),
    Column("swept_to", WholeNumber, nullable=False),
)
"""Erased users whose older rows in the ledger still carry their id, until swept."""
