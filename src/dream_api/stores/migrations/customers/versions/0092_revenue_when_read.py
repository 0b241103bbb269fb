"""``users.mrr`` is worked out when it is read, where PostgreSQL can (from 18 on).

A stored generated column costs every update of the row, also one that it does not depend on:
PostgreSQL reads its expression anew for each row, which took half the time of showing a count.
"""

from alembic import op

revision = "0092_revenue_when_read"
down_revision = "0091_revenue_indexes"

_VIRTUAL_SINCE = 180_000


def upgrade() -> None:
    """Replace the column, keeping its expression."""
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    version = int(bind.exec_driver_sql("SHOW server_version_num").scalar_one())
    if version < _VIRTUAL_SINCE:
        return
    expression = bind.exec_driver_sql(
        "SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN pg_attribute a"
        " ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
        " WHERE d.adrelid = 'users'::regclass AND a.attname = 'mrr'"
    ).scalar_one()
    op.execute("ALTER TABLE users DROP COLUMN mrr")
    op.execute(
        "ALTER TABLE users ADD COLUMN mrr numeric(18, 2)"
        f" GENERATED ALWAYS AS ({expression}) VIRTUAL"
    )
