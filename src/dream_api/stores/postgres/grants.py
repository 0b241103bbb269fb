"""The table of bindings as GRANTs: the database itself refuses what a service was not given."""

from collections.abc import Iterable

from sqlalchemy import Connection

from dream_api.stores.bindings import (
    CUSTOMER_TOKENS,
    CUSTOMER_USAGE,
    NAMESPACE_SUFFIX,
    RELATIONAL,
    RIGHTS,
    Role,
    World,
)
from dream_api.stores.errors import DatabaseNotSetUp

VERSION_TABLE = "alembic_version"
"""Every role may see which release a schema fits."""

_USERS_COLUMNS = "usage_count, last_active, period_start, period_end"
_METER = (
    f"GRANT SELECT ON {CUSTOMER_TOKENS} TO {{role}}",
    f"GRANT SELECT, INSERT, UPDATE ON {CUSTOMER_USAGE} TO {{role}}",
    "GRANT SELECT, INSERT ON metering_idempotency TO {role}",
    "GRANT INSERT ON metering_ledger TO {role}",
    f"GRANT SELECT (ctid, platform_id, user_id, {_USERS_COLUMNS}) ON users TO {{role}}",
    f"GRANT INSERT (platform_id, user_id, plan, created_at, {_USERS_COLUMNS}) ON users TO {{role}}",
    f"GRANT UPDATE ({_USERS_COLUMNS}) ON users TO {{role}}",
    # By the triggers of a new row of users.
    "GRANT INSERT ON end_users_search TO {role}",
    "GRANT SELECT, INSERT, UPDATE ON end_users_counts TO {role}",
)
"""What the hot path does, and nothing else: it can neither delete nor see an address."""


_LOOP = tuple(
    f"GRANT EXECUTE ON FUNCTION {table}_{verb}(bigint) TO {{role}}"
    for table in ("metering_ledger", "metering_idempotency")
    for verb in ("make", "drop")
)
"""How the customers' loop cuts and drops partitions, with no right on tables for that."""


def grant(connection: Connection, world: World, name: str, roles: Iterable[Role]) -> None:
    """Give a role of the database what these roles of ours may do in one world, and no more.

    Raises:
        DatabaseNotSetUp: the database has no role of this name.
    """
    found = connection.exec_driver_sql(
        "SELECT rolname = current_user FROM pg_roles WHERE rolname = $1", (name,)
    ).scalar_one_or_none()
    if found is None:
        raise DatabaseNotSetUp(
            f"The database has no role {name}. Run in it: CREATE ROLE {name} LOGIN PASSWORD '…'"
        )
    if found:
        return  # The owner.
    quoted = connection.dialect.identifier_preparer.quote(name)
    for statement in _statements(connection, world, frozenset(roles)):
        connection.exec_driver_sql(statement.format(role=quoted))


def _statements(connection: Connection, world: World, roles: frozenset[Role]) -> Iterable[str]:
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {world} FROM {{role}}"
    yield f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {world} FROM PUBLIC, {{role}}"
    yield f"REVOKE ALL ON SCHEMA {world} FROM {{role}}"
    given = [role for role in roles if (role, world) in RIGHTS]
    if not given:
        return
    yield f"GRANT USAGE ON SCHEMA {world} TO {{role}}"
    yield f"GRANT SELECT ON {VERSION_TABLE} TO {{role}}"
    # A partition is reached through its table alone.
    tables = connection.exec_driver_sql(
        "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1",
        (world.value,),
    ).scalars()
    for table in [name for name in tables if name != VERSION_TABLE]:
        for role in given:
            if role is not Role.METER:
                yield from _on_table(table, role, world)
    if Role.METER in given:
        yield from _METER
    if Role.WORKER_CUSTOMERS in given and world is World.CUSTOMERS:
        yield from _LOOP


def _on_table(table: str, role: Role, world: World) -> Iterable[str]:
    rights = RIGHTS[role, world]
    kind = table if table.endswith(NAMESPACE_SUFFIX) else RELATIONAL
    if kind in rights.read:
        yield f"GRANT SELECT ON {table} TO {{role}}"
    if kind in rights.write:
        yield f"GRANT INSERT, UPDATE, DELETE ON {table} TO {{role}}"
