"""Usage: the typed rows of CUSTOMER_USAGE_KV, the ledger, idempotency and rollups."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

revision = "0004_metering"
down_revision = "0003_end_users"

_KEY = "'usage:' || platform_id || ':' || user_id"
_MOMENT = "strftime('%Y-%m-%dT%H:%M:%SZ', {} / 1000, 'unixepoch')"
_VALUE = f"""json_object(
    'usageCount', usage_count, 'plan', coalesce(plan, shown_plan),
    'periodStart', {_MOMENT.format("period_start")}, 'periodEnd', {_MOMENT.format("period_end")},
    'previousCount', previous_count, 'blocked', json(iif(is_blocked, 'true', 'false')),
    'lastActive', {_MOMENT.format("last_active")})"""


def upgrade() -> None:
    """Create the tables; the ledger refuses changes of what was counted."""
    _create_usage()
    _create_ledger()
    _create_idempotency()
    _create_rollups()
    _create_erasures()


def _create_usage() -> None:
    """The namespace, typed; on SQLite ``key`` and ``value`` show a row as its reader sees it.

    There they cost nothing until they are read; PostgreSQL before 18 would store them.
    """
    op.create_table(
        "customer_usage_kv",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("plan", sa.Text),
        sa.Column("shown_plan", sa.Text),
        _number("had_subscription"),
        _number("is_blocked"),
        sa.Column("period_start", WholeNumber),
        sa.Column("period_end", WholeNumber),
        _number("usage_count"),
        _number("previous_count"),
        _number("minute_start"),
        _number("minute_count"),
        sa.Column("last_active", WholeNumber),
        *(_shown() if _is_sqlite() else ()),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_ledger() -> None:
    op.create_table(
        "metering_ledger",
        sa.Column("id", WholeNumber, sa.Identity(), primary_key=True),
        sa.Column("platform_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("amount", WholeNumber, nullable=False),
        sa.Column("period_start", WholeNumber, nullable=False),
        sa.Column("event_at", WholeNumber, nullable=False),
        sa.Column("recorded_at", WholeNumber, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("properties", sa.Text),
        sqlite_strict=True,
    )
    # Erasure blanks who it was; what was counted never changes.
    if not _is_sqlite():
        op.execute(
            "CREATE FUNCTION metering_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
        )
    refuse = (
        "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        if _is_sqlite()
        else "FOR EACH ROW EXECUTE FUNCTION metering_ledger_refuse()"
    )
    for action in ("UPDATE OF id, platform_id, amount, period_start, event_at, kind", "DELETE"):
        op.execute(
            f"CREATE TRIGGER metering_ledger_refuses_{action.split()[0].lower()}"
            f" BEFORE {action} ON metering_ledger {refuse}"
        )


def _create_idempotency() -> None:
    """Keys of a week lie together, so that a look-up probes two weeks and forgetting drops one."""
    op.create_table(
        "metering_idempotency",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("week", WholeNumber, primary_key=True),
        sa.Column("key_hash", sa.LargeBinary, primary_key=True),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_rollups() -> None:
    op.create_table(
        "metering_rollups",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("hour_start", WholeNumber, primary_key=True),
        sa.Column("units", WholeNumber, nullable=False),
        sa.Column("events", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metering_user_days",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("day_start", WholeNumber, primary_key=True),
        sa.Column("units", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metering_watermarks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("ledger_id", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_erasures() -> None:
    op.create_table(
        "metering_erasures",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("ledger_id_max", WholeNumber, nullable=False),
        sa.Column("swept_to", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _shown() -> list[sa.Column[Any]]:
    return [
        sa.Column("key", sa.Text, sa.Computed(_KEY, persisted=False)),
        sa.Column("value", sa.Text, sa.Computed(_VALUE, persisted=False)),
        sa.Column("expires_at", WholeNumber, sa.Computed("NULL", persisted=False)),
    ]


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, WholeNumber, nullable=False, server_default=sa.text("0"))
