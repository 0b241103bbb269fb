"""The signing keys as the outside sees them: published, rotated, sealed anew."""

from typing import Any

from dream_api.gateways.clock import Clock
from dream_api.kit.crypto import Vault
from dream_api.shared.identity.model import RealmKind, Visit
from dream_api.shared.identity.signing import SigningKeys
from dream_api.shared.identity.store import sessions
from dream_api.stores import Connection, Store


def open_keyring(store: Store, clock: Clock, kind: RealmKind, vault: Vault) -> "Keyring":
    """Give a world's keyring without a realm around it, for upkeep."""
    return Keyring(store, clock, kind, SigningKeys(kind, vault))


class Keyring:
    """The verbs on one world's signing keys."""

    def __init__(self, store: Store, clock: Clock, owner: str, signing: SigningKeys) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self._signing = signing

    async def jwks(self) -> dict[str, Any]:
        """Give the key set that verifies this world's tokens; public halves only."""
        keys = await self._store.read(self._signing.list_public)
        if not keys:
            await self.prepare()
            keys = await self._store.read(self._signing.list_public)
        return {"keys": keys}

    async def prepare(self) -> bool:
        """Make the first keys, or rotate where the active one is 90 days old; tell whether.

        Call it at start-up and daily. Keys that have retired for long enough go.
        """

        def prepare(connection: Connection) -> bool:
            visit = self._visit()
            self._signing.drop_retired(connection, visit)
            return self._signing.rotate_when_due(connection, visit)

        return await self._store.write(prepare)

    async def rotate(self, *, revoke_now: bool = False) -> str:
        """Let the next key sign, and give its id; the old one verifies for a day.

        Args:
            revoke_now: a key leaked: every token and every session of this world ends at once.
        """

        def rotate(connection: Connection) -> str:
            if revoke_now:
                sessions.remove_all(connection)
            return self._signing.rotate(connection, self._visit(), revoke_now=revoke_now)

        return await self._store.write(rotate)

    async def rekey(self) -> int:
        """Seal the private halves under the active master key; give how many changed."""
        return await self._store.write(self._signing.rekey)

    async def can_be_opened(self) -> bool:
        """Tell whether the configured master keys are those that sealed the private halves."""
        return await self._store.read(self._signing.all_can_be_opened)

    def _visit(self) -> Visit:
        return Visit(self._owner, self._clock.now())
