# ruff: noqa: S608 - every piece of SQL here is a constant of this file.
"""The table ``end_users_counts``: how many users a platform has, by plan, status and currency.

Counting the rows of ``users`` costs as much as there are users, on each look at a page of them.
Kept by triggers, so that no writer of ``users`` can forget it. Counting usage touches none of
these columns, so the hot path pays nothing for a user who exists.

On PostgreSQL every transaction adds up in rows of its own: several processes that make users of
one platform neither wait for each other nor lock in different orders. A job folds those rows.
"""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber

revision = "0090_user_counts"
down_revision = "0081_keys_in_order"

_KEY = "platform_id, plan, subscription_status, cancel_at_period_end, currency, transaction_id"
_COLUMNS = f"{_KEY}, users, paying_users, mrr_cents"
_GROUP = (
    "{row}platform_id, coalesce({row}plan, ''), coalesce({row}subscription_status, ''),"
    " {row}cancel_at_period_end, {row}currency"
)
_ADD = (
    f"INSERT INTO end_users_counts ({_COLUMNS}) VALUES ({_GROUP}, {{transaction_id}}, {{sign}}1,"
    " {sign}CASE WHEN {row}mrr_cents > 0 THEN 1 ELSE 0 END, {sign}{row}mrr_cents)"
    f" ON CONFLICT ({_KEY}) DO UPDATE SET users = end_users_counts.users + excluded.users,"
    " paying_users = end_users_counts.paying_users + excluded.paying_users,"
    " mrr_cents = end_users_counts.mrr_cents + excluded.mrr_cents;"
)
_COUNTED = "plan, subscription_status, cancel_at_period_end, currency, mrr_cents"
_PRESENT = (
    f"INSERT INTO end_users_counts ({_COLUMNS}) SELECT {_GROUP.format(row='')}, 0, count(*),"
    " coalesce(sum(CASE WHEN mrr_cents > 0 THEN 1 ELSE 0 END), 0), sum(mrr_cents)"
    f" FROM users GROUP BY {_GROUP.format(row='')}"
)


def upgrade() -> None:
    """Create the table, fill it from the users that are there, and let triggers keep it."""
    op.create_table(
        "end_users_counts",
        sa.Column("platform_id", sa.Text, primary_key=True),
        sa.Column("plan", sa.Text, primary_key=True),
        sa.Column("subscription_status", sa.Text, primary_key=True),
        sa.Column("cancel_at_period_end", WholeNumber, primary_key=True, autoincrement=False),
        sa.Column("currency", sa.Text, primary_key=True),
        sa.Column("transaction_id", WholeNumber, primary_key=True, autoincrement=False),
        sa.Column("users", WholeNumber, nullable=False),
        sa.Column("paying_users", WholeNumber, nullable=False),
        sa.Column("mrr_cents", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.execute(_PRESENT)
    if op.get_bind().dialect.name == "sqlite":
        _let_sqlite_count()
    else:
        _let_postgres_count()


def _let_sqlite_count() -> None:
    """Add up in one row a group: there is one writer."""
    add = _ADD.format(row="NEW.", sign="", transaction_id="0")
    subtract = _ADD.format(row="OLD.", sign="-", transaction_id="0")
    for name, event, statements in (
        ("insert", "INSERT", add),
        ("update", f"UPDATE OF {_COUNTED}", f"{subtract} {add}"),
        ("delete", "DELETE", subtract),
    ):
        op.execute(
            f"CREATE TRIGGER users_count_{name} AFTER {event} ON users BEGIN {statements} END"
        )


def _let_postgres_count() -> None:
    """Add up in rows of the transaction, and find those that wait to be folded by an index."""
    add = _ADD.format(row="NEW.", sign="", transaction_id="txid_current()")
    subtract = _ADD.format(row="OLD.", sign="-", transaction_id="txid_current()")
    op.execute(
        "CREATE FUNCTION users_count() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP <> 'INSERT' THEN {subtract} END IF;"
        f" IF TG_OP <> 'DELETE' THEN {add} END IF;"
        " RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER users_count AFTER INSERT OR UPDATE OF {_COUNTED} OR DELETE ON users"
        " FOR EACH ROW EXECUTE FUNCTION users_count()"
    )
    op.execute(
        "CREATE INDEX end_users_counts_unfolded ON end_users_counts (transaction_id)"
        " WHERE transaction_id <> 0"
    )
