"""The mirror: what we keep of a subscription is what Stripe says now, never what an event said."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dream_api.customers.end_users import erased_at, find_user, find_user_by_customer
from dream_api.customers.platforms import TierConfig
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.customers.subscriptions.locks import Lock
from dream_api.customers.subscriptions.model import (
    PLATFORM_KEY,
    USER_KEY,
    Flag,
    Subscription,
    combine,
    gone,
    id_of,
    moment,
    read_subscription,
)
from dream_api.customers.subscriptions.revenue import (
    OPEN_DISPUTES,
    Movement,
    revenue_of,
    steps_between,
)
from dream_api.gateways.stripe import StripeNotFound
from dream_api.kit.ids import new_id
from dream_api.shared.inbox import EventQuarantined
from dream_api.stores import Connection


class Mirror:
    """Re-reads subscriptions and writes what they come to."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def refresh(self, platform_id: str, subscription_id: str) -> Subscription:
        """Ask Stripe for a subscription and write it, its user's plan, status and revenue.

        Asking and writing happen under a lock of this subscription, so that an older answer never
        overwrites a newer one. Everything is written in one transaction. Idempotent.

        Raises:
            EventQuarantined: it concerns no user of this platform (any more); nothing was written.
            StripeNotFound: neither Stripe nor we know it; nothing was written.
            StripeNotConnected, AccountGone, StripeUnavailable: nothing was written.
            UserBusy: it is being refreshed elsewhere.
        """
        desk = self._desk
        account = await desk.account(platform_id)
        tiers = await desk.platforms.tiers(platform_id)
        async with desk.locks.hold(platform_id, f"subscription:{subscription_id}") as lock:
            try:
                found = await account.stripe.get_subscription(account.id, subscription_id)
            except StripeNotFound as error:
                return await self._let_go(lock, account, subscription_id, error)
            return await desk.store.of(platform_id).write(
                lambda connection: self._write(connection, lock, account, found, tiers)
            )

    def settle(self, connection: Connection, platform_id: str, user_id: str) -> None:
        """Write what all subscriptions and charges of a user come to."""
        find_user(connection, platform_id, user_id, for_update=True)
        known = rows.list_subscriptions(connection, platform_id, user_id)
        self._settle(connection, platform_id, user_id, known)

    def _settle(
        self, connection: Connection, platform_id: str, user_id: str, known: Sequence[Subscription]
    ) -> None:
        standing = combine(known, now=self._desk.clock.now())
        charges = rows.list_charges(connection, platform_id, user_id)
        if standing.flag is None and any(one.dispute_status in OPEN_DISPUTES for one in charges):
            standing = replace(standing, flag=Flag.DISPUTED.value)
        self._desk.end_users.set_plan(connection, platform_id, user_id, standing)

    def end(self, connection: Connection, known: Subscription) -> None:
        """Write that a subscription is over, as nobody will ask about it any more."""
        self._put(connection, known.over())

    async def _let_go(
        self, lock: Lock, account: Account, subscription_id: str, error: StripeNotFound
    ) -> Subscription:
        """Write that Stripe no longer knows what we have seen there; raise what we never saw."""

        def verb(connection: Connection) -> Subscription:
            lock.check(connection)
            known = rows.find_subscription(connection, lock.platform_id, subscription_id)
            if known is None:
                raise error
            subscription = gone(known, account.id, self._desk.clock.now())
            self._put(connection, subscription)
            return subscription

        return await self._desk.store.of(lock.platform_id).write(verb)

    def _write(
        self,
        connection: Connection,
        lock: Lock,
        account: Account,
        found: Mapping[str, Any],
        tiers: TierConfig,
    ) -> Subscription:
        lock.check(connection)
        known = rows.find_subscription(connection, lock.platform_id, found["id"])
        user_id = _user_of(connection, lock.platform_id, found, known)
        subscription = replace(
            read_subscription(found, lock.platform_id, user_id, tiers, known),
            account_id=account.id,
        )
        self._put(connection, subscription)
        return subscription

    def _put(self, connection: Connection, subscription: Subscription) -> None:
        """Write a subscription and all that follows: movements of revenue, plan and status."""
        platform_id, user_id = subscription.platform_id, subscription.user_id
        now = self._desk.clock.now()
        # Two subscriptions of one user take turns here, on engines that have several writers.
        find_user(connection, platform_id, user_id, for_update=True)
        before = rows.list_subscriptions(connection, platform_id, user_id)
        others = [one for one in before if one.subscription_id != subscription.subscription_id]
        after = [subscription, *others]
        rows.put_subscription(connection, platform_id, subscription, now)
        for kind, amount_cents, currency in steps_between(revenue_of(before), revenue_of(after)):
            movement = Movement(
                movement_id=new_id("mov", now),
                user_id=user_id,
                subscription_id=subscription.subscription_id,
                kind=kind.value,
                amount_cents=amount_cents,
                currency=currency,
                moved_at=now,
            )
            rows.put_movement(connection, platform_id, movement)
        self._settle(connection, platform_id, user_id, after)


def _user_of(
    connection: Connection,
    platform_id: str,
    found: Mapping[str, Any],
    known: Subscription | None,
) -> str:
    """Tell whose subscription it is: by our row, by our metadata, else by the customer.

    Raises:
        EventQuarantined: it names another platform, or nobody whom we know (any more).
    """
    metadata = found.get("metadata") or {}
    if metadata.get(PLATFORM_KEY, platform_id) != platform_id:
        raise EventQuarantined("The subscription names another platform.")
    user_id = known.user_id if known else metadata.get(USER_KEY)
    if user_id is None:
        user_id = _user_of_customer(connection, platform_id, found)
    if user_id is None or find_user(connection, platform_id, user_id) is None:
        raise EventQuarantined("The subscription is of nobody whom this platform knows.")
    erased = erased_at(connection, platform_id, user_id)
    if erased is not None and moment(found["created"]) <= erased:
        raise EventQuarantined("The subscription is older than the erasure of its user.")
    return str(user_id)


def _user_of_customer(
    connection: Connection, platform_id: str, found: Mapping[str, Any]
) -> str | None:
    customer_id = id_of(found.get("customer"))
    user = find_user_by_customer(connection, platform_id, customer_id) if customer_id else None
    return None if user is None else user.user_id
