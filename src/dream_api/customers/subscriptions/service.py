"""The verbs on subscriptions, for doors, the worker and the command line."""

from collections.abc import Awaitable, Callable
from typing import Any

from dream_api.customers.end_users import EndUsers
from dream_api.customers.platforms import Platforms
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.changes import Changes, PlanChange
from dream_api.customers.subscriptions.checkouts import CheckoutOrder, Checkouts, OpenedCheckout
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.customers.subscriptions.errors import StripeNotConnected
from dream_api.customers.subscriptions.events import Events
from dream_api.customers.subscriptions.locks import Locks
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.model import ENDED, PLATFORM_KEY, Subscription
from dream_api.customers.subscriptions.reconciliation import SWEEP_MAX, Reconciliation
from dream_api.gateways.clock import Clock
from dream_api.gateways.stripe import AccountGone, StripeModes, StripeNotFound
from dream_api.kit.errors import NotFound
from dream_api.shared.inbox import InboxEvent
from dream_api.stores import Store

ForgetIdentity = Callable[[str, str], Awaitable[None]]


class Subscriptions:
    """End users' subscriptions on their developers' Stripe accounts.

    Args:
        store: the customers' store.
        platforms: tiers and connections.
        end_users: whose plan it is.
        stripes: the gateway of each mode.
        clock: tells when held tiers run out.
        public_url: where Stripe sends people back to, without a trailing slash.
    """

    def __init__(
        self,
        store: Store,
        platforms: Platforms,
        end_users: EndUsers,
        stripes: StripeModes,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._desk = Desk(
            store, platforms, end_users, stripes, clock, Locks(store, clock), public_url
        )
        self._mirror = Mirror(self._desk)
        self._checkouts = Checkouts(self._desk, self._mirror)
        self._changes = Changes(self._desk, self._mirror)
        self._events = Events(self._mirror, self._checkouts)
        self._reconciliation = Reconciliation(self._desk, self._mirror, self._checkouts)

    async def checkout(
        self, platform_id: str, user_id: str, tier: str, success_url: str, cancel_url: str
    ) -> OpenedCheckout:
        """Open a Checkout session for a tier; see ``Checkouts.open`` for what it refuses."""
        order = CheckoutOrder(platform_id, user_id, tier, success_url, cancel_url)
        return await self._checkouts.open(order)

    async def settle_checkout(self, platform_id: str, session_id: str) -> str:
        """Take over what a session came to; give where the person goes. Idempotent.

        Raises:
            NotFound: we opened no such session for this platform.
            CheckoutNotComplete: nothing was paid (yet).
        """
        return await self._checkouts.settle(platform_id, session_id)

    async def refresh(self, platform_id: str, subscription_id: str) -> Subscription:
        """Ask Stripe for a subscription and write all that follows from it, in one transaction."""
        return await self._mirror.refresh(platform_id, subscription_id)

    async def change_plan(
        self, platform_id: str, user_id: str, tier: str, *, preview: bool = False
    ) -> PlanChange:
        """Move a user to another tier; see ``Changes.change`` for what it refuses."""
        return await self._changes.change(platform_id, user_id, tier, preview=preview)

    async def portal(self, platform_id: str, user_id: str, return_url: str) -> str:
        """Open Stripe's portal for a user; give its address.

        Raises:
            NotFound: no such user.
            NoSubscription: the user was never a customer.
        """
        return await self._changes.portal(platform_id, user_id, return_url)

    async def state(self, platform_id: str, user_id: str) -> dict[str, Any] | None:
        """Show the subscription that sets the user's plan, or set it last; None without any."""
        user = await self._desk.end_users.find(platform_id, user_id)
        if user is None or (subscription_id := user.stripe_subscription_id) is None:
            return None
        found = await self._desk.store.read(
            lambda connection: rows.find_subscription(connection, platform_id, subscription_id)
        )
        if found is None:
            return None
        return found.to_wire(self._desk.clock.now()) | {"flag": user.subscription_flag}

    async def cancel_all(self, platform_id: str, user_id: str) -> None:
        """End whatever could still bill a user: subscriptions now, open sessions too. Repeatable.

        Raises:
            StripeUnavailable: not everything could be ended; send it again.
        """
        try:
            account = await self._desk.account(platform_id)
            # First, since a session that turns out to be paid brings one more subscription.
            await self._checkouts.close_all(account, platform_id, user_id)
            user = await self._desk.end_users.find(platform_id, user_id)
            subscriptions = await self._desk.store.read(
                lambda connection: rows.list_subscriptions(connection, platform_id, user_id)
            )
            running = {one.subscription_id for one in subscriptions if one.status not in ENDED}
            if user is not None and user.stripe_customer_id is not None:
                running |= await _running_of(account, platform_id, user.stripe_customer_id)
            for subscription_id in sorted(running):
                await _cancel(account, subscription_id)
        except (StripeNotConnected, AccountGone):
            return  # The developer has cut us off; there is nothing left that we could end.

    async def erase(self, platform_id: str, user_id: str, forget_identity: ForgetIdentity) -> None:
        """Erase a user: end the subscription, then identity, profile and usage.

        A crash in between leaves a user that can be erased again.

        Args:
            platform_id: whose user it is.
            user_id: whom to erase.
            forget_identity: deletes the identity of (platform, user); having none is no error.

        Raises:
            NotFound: the platform has no such user.
            StripeUnavailable: the subscription could not be ended; nothing was erased.
        """
        if await self._desk.end_users.find(platform_id, user_id) is None:
            raise NotFound("No such user. It may have been erased already.")
        await self.cancel_all(platform_id, user_id)
        await forget_identity(platform_id, user_id)
        await self._desk.store.write(
            lambda connection: rows.delete_of_user(connection, platform_id, user_id)
        )
        await self._desk.end_users.erase(platform_id, user_id)

    async def on_event(self, event: InboxEvent) -> None:
        """Act on an event of a connected account: a hint where to look, never what to believe.

        Raises:
            EventQuarantined: it concerns nothing of ours.
        """
        await self._events.handle(event)

    async def reconcile(self, platform_id: str) -> int:
        """Ask Stripe about every subscription of a platform that can still change; give how many.

        Raises:
            StripeUnavailable: what was asked before stands.
        """
        return await self._reconciliation.reconcile(platform_id)

    async def reconcile_stale(self, *, limit: int = SWEEP_MAX) -> int:
        """Ask again about what nobody has asked for a day, on every platform; give how many.

        The worker calls this again and again.
        """
        return await self._reconciliation.sweep(limit)


async def _running_of(account: Account, platform_id: str, customer_id: str) -> set[str]:
    """List what a customer still pays this platform for, whether we have heard of it or not."""
    try:
        found = await account.stripe.list_subscriptions(account.id, customer_id)
    except StripeNotFound:
        return set()
    return {
        one["id"]
        for one in found
        if one["status"] not in ENDED and one["metadata"].get(PLATFORM_KEY) == platform_id
    }


async def _cancel(account: Account, subscription_id: str) -> None:
    try:
        await account.stripe.cancel_subscription(account.id, subscription_id)
    except StripeNotFound:
        return  # It has ended already.
