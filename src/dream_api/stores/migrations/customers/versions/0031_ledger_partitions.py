# ruff: noqa: S608 - every piece of SQL here is a constant of this file.
"""The ledger by month and idempotency keys by week, so that what is old goes as a whole."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

revision = "0031_ledger_partitions"
down_revision = "0070_mail_html"

_AHEAD = 3  # Months, and weeks, that are there before anything happens in them.
_REFUSED = {
    "update": "UPDATE OF id, platform_id, amount, period_start, event_at, kind",
    "delete": "DELETE",
}


def upgrade() -> None:
    """Note from when on the ledger is kept, and cut both tables into partitions on PostgreSQL."""
    op.create_table(
        "metering_retention",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("kept_from", WholeNumber, nullable=False),
        sa.Column("swept_to", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    statements = _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgres()
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)


def _sqlite() -> Iterator[str]:
    """Let rows go that lie before what is kept, and no others."""
    yield "DROP TRIGGER metering_ledger_refuses_delete"
    yield """
        CREATE TRIGGER metering_ledger_refuses_delete BEFORE DELETE ON metering_ledger
        WHEN OLD.period_start >= coalesce((SELECT max(kept_from) FROM metering_retention), 0)
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"""


def _postgres() -> Iterator[str]:
    yield from _cut("metering_ledger", "period_start", "id, period_start")
    yield from _cut("metering_idempotency", "week", "platform_id, week, key_hash")
    for name, action in _REFUSED.items():
        yield (
            f"CREATE TRIGGER metering_ledger_refuses_{name} BEFORE {action} ON metering_ledger"
            " FOR EACH ROW EXECUTE FUNCTION metering_ledger_refuse()"
        )
    yield from _functions()
    for table in ("metering_ledger", "metering_idempotency"):
        yield f"INSERT INTO {table} SELECT * FROM {table}_whole"
        yield f"DROP TABLE {table}_whole"
        yield f"SELECT {table}_make((extract(epoch FROM now()) * 1000)::bigint)"
    yield (
        "SELECT setval(pg_get_serial_sequence('metering_ledger', 'id'),"
        " coalesce((SELECT max(id) FROM metering_ledger), 0) + 1, false)"
    )


def _cut(table: str, column: str, key: str) -> Iterator[str]:
    """Put an empty table in partitions in the place of the whole one.

    What no partition takes goes into ``…_other``, so that counting never stops; the worker makes
    partitions ahead, and whatever it finds there it puts where it belongs.
    """
    yield f"ALTER TABLE {table} RENAME TO {table}_whole"
    yield f"ALTER INDEX {table}_pkey RENAME TO {table}_whole_pkey"
    yield (
        f"CREATE TABLE {table} (LIKE {table}_whole INCLUDING DEFAULTS INCLUDING IDENTITY,"
        f" PRIMARY KEY ({key})) PARTITION BY RANGE ({column})"
    )
    yield f"CREATE TABLE {table}_other PARTITION OF {table} DEFAULT"


def _functions() -> Iterator[str]:
    """Create what the worker calls: it may cut and drop, with no right on the tables for that.

    They run as their owner; ``dream-api migrate`` says who may call them.
    """
    here = op.get_bind().exec_driver_sql("SELECT current_schema()").scalar_one()
    rights = f"LANGUAGE plpgsql SECURITY DEFINER SET search_path = {here}, pg_temp"
    yield """
        CREATE FUNCTION metering_month(at_ms bigint, step int) RETURNS bigint
        LANGUAGE sql IMMUTABLE AS $$ SELECT (extract(epoch FROM
            date_trunc('month', to_timestamp(at_ms / 1000) AT TIME ZONE 'UTC')
            + make_interval(months => step)) * 1000)::bigint $$"""
    yield _making_one(
        "metering_ledger",
        "to_char(to_timestamp(span / 1000) AT TIME ZONE 'UTC', 'YYYY_MM')",
        "metering_month(span, 0), metering_month(span, 1)",
    )
    yield _making_one("metering_idempotency", "to_char(span, 'FM000000')", "span, span + 1")
    months, weeks = "metering_month(now_ms, step)", "now_ms / 604800000 + step"
    yield _making_all("metering_ledger", "period_start", months, rights)
    yield _making_all("metering_idempotency", "week", weeks, rights)
    yield _dropping_months(rights)
    yield _dropping_weeks(rights)


def _making_one(table: str, name: str, bounds: str) -> str:
    return f"""
        CREATE FUNCTION {table}_make_one(span bigint) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE part text := '{table}_' || {name};
        BEGIN
            IF to_regclass(part) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF {table}'
                    ' FOR VALUES FROM (%s) TO (%s)', part, {bounds});
            END IF;
        END $$"""


def _making_all(table: str, column: str, span: str, rights: str) -> str:
    """Build the function that makes partitions ahead, and takes in what fell beside them.

    It gives how many rows those were. They are read with the transaction's snapshot, and no row
    may be missing in it: where that is older than the lock, nothing is done and NULL is given.
    """
    return f"""
        CREATE FUNCTION {table}_make(now_ms bigint) RETURNS bigint {rights} AS $$
        DECLARE astray bigint := 0;
        BEGIN
            IF EXISTS (SELECT FROM {table}_other) THEN
                IF current_setting('transaction_isolation') <> 'read committed' AND NOT EXISTS (
                    SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND granted
                        AND relation = '{table}'::regclass AND mode = 'AccessExclusiveLock')
                THEN RETURN NULL;
                END IF;
                LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;
                ALTER TABLE {table} DETACH PARTITION {table}_other;
                ALTER TABLE {table}_other RENAME TO {table}_astray;
                CREATE TABLE {table}_other PARTITION OF {table} DEFAULT;
                PERFORM {table}_make_one({column})
                FROM (SELECT DISTINCT {column} FROM {table}_astray) found;
                INSERT INTO {table} SELECT * FROM {table}_astray;
                GET DIAGNOSTICS astray = ROW_COUNT;
                DROP TABLE {table}_astray;
            END IF;
            PERFORM {table}_make_one({span}) FROM generate_series(-1, {_AHEAD}) step;
            RETURN astray;
        END $$"""


def _dropping_months(rights: str) -> str:
    """Build the function that drops months, as far as the rollups have passed them."""
    return f"""
        CREATE FUNCTION metering_ledger_drop(before_ms bigint) RETURNS bigint {rights} AS $$
        DECLARE part record; newest bigint; dropped bigint := 0;
        BEGIN
            FOR part IN {_parts("metering_ledger")} LOOP
                EXIT WHEN part.ends > before_ms;
                EXECUTE format('SELECT max(id) FROM %I', part.relname) INTO newest;
                EXIT WHEN newest > coalesce((SELECT ledger_id FROM metering_watermarks
                    WHERE name = 'rollups'), 0);
                EXECUTE format('DROP TABLE %I', part.relname);
                INSERT INTO metering_retention VALUES ('ledger', part.ends, 0)
                ON CONFLICT (name) DO UPDATE SET kept_from = excluded.kept_from;
                dropped := dropped + 1;
            END LOOP;
            RETURN dropped;
        END $$"""


def _dropping_weeks(rights: str) -> str:
    return f"""
        CREATE FUNCTION metering_idempotency_drop(before_week bigint) RETURNS bigint {rights} AS $$
        DECLARE part record; dropped bigint := 0;
        BEGIN
            FOR part IN {_parts("metering_idempotency")} LOOP
                EXIT WHEN part.ends > before_week;
                EXECUTE format('DROP TABLE %I', part.relname);
                dropped := dropped + 1;
            END LOOP;
            RETURN dropped;
        END $$"""


def _parts(table: str) -> str:
    """List partitions and their exclusive ends, the oldest first."""
    return f"""SELECT c.relname,
            split_part(pg_get_expr(c.relpartbound, c.oid), chr(39), 4)::bigint AS ends
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = '{table}'::regclass AND c.relname <> '{table}_other' ORDER BY 2"""
