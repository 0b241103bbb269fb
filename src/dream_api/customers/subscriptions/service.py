"""The verbs on subscriptions, for doors, the worker and the command line."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from dream_api.customers.end_users import EndUsers
from dream_api.customers.platforms import Platforms
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.accounts import AccountStandings
from dream_api.customers.subscriptions.changes import Changes, PlanChange
from dream_api.customers.subscriptions.charges import Charges
from dream_api.customers.subscriptions.checkouts import CheckoutOrder, Checkouts, OpenedCheckout
from dream_api.customers.subscriptions.desk import Desk
from dream_api.customers.subscriptions.drift import Reconciled
from dream_api.customers.subscriptions.ending import Ending, ForgetIdentity
from dream_api.customers.subscriptions.events import Events
from dream_api.customers.subscriptions.locks import Locks
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.model import Subscription
from dream_api.customers.subscriptions.portal import Portal
from dream_api.customers.subscriptions.reconciliation import SWEEP_MAX, Reconciliation
from dream_api.customers.subscriptions.revenue import Charge, Revenue
from dream_api.gateways.clock import Clock
from dream_api.gateways.stripe import StripeModes
from dream_api.shared.inbox import InboxEvent
from dream_api.stores import Connection, Store


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
        standings = AccountStandings(self._desk)
        self._mirror = Mirror(self._desk)
        self._checkouts = Checkouts(self._desk, self._mirror, standings)
        self._changes = Changes(self._desk, self._mirror)
        self._portal = Portal(self._desk)
        self._ending = Ending(self._desk, self._mirror, self._checkouts)
        charges = Charges(self._desk, self._mirror)
        self._events = Events(self._mirror, self._checkouts, charges, standings)
        self._reconciliation = Reconciliation(
            self._desk, self._mirror, self._checkouts, charges, standings
        )

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
        return await self._portal.open(platform_id, user_id, return_url)

    async def state(self, platform_id: str, user_id: str) -> dict[str, Any] | None:
        """Show the subscription that sets the user's plan, or set it last; None without any."""
        user = await self._desk.end_users.find(platform_id, user_id)
        if user is None or (subscription_id := user.stripe_subscription_id) is None:
            return None

        def look(connection: Connection) -> tuple[Subscription | None, list[Charge]]:
            return (
                rows.find_subscription(connection, platform_id, subscription_id),
                rows.list_charges(connection, platform_id, user_id),
            )

        found, charges = await self._desk.store.of(platform_id).read(look)
        if found is None:
            return None
        disputes = (one.dispute_status for one in charges if one.dispute_status)
        return found.to_wire(self._desk.clock.now()) | {
            "flag": user.subscription_flag,
            "refundedCents": sum(
                one.refunded_cents for one in charges if one.currency == found.currency
            ),
            "disputeStatus": next(disputes, None),
        }

    async def cancel_all(self, platform_id: str, user_id: str) -> None:
        """End whatever could still bill a user: subscriptions now, open sessions too. Repeatable.

        Raises:
            StripeUnavailable: not everything could be ended; send it again.
        """
        await self._ending.cancel_all(platform_id, user_id)

    async def end_elsewhere(self, platform_id: str, user_id: str) -> None:
        """Take its owner's word that a subscription on an account connected before has ended.

        Raises:
            NotFound: the platform has no such user.
            NoSubscription: the user has nothing on another account.
            StripeNotConnected: no account is connected.
        """
        await self._ending.end_elsewhere(platform_id, user_id)

    async def erase(self, platform_id: str, user_id: str, forget_identity: ForgetIdentity) -> None:
        """Erase a user: end the subscription, then identity, profile and usage.

        A crash in between leaves a user that can be erased again. How revenue moved stays, under a
        pseudonym.

        Args:
            platform_id: whose user it is.
            user_id: whom to erase.
            forget_identity: deletes the identity of (platform, user); having none is no error.

        Raises:
            NotFound: the platform has no such user.
            StripeUnavailable: the subscription could not be ended; nothing was erased.
        """
        await self._ending.erase(platform_id, user_id, forget_identity)

    async def on_event(self, event: InboxEvent) -> None:
        """Act on an event of a connected account: a hint where to look, never what to believe.

        Raises:
            EventQuarantined: it concerns nothing of ours.
        """
        await self._events.handle(event)

    async def reconcile(self, platform_id: str) -> Reconciled:
        """Compare a platform's subscriptions with Stripe, and heal what drifted.

        Raises:
            StripeUnavailable: what was asked before stands.
        """
        return await self._reconciliation.reconcile(platform_id)

    async def reconcile_overdue(self) -> int:
        """Compare the next platform that nobody has compared for a day; 0 when there is none."""
        return await self._reconciliation.reconcile_overdue()

    async def reconcile_stale(self, *, limit: int = SWEEP_MAX) -> int:
        """Ask again about what nobody has asked for a day, on every platform; give how many.

        The worker calls this again and again.
        """
        return await self._reconciliation.sweep(limit)


def read_revenue(
    connection: Connection, platform_id: str, moments: Sequence[datetime]
) -> list[Revenue]:
    """Read how a platform's revenue moved between each moment and the next, in one look."""
    open_disputes = rows.count_open_disputes(connection, platform_id)
    churn = rows.count_churn(connection, platform_id, moments)
    movements = rows.sum_movements(connection, platform_id, moments)
    found = []
    for number, (since, until) in enumerate(pairwise(moments)):
        paying, churned = churn[number]
        trials, converted = rows.count_trials(connection, platform_id, since, until)
        revenue = Revenue(
            movements=movements[number],
            paying_at_start=paying,
            churned=churned,
            trials_ended=trials,
            trials_converted=converted,
            refunded_cents=rows.sum_refunds(connection, platform_id, since, until),
            open_disputes=open_disputes,
        )
        found.append(revenue)
    return found
