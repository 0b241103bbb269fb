"""Files in the data folder keep the stores."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path

from dream_api.app.engines.engine import EVERY_ROLE, CheckStores
from dream_api.gateways.clock import Clock
from dream_api.stores import Bindings, OperatorBindings, Role
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
