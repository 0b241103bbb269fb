"""What the console changes about end users: api-multi's verbs, called directly in one process."""

from typing import Any

from dream_api.customers.end_users import Changes, EndUser, EndUsers, Row
from dream_api.customers.metering import Decision, Metering
from dream_api.customers.subscriptions import Subscriptions
from dream_api.shared.identity import Realm
from dream_api.shared.inbox import Inbox, InboxEvent, InboxPage


class Console:
    """Verbs of the customers' world, with api-multi's rights, for one developer's platform.

    Each raises ``NotFound`` where the platform has no such user or event: another platform's is
    no different from a missing one.
    """

    def __init__(
        self,
        *,
        end_users: EndUsers,
        subscriptions: Subscriptions,
        metering: Metering,
        inbox: Inbox,
        realm: Realm,
    ) -> None:
        self._end_users = end_users
        self._subscriptions = subscriptions
        self._metering = metering
        self._inbox = inbox
        self._realm = realm

    async def user(self, platform_id: str, user_id: str) -> Row:
        """Show one user as of now."""
        return await self._end_users.get(platform_id, user_id)

    async def find_user(self, platform_id: str, user_id: str) -> EndUser | None:
        """Read one user as stored, with the grant by hand and the block; None if there is none."""
        return await self._end_users.find(platform_id, user_id)

    async def change_user(self, platform_id: str, user_id: str, changes: Changes) -> Row:
        """Grant a plan, take the grant back, block or unblock."""
        return await self._end_users.patch(platform_id, user_id, changes)

    async def erase_user(self, platform_id: str, user_id: str) -> None:
        """End the subscription, then erase the user."""
        await self._subscriptions.erase(platform_id, user_id, self._realm.delete)

    async def adjust_usage(
        self, platform_id: str, user_id: str, amount: int, reason: str
    ) -> Decision:
        """Correct the month's count; give the decision fields afterwards."""
        return await self._metering.adjust(platform_id, user_id, amount=amount, reason=reason)

    async def events(self, platform_id: str, limit: int, cursor: str | None = None) -> InboxPage:
        """List what Stripe told us of a platform, newest first."""
        return await self._inbox.list(platform_id, limit, cursor)

    async def event(self, platform_id: str, event_id: str) -> InboxEvent:
        """Show one event with what it carried."""
        return await self._inbox.get(platform_id, event_id)

    async def subscription(self, platform_id: str, user_id: str) -> dict[str, Any] | None:
        """Show the subscription that sets a user's plan, or set it last; None without any."""
        return await self._subscriptions.state(platform_id, user_id)

    async def replay(self, platform_id: str, event_id: str) -> None:
        """Handle an event again."""
        await self._inbox.replay(platform_id, event_id)
