"""The database's shape: two schemas, each migrated by its own chain, and who may touch what."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.types import Text
from typing_extensions import override

from dream_api.stores.bindings import RIGHTS, Role, World
from dream_api.stores.migrations import check_schema, migrate
from dream_api.stores.postgres.connections import Patience, connect
from dream_api.stores.postgres.grants import grant
from dream_api.stores.postgres.row_security import secure

MIGRATION_STATEMENT_MS_MAX = "0"
"""No limit: building an index of a large table takes as long as it takes."""
_LOCK_OF_MIGRATIONS = 0x64726561
"""One migration at a time: the key of an advisory lock, kept until the transaction ends."""


class _ByCodePoint(PGTypeCompiler):
    """Text sorts and compares by code point, as on SQLite, whatever the database's locale."""

    @override
    def visit_TEXT(self, type_: Text, **options: object) -> str:
        return 'TEXT COLLATE "C"'


async def migrate_database(url: str, grantees: Iterable[tuple[Role, str]]) -> None:
    """Bring both schemas to this release, then give each role exactly its rights.

    Each world is one transaction, together with its grants.

    Args:
        url: the migrator's address; it owns everything.
        grantees: (role, name of the database's role); the migrator itself needs no grant.
    """
    names: dict[str, set[Role]] = {}
    for role, name in grantees:
        names.setdefault(name, set()).add(role)
    for world in World:
        await _in_schema(url, world, partial(_build, world=world, names=names))


async def check_database(migrator: str | None, addresses: Mapping[Role, str]) -> None:
    """Refuse to go on with a schema that is not this release's.

    Worlds that none of these roles may enter are not looked at.

    Raises:
        SchemaMismatch: a world is older or newer, or was never migrated.
        StoreUnavailable: the database does not answer.
    """
    for world in World:
        entitled = (url for role, url in addresses.items() if (role, world) in RIGHTS)
        url = migrator or next(entitled, None)
        if url is not None:
            await _in_schema(url, world, partial(check_schema, world=world))


def _build(connection: Connection, world: World, names: Mapping[str, set[Role]]) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_OF_MIGRATIONS})")
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {world}")
    migrate(connection, world)
    if world is World.CUSTOMERS:
        for table in ("metering_ledger", "metering_idempotency"):
            connection.exec_driver_sql(
                f"SELECT {table}_make((extract(epoch FROM now()) * 1000)::bigint)"  # noqa: S608 - constants.
            )
    for name, roles in sorted(names.items()):
        grant(connection, world, name, roles)
    secure(connection, world, names)


async def _in_schema(url: str, world: World, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: connect(
            url, world, statement_timeout=MIGRATION_STATEMENT_MS_MAX, lock_timeout="60s"
        ),
    )
    engine.dialect.type_compiler_instance = _ByCodePoint(engine.dialect)

    async def attempt(_: int) -> None:
        async with engine.begin() as connection:
            await connection.run_sync(work)

    try:
        await Patience().persist(attempt)
    finally:
        await engine.dispose()
