"""What either engine can do."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from dream_api.gateways.clock import Clock
from dream_api.stores import Bindings, OperatorBindings, Role

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


CheckStores = Callable[[Engine], Awaitable[None]]
