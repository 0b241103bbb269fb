"""The mirror: what we keep of a subscription is what Stripe says now, never what an event said."""

from collections.abc import Mapping
from typing import Any

from dream_api.customers.end_users import erased_at, find_user, find_user_by_customer
from dream_api.customers.platforms import TierConfig
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.desk import Desk
from dream_api.customers.subscriptions.locks import Lock
from dream_api.customers.subscriptions.model import (
    PLATFORM_KEY,
    USER_KEY,
    Subscription,
    combine,
    id_of,
    moment,
    read_subscription,
)
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
            StripeNotConnected, StripeNotFound, AccountGone, StripeUnavailable: nothing was written.
            UserBusy: it is being refreshed elsewhere.
        """
        desk = self._desk
        account = await desk.account(platform_id)
        tiers = await desk.platforms.tiers(platform_id)
        async with desk.locks.hold(platform_id, f"subscription:{subscription_id}") as lock:
            found = await account.stripe.get_subscription(account.id, subscription_id)
            return await desk.store.write(
                lambda connection: self._write(connection, lock, found, tiers)
            )

    def _write(
        self, connection: Connection, lock: Lock, found: Mapping[str, Any], tiers: TierConfig
    ) -> Subscription:
        lock.check(connection)
        platform_id, now = lock.platform_id, self._desk.clock.now()
        user_id = _user_of(connection, platform_id, found)
        subscription = read_subscription(found, platform_id, user_id, tiers)
        rows.put_subscription(connection, platform_id, subscription, now)
        user = find_user(connection, platform_id, user_id)
        assert user is not None, "_user_of found the user in this transaction"
        standing = combine(
            rows.list_subscriptions(connection, platform_id, user_id),
            present_plan=user.subscription_plan,
            now=now,
        )
        self._desk.end_users.set_plan(connection, platform_id, user_id, standing)
        return subscription


def _user_of(connection: Connection, platform_id: str, found: Mapping[str, Any]) -> str:
    """Tell whose subscription it is: by our row, by our metadata, else by the customer.

    Raises:
        EventQuarantined: it names another platform, or nobody whom we know (any more).
    """
    metadata = found.get("metadata") or {}
    if metadata.get(PLATFORM_KEY, platform_id) != platform_id:
        raise EventQuarantined("The subscription names another platform.")
    known = rows.find_subscription(connection, platform_id, found["id"])
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
