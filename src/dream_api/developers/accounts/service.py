"""The verbs on developers."""

from dream_api.developers.accounts import platform_ids
from dream_api.developers.accounts import store as rows
from dream_api.developers.accounts.model import AuditEntry, Developer, PlatformIds
from dream_api.gateways.clock import Clock
from dream_api.kit.errors import NotFound
from dream_api.kit.keys import Mode
from dream_api.shared.identity import Identity
from dream_api.shared.outbox import Outbox
from dream_api.stores import Connection, FrontAuthApiBindings, OauthApiBindings

PLATFORM_MINTED = "platform.minted"
"""The outbox's kind of the message that tells the customers' world of a new platform.

Its payload is ``{"developerId", "platformId"}``; delivering it twice is harmless.
"""


class Accounts:
    """Developers and their platforms. ``on_verified`` and ``on_deleted`` are the realm's hooks."""

    def __init__(
        self, bindings: FrontAuthApiBindings | OauthApiBindings, outbox: Outbox, clock: Clock
    ) -> None:
        self._store = bindings.developers
        self._platform_tokens = bindings.platform_tokens
        self._outbox = outbox
        self._clock = clock

    async def get(self, developer_id: str) -> Developer:
        """Read a profile.

        Raises:
            NotFound: no such developer.
        """
        found = await self._store.read(lambda c: rows.find_developer(c, developer_id))
        if found is None:
            raise NotFound("There is no such developer.")
        return found

    async def platform_ids(self, developer_id: str) -> PlatformIds:
        """Read which platforms are a developer's.

        Raises:
            NotFound: no such developer.
        """
        found = await self._store.read(
            lambda c: platform_ids.find_platform_ids(c, self._platform_tokens, developer_id)
        )
        if found is None:
            raise NotFound("There is no such developer.")
        return found

    async def owner_of(self, platform_id: str) -> str | None:
        """Find the developer of a platform."""
        return await self._store.read(
            lambda c: platform_ids.find_owner(c, self._platform_tokens, platform_id)
        )

    async def history(self, developer_id: str, *, limit: int) -> list[AuditEntry]:
        """List what changed on a developer's account, the newest first."""
        return await self._store.read(lambda c: rows.list_audit(c, developer_id, limit))

    def on_verified(self, connection: Connection, _realm_id: str, identity: Identity) -> None:
        """Keep the profile of a verified address; the first time, mint the test platform."""
        developer = Developer(identity.user_id, identity.email, identity.name, identity.created_at)
        rows.put_developer(connection, developer)
        tokens, now = self._platform_tokens, self._clock.now()
        if platform_ids.find_platform_ids(connection, tokens, identity.user_id) is not None:
            return
        platform_id = platform_ids.mint_platform(connection, tokens, identity.user_id, Mode.TEST)
        rows.audit(connection, identity.user_id, "account.verified", {}, now)
        payload = {"developerId": identity.user_id, "platformId": platform_id}
        self._outbox.add(connection, PLATFORM_MINTED, payload, now)

    def on_deleted(self, connection: Connection, _realm_id: str, developer_id: str) -> None:
        """Forget who a developer was; platforms keep their owner's id, which names nobody."""
        rows.remove_developer(connection, developer_id)
        rows.audit(connection, developer_id, "account.deleted", {}, self._clock.now())
