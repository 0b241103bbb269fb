"""Publishes until when a live platform is paid for."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from dream_api.customers.platforms import write_status
from dream_api.developers.accounts import find_platform_ids
from dream_api.kit.periods import rfc3339
from dream_api.stores import Connection, FrontAuthApiBindings


class StandingPublisher:
    """Carries the end of the platform subscription across the worlds.

    Args:
        bindings: what front-auth-api may touch.
        active_until: until when a developer has paid; None is without an end in sight.
    """

    def __init__(
        self,
        bindings: FrontAuthApiBindings,
        active_until: Callable[[str], Awaitable[datetime | None]],
    ) -> None:
        self._bindings = bindings
        self._active_until = active_until

    async def publish(self, developer_id: str) -> None:
        """Write ``platform:{pk}:status`` of the developer's live platform, if it has changed.

        Called after every look at the platform subscription. It carries the state, not the change,
        so that it may be repeated, and a publication lost to a crash is made up by the next.
        """
        ids = await self._bindings.developers.read(
            lambda connection: find_platform_ids(
                connection, self._bindings.platform_tokens, developer_id
            )
        )
        if ids is None or ids.live is None:
            return
        platform_id = ids.live
        active_until = await self._active_until(developer_id)
        wanted = {"activeUntil": None if active_until is None else rfc3339(active_until)}
        tokens = self._bindings.customer_tokens

        def verb(connection: Connection) -> None:
            # Raising the version for nothing would empty every cache of the platform.
            if tokens.get(connection, f"platform:{platform_id}:status") != wanted:
                write_status(connection, tokens, platform_id, active_until)

        await self._bindings.customers.of(platform_id).write(verb)
