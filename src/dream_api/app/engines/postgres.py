"""A PostgreSQL database keeps the stores."""

import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from dream_api.app.engines.engine import EVERY_ROLE, CheckStores
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
