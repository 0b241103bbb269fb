"""Row-level security of the customers' world: which rows of a table each role may meet.

A door's transaction names one platform and meets that platform's rows; one that names none meets
no platform's. The meter, whose batches carry many platforms, the loops, whose sweeps cross them,
and the owner, who audits, meet every row: their guard is what they were granted, if at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from dream_api.stores.bindings import RIGHTS, Role, World

PLATFORM_SETTING = "dream.platform_id"
"""Set for one transaction at a time, never for a session."""
ACROSS_PLATFORMS = frozenset({Role.METER, Role.WORKER_DEVELOPERS, Role.WORKER_CUSTOMERS})
KEYS_OF_PLATFORM = ("platform_id", "realm_id")
"""The columns that tell whose a row is: an end users' realm is a platform."""
WITHOUT_POLICY = frozenset({
    "identity_signing_keys",  # One set signs for the whole world; its realm is the world.
    "identity_clerk_users",  # Finds the realm of a person whom Clerk names without it.
})  # fmt: skip

_ONE = "one_platform"
_EVERY = "every_platform"
_CURRENT = f"(SELECT current_setting('{PLATFORM_SETTING}', true))"
_TABLES = """
    SELECT c.relname, a.attname, NOT a.attnotnull, c.relrowsecurity AND c.relforcerowsecurity
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND a.attname = ANY($2::text[]) AND NOT a.attisdropped
    ORDER BY c.relname
"""
_POLICIES = """
    SELECT tablename, policyname, roles::text[] FROM pg_policies WHERE schemaname = $1
"""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A table whose rows belong to platforms."""

    name: str
    key: str
    may_be_nobodys: bool
    """Whether some of its rows belong to no platform; every door meets those."""
    is_enabled: bool

    @property
    def condition(self) -> str:
        """What a row must satisfy to be met, or written, in a transaction of one platform."""
        nobodys = f"{self.key} IS NULL OR " if self.may_be_nobodys else ""
        return f"{nobodys}{self.key} = {_CURRENT}"


def secure(connection: Connection, world: World, names: Mapping[str, Iterable[Role]]) -> None:
    """Give each table that holds platforms' rows its policies, and change none that is right.

    Args:
        connection: the owner's.
        world: only the customers' world holds platforms.
        names: what each role of the database is to us; the owner need not be among them.
    """
    if world is not World.CUSTOMERS:
        return
    wanted = _roles_by_policy(connection, world, names)
    found: dict[tuple[str, str], frozenset[str]] = {
        (table, policy): frozenset(roles)
        for table, policy, roles in connection.exec_driver_sql(_POLICIES, (world.value,))
    }
    for table in _guarded_tables(connection, world):
        for policy, roles in wanted.items():
            if found.get((table.name, policy), frozenset()) != roles:
                _put_policy(connection, table, policy, roles)
        if not table.is_enabled:  # Last: from here on a row needs a policy to be seen.
            connection.exec_driver_sql(
                f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
            )


def _roles_by_policy(
    connection: Connection, world: World, names: Mapping[str, Iterable[Role]]
) -> dict[str, frozenset[str]]:
    owner: str = connection.exec_driver_sql("SELECT current_user").scalar_one()
    across, bound = {owner}, set()
    for name, roles in names.items():
        given = {role for role in roles if (role, world) in RIGHTS}
        if given & ACROSS_PLATFORMS:
            across.add(name)
        elif given:
            bound.add(name)
    return {_ONE: frozenset(bound - across), _EVERY: frozenset(across)}


def _guarded_tables(connection: Connection, world: World) -> list[Guarded]:
    rows = connection.exec_driver_sql(_TABLES, (world.value, list(KEYS_OF_PLATFORM)))
    return [Guarded(*row) for row in rows if row[0] not in WITHOUT_POLICY]


def _put_policy(connection: Connection, table: Guarded, policy: str, roles: frozenset[str]) -> None:
    connection.exec_driver_sql(f"DROP POLICY IF EXISTS {policy} ON {table.name}")
    if not roles:
        return
    quote = connection.dialect.identifier_preparer.quote
    condition = table.condition if policy == _ONE else "true"
    connection.exec_driver_sql(
        f"CREATE POLICY {policy} ON {table.name} TO {', '.join(map(quote, sorted(roles)))}"
        f" USING ({condition}) WITH CHECK ({condition})"
    )
