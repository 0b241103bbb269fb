"""Which engine keeps the stores: files in the data folder, or PostgreSQL where it is set up."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from dream_api.app.vaults import build_vault
from dream_api.gateways.clock import Clock
from dream_api.settings import Settings
from dream_api.stores import Bindings, OperatorBindings, Role
from dream_api.stores.errors import DatabaseNotSetUp, RestoreRefused
from dream_api.stores.postgres import (
    PostgresOperatorStores,
    PostgresStores,
    check_database,
    dump_database,
    migrate_database,
    name_of_role,
    restore_database,
)
from dream_api.stores.sqlite import (
    SqliteStores,
    check_integrity,
    check_stores,
    exchange_stores,
    migrate_stores,
    open_stores_for_operator,
    prepare_exchange,
    read_serving_note,
    snapshot_stores,
)

EVERY_ROLE = frozenset(Role)


class Engine(Protocol):
    """Opens both worlds' stores, and brings them to this release."""

    @property
    def name(self) -> str:
        """Which engine it is: ``sqlite`` or ``postgresql``."""
        ...

    @property
    def place(self) -> str:
        """Where the stores are, for people; it holds no secret."""
        ...

    @property
    def allows_many_processes(self) -> bool:
        """Tell whether several processes may serve at once."""
        ...

    async def migrate(self) -> None:
        """Bring both stores to this release's schema. Safe to repeat."""
        ...

    async def check(self) -> None:
        """Refuse to go on with a schema that is not this release's.

        Raises:
            SchemaMismatch: a world is older or newer, or was never migrated.
        """
        ...

    def opened(
        self, clock: Clock, roles: frozenset[Role] = EVERY_ROLE
    ) -> AbstractAsyncContextManager[Bindings]:
        """Open both stores to serve.

        Args:
            clock: decides what has expired.
            roles: whose bindings this process may use; the others are refused.
        """
        ...

    def opened_for_upkeep(self, clock: Clock) -> AbstractAsyncContextManager[Bindings]:
        """Open both stores for a few short writes, beside whatever serves them."""
        ...

    def opened_for_operator(self) -> AbstractAsyncContextManager[OperatorBindings]:
        """Open both stores to look, beside whatever serves them."""
        ...

    def read_master_key_ids(self) -> Sequence[str] | None:
        """Tell which master keys the serving process has; None where that cannot be known."""
        ...

    async def snapshot(self, folder: Path) -> list[str]:
        """Copy both stores into *folder* as they are at one moment; give the files' names.

        Raises:
            BackupFailed: there is no store, or it cannot be copied.
        """
        ...

    def restoring(self, *, overwrite: bool) -> AbstractContextManager[Path]:
        """Give an empty folder for what is to be put back, and keep everybody out meanwhile.

        Raises:
            AlreadyServed: a process serves the stores.
            RestoreRefused: there are stores, and they may not be replaced.
        """
        ...

    async def put_back(self, draft: Path, moment: datetime, check: "CheckStores") -> Path | None:
        """Put a snapshot in the stores' place, at this release's schema: all of it, or nothing.

        Args:
            draft: what ``restoring`` gave, filled with the snapshot's files.
            moment: now.
            check: looks whether the stores agree with themselves, and raises where not.

        Returns:
            Where the stores from before are; None where there were none.
        """
        ...


def engine_of(settings: Settings) -> Engine:
    """Choose the engine: any address of PostgreSQL among the settings chooses that."""
    postgres = PostgresEngine(settings)
    if postgres.has_address:
        return postgres
    key_ids = build_vault(settings).key_ids if settings.master_key else ()
    return SqliteEngine(settings.data_dir, key_ids)


CheckStores = Callable[[Engine], Awaitable[None]]


class SqliteEngine:
    """One file a world in the data folder."""

    name = "sqlite"
    allows_many_processes = False

    def __init__(self, data_dir: Path, master_key_ids: Sequence[str]) -> None:
        self._data_dir = data_dir
        self._master_key_ids = master_key_ids

    @property
    def place(self) -> str:
        """Where the stores are."""
        return str(self._data_dir)

    async def migrate(self) -> None:
        """Bring both files to this release's schema."""
        migrate_stores(self._data_dir)

    async def check(self) -> None:
        """Compare both files with this release."""
        check_stores(self._data_dir)

    @asynccontextmanager
    async def opened(
        self, clock: Clock, _roles: frozenset[Role] = EVERY_ROLE
    ) -> AsyncIterator[Bindings]:
        """Open both files to serve; the one process that may do so serves every role.

        Raises:
            AlreadyServed: another process serves this data folder.
        """
        note = " ".join(self._master_key_ids)
        with SqliteStores(self._data_dir, clock, note=note) as stores:
            yield stores.bindings

    @asynccontextmanager
    async def opened_for_upkeep(self, clock: Clock) -> AsyncIterator[Bindings]:
        """Open both files to write beside the serving process; each waits for the other."""
        with SqliteStores(self._data_dir, clock, is_serving=False) as stores:
            yield stores.bindings

    @asynccontextmanager
    async def opened_for_operator(self) -> AsyncIterator[OperatorBindings]:
        """Open both files to look."""
        with open_stores_for_operator(self._data_dir) as stores:
            yield stores.bindings

    def read_master_key_ids(self) -> Sequence[str] | None:
        """Read the note that the serving process left."""
        note = read_serving_note(self._data_dir)
        return None if note is None else note.split()

    async def snapshot(self, folder: Path) -> list[str]:
        """Copy both files as they are at one moment; writers wait for two statements."""
        return await asyncio.to_thread(snapshot_stores, self._data_dir, folder)

    def restoring(self, *, overwrite: bool) -> AbstractContextManager[Path]:
        """Take the folder, and give a draft in it."""
        return prepare_exchange(self._data_dir, overwrite=overwrite)

    async def put_back(self, draft: Path, moment: datetime, check: CheckStores) -> Path | None:
        """Check the draft where it lies, then exchange the files."""
        await self.check_draft(draft, check)
        return exchange_stores(self._data_dir, draft, moment)

    async def check_draft(self, draft: Path, check: CheckStores) -> None:
        """Bring a snapshot to this release, and look whether it is whole and agrees with itself.

        Raises:
            BackupUnreadable: it is broken.
            SchemaMismatch: a newer release made it.
        """
        await asyncio.to_thread(check_integrity, draft)
        migrate_stores(draft)
        await check(SqliteEngine(draft, self._master_key_ids))


class PostgresEngine:
    """One schema a world in a PostgreSQL database, reached as one role a service."""

    name = "postgresql"
    allows_many_processes = True
    place = "PostgreSQL"

    def __init__(self, settings: Settings) -> None:
        self._migrator = _revealed(settings.database_url)
        given = {
            Role.FRONT_AUTH_API: settings.database_url_front_auth_api,
            Role.OAUTH_API: settings.database_url_oauth_api,
            Role.API_MULTI: settings.database_url_api_multi,
            Role.METER: settings.database_url_meter,
            Role.WORKER_DEVELOPERS: settings.database_url_worker_developers,
            Role.WORKER_CUSTOMERS: settings.database_url_worker_customers,
        }
        self._grantees = [
            (role, url) for role, secret in given.items() if (url := _revealed(secret))
        ]
        self._addresses = {
            role: url
            for role, secret in given.items()
            if (url := _revealed(secret) or self._migrator) is not None
        }

    @property
    def has_address(self) -> bool:
        """Tell whether PostgreSQL is set up at all."""
        return bool(self._migrator or self._grantees)

    async def migrate(self) -> None:
        """Bring both schemas to this release, and give each role that is set its rights."""
        names = [
            (role, name) for role, url in self._grantees if (name := name_of_role(url)) is not None
        ]
        await migrate_database(self._require_migrator(), names)

    async def check(self) -> None:
        """Compare with this release each schema that this process may see."""
        await check_database(self._migrator, self._addresses)

    @asynccontextmanager
    async def opened(
        self, clock: Clock, roles: frozenset[Role] = EVERY_ROLE
    ) -> AsyncIterator[Bindings]:
        """Prepare both worlds' connections; each is opened when it is first needed."""
        given = {role: url for role, url in self._addresses.items() if role in roles}
        async with PostgresStores(given, clock) as stores:
            yield stores.bindings

    def opened_for_upkeep(self, clock: Clock) -> AbstractAsyncContextManager[Bindings]:
        """Prepare connections like those of any process that serves."""
        return self.opened(clock)

    def read_master_key_ids(self) -> Sequence[str] | None:
        """Serving processes may be on any machine and leave no note."""
        return None

    async def snapshot(self, folder: Path) -> list[str]:
        """Let pg_dump write both schemas as one snapshot."""
        return await dump_database(self._require_migrator(), folder)

    @contextmanager
    def restoring(self, *, overwrite: bool) -> Iterator[Path]:
        """Give a draft; a database is never overwritten, only a new one filled."""
        if overwrite:
            raise RestoreRefused(
                "A database is not overwritten. Leave --overwrite out, and let DREAM_DATABASE_URL "
                "name a new, empty one."
            )
        with tempfile.TemporaryDirectory() as draft:
            yield Path(draft)

    async def put_back(self, draft: Path, _moment: datetime, check: CheckStores) -> Path | None:
        """Fill the database in one transaction, give the roles their rights, then check."""
        await restore_database(self._require_migrator(), draft)
        await self.migrate()
        await check(self)
        return None

    @asynccontextmanager
    async def opened_for_operator(self) -> AsyncIterator[OperatorBindings]:
        """Prepare read-only connections to both worlds."""
        async with PostgresOperatorStores(self._require_migrator()) as stores:
            yield stores.bindings

    def _require_migrator(self) -> str:
        if self._migrator is None:
            raise DatabaseNotSetUp("DREAM_DATABASE_URL is missing: this command is the migrator's.")
        return self._migrator


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
