"""How a realm's verbs reach the store: at one moment, in one transaction."""

from collections.abc import Callable
from typing import TypeVar

from dream_api.gateways.clock import Clock
from dream_api.shared.identity.model import ANONYMOUS, Caller, Visit
from dream_api.shared.outbox import Outbox
from dream_api.stores import Connection, Store

T = TypeVar("T")


class Transactions:
    """Runs functions of a Connection and a Visit."""

    def __init__(self, store: Store, clock: Clock, outbox: Outbox) -> None:
        self.store = store
        self.clock = clock
        self._outbox = outbox

    def of(self, realm_id: str) -> Store:
        """Give the store as this realm's verbs see it; without a realm, as whoever asks does."""
        return self.store.of(realm_id) if realm_id else self.store

    async def write(
        self, realm_id: str, verb: Callable[[Connection, Visit], T], caller: Caller = ANONYMOUS
    ) -> T:
        """Run *verb*: atomic, and durable on return."""
        visit = Visit(realm_id, self.clock.now(), caller.device, caller.network)
        return await self.of(realm_id).write(lambda connection: verb(connection, visit))

    async def write_and_tell(
        self, realm_id: str, verb: Callable[[Connection, Visit], T], caller: Caller = ANONYMOUS
    ) -> T:
        """Run *verb*; on return also those have heard of it who must not hear of it later."""
        result = await self.write(realm_id, verb, caller)
        await self._outbox.notify()
        return result

    async def read(self, realm_id: str, verb: Callable[[Connection, Visit], T]) -> T:
        """Run *verb* on a snapshot."""
        visit = Visit(realm_id, self.clock.now())
        return await self.of(realm_id).read(lambda connection: verb(connection, visit))
