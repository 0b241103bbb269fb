"""What the console shows and changes about end users.

It looks with front-auth-api's own rights. What it changes is done by api-multi's verbs: called
directly where api-multi is in this process, asked for with a signed grant where it is not.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from dream_api.customers.end_users import KEEP, Changes, EndUser, EndUsers, Row
from dream_api.customers.metering import Decision, Metering
from dream_api.customers.subscriptions import Subscriptions
from dream_api.gateways.console import ConsoleCalls
from dream_api.shared.identity import Realm
from dream_api.shared.inbox import Inbox, InboxEvent, InboxPage


class EndUserVerbs(Protocol):
    """api-multi's verbs, near or far. Each refuses what belongs to another platform as missing."""

    async def change_user(self, platform_id: str, user_id: str, changes: Changes) -> None:
        """Grant a plan, take the grant back, block or unblock."""
        ...

    async def end_elsewhere(self, platform_id: str, user_id: str) -> None:
        """Take the developer's word that what is on an account connected before has ended."""
        ...

    async def erase_user(self, platform_id: str, user_id: str) -> None:
        """End the subscription, then erase the user."""
        ...

    async def adjust_usage(
        self, platform_id: str, user_id: str, amount: int, reason: str
    ) -> Decision:
        """Correct the month's count; give the decision fields afterwards."""
        ...

    async def replay_event(self, platform_id: str, event_id: str) -> None:
        """Handle an event again."""
        ...


@dataclass(frozen=True, slots=True)
class NearVerbs:
    """The verbs in this process, with api-multi's rights."""

    end_users: EndUsers
    subscriptions: Subscriptions
    metering: Metering
    inbox: Inbox
    realm: Realm

    async def change_user(self, platform_id: str, user_id: str, changes: Changes) -> None:
        """Grant a plan, take the grant back, block or unblock."""
        await self.end_users.patch(platform_id, user_id, changes)

    async def end_elsewhere(self, platform_id: str, user_id: str) -> None:
        """Take the developer's word that what is on an account connected before has ended."""
        await self.subscriptions.end_elsewhere(platform_id, user_id)

    async def erase_user(self, platform_id: str, user_id: str) -> None:
        """End the subscription, then erase the user."""
        await self.subscriptions.erase(platform_id, user_id, self.realm.delete)

    async def adjust_usage(
        self, platform_id: str, user_id: str, amount: int, reason: str
    ) -> Decision:
        """Correct the month's count."""
        return await self.metering.adjust(platform_id, user_id, amount=amount, reason=reason)

    async def replay_event(self, platform_id: str, event_id: str) -> None:
        """Handle an event again."""
        await self.inbox.replay(platform_id, event_id)


@dataclass(frozen=True, slots=True)
class FarVerbs:
    """The verbs in another process, which holds the rights that this one has not."""

    calls: ConsoleCalls

    async def change_user(self, platform_id: str, user_id: str, changes: Changes) -> None:
        """Grant a plan, take the grant back, block or unblock."""
        wanted = {"plan": changes.plan, "blocked": changes.blocked}
        given = {name: value for name, value in wanted.items() if value is not KEEP}
        await self.calls.call("change-user", platform_id, {"userId": user_id, **given})

    async def end_elsewhere(self, platform_id: str, user_id: str) -> None:
        """Take the developer's word that what is on an account connected before has ended."""
        await self.calls.call("end-elsewhere", platform_id, {"userId": user_id})

    async def erase_user(self, platform_id: str, user_id: str) -> None:
        """End the subscription, then erase the user."""
        await self.calls.call("erase-user", platform_id, {"userId": user_id})

    async def adjust_usage(
        self, platform_id: str, user_id: str, amount: int, reason: str
    ) -> Decision:
        """Correct the month's count."""
        fields = {"userId": user_id, "amount": amount, "reason": reason}
        return msgspec.convert(await self.calls.call("adjust-usage", platform_id, fields), Decision)

    async def replay_event(self, platform_id: str, event_id: str) -> None:
        """Handle an event again."""
        await self.calls.call("replay-event", platform_id, {"eventId": event_id})


class Console:
    """One developer's look at the end users of a platform, and the changes they make.

    Each verb raises ``NotFound`` where the platform has no such user or event: another platform's
    is no different from a missing one.
    """

    def __init__(
        self,
        *,
        end_users: EndUsers,
        subscriptions: Subscriptions,
        inbox: Inbox,
        verbs: EndUserVerbs,
    ) -> None:
        self._end_users = end_users
        self._subscriptions = subscriptions
        self._inbox = inbox
        self._verbs = verbs

    async def user(self, platform_id: str, user_id: str) -> Row:
        """Show one user as of now."""
        return await self._end_users.get(platform_id, user_id)

    async def find_user(self, platform_id: str, user_id: str) -> EndUser | None:
        """Read one user as stored, with the grant by hand and the block; None if there is none."""
        return await self._end_users.find(platform_id, user_id)

    async def subscription(self, platform_id: str, user_id: str) -> dict[str, Any] | None:
        """Show the subscription that sets a user's plan, or set it last; None without any."""
        return await self._subscriptions.state(platform_id, user_id)

    async def events(self, platform_id: str, limit: int, cursor: str | None = None) -> InboxPage:
        """List what Stripe told us of a platform, newest first."""
        return await self._inbox.list(platform_id, limit, cursor)

    async def event(self, platform_id: str, event_id: str) -> InboxEvent:
        """Show one event with what it carried."""
        return await self._inbox.get(platform_id, event_id)

    async def change_user(self, platform_id: str, user_id: str, changes: Changes) -> Row:
        """Grant a plan, take the grant back, block or unblock; show the user afterwards."""
        await self._verbs.change_user(platform_id, user_id, changes)
        return await self._end_users.get(platform_id, user_id)

    async def end_elsewhere(self, platform_id: str, user_id: str) -> None:
        """Take the developer's word that what is on an account connected before has ended."""
        await self._verbs.end_elsewhere(platform_id, user_id)

    async def erase_user(self, platform_id: str, user_id: str) -> None:
        """End the subscription, then erase the user."""
        await self._verbs.erase_user(platform_id, user_id)

    async def adjust_usage(
        self, platform_id: str, user_id: str, amount: int, reason: str
    ) -> Decision:
        """Correct the month's count; give the decision fields afterwards."""
        return await self._verbs.adjust_usage(platform_id, user_id, amount, reason)

    async def replay(self, platform_id: str, event_id: str) -> None:
        """Handle an event again."""
        await self._verbs.replay_event(platform_id, event_id)
