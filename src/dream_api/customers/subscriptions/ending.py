"""Ending whatever could still bill somebody, and erasing them."""

import hashlib
from collections.abc import Awaitable, Callable

from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.checkouts import Checkouts
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.customers.subscriptions.errors import NoSubscription, StripeNotConnected
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.model import ENDED, PLATFORM_KEY
from dream_api.gateways.stripe import AccountGone, StripeNotFound
from dream_api.kit.errors import NotFound
from dream_api.stores import Connection

PSEUDONYM_CHARACTERS = 32

ForgetIdentity = Callable[[str, str], Awaitable[None]]


class Ending:
    """Ends a user's subscriptions at Stripe, and forgets the user."""

    def __init__(self, desk: Desk, mirror: Mirror, checkouts: Checkouts) -> None:
        self._desk = desk
        self._mirror = mirror
        self._checkouts = checkouts

    async def cancel_all(self, platform_id: str, user_id: str) -> None:
        """End subscriptions now, and close open sessions. Repeatable.

        Raises:
            StripeUnavailable: not everything could be ended; send it again.
        """
        try:
            account = await self._desk.account(platform_id)
            # First, since a session that turns out to be paid brings one more subscription.
            await self._checkouts.close_all(account, platform_id, user_id)
            for subscription_id in sorted(await self._running(account, platform_id, user_id)):
                await _cancel(account, subscription_id)
        except (StripeNotConnected, AccountGone):
            return  # The developer has cut us off; there is nothing left that we could end.

    async def end_elsewhere(self, platform_id: str, user_id: str) -> None:
        """Believe that what a user had on an account connected before has ended there.

        Nobody can tell us of it: that account is closed to us. Only its owner knows.

        Raises:
            NotFound: the platform has no such user.
            NoSubscription: the user has nothing on another account.
            StripeNotConnected: there is no account that it could be compared with.
        """
        if await self._desk.end_users.find(platform_id, user_id) is None:
            raise NotFound("No such user. Create it with POST /v1/customers first.")
        account = await self._desk.account(platform_id)
        async with self._desk.locks.hold(platform_id, f"user:{user_id}"):
            await self._desk.store.of(platform_id).write(
                lambda connection: self._end_elsewhere(connection, platform_id, user_id, account.id)
            )

    def _end_elsewhere(
        self, connection: Connection, platform_id: str, user_id: str, account_id: str
    ) -> None:
        known = rows.list_subscriptions(connection, platform_id, user_id)
        elsewhere = [
            one for one in known if one.status not in ENDED and one.is_elsewhere(account_id)
        ]
        if not elsewhere:
            raise NoSubscription(
                "The user has no subscription on an account that was connected before. What is on "
                "the connected one ends through POST /v1/portal or in Stripe's dashboard.",
                param="subscriptionEnded",
            )
        for one in elsewhere:
            self._mirror.end(connection, one)

    async def erase(self, platform_id: str, user_id: str, forget_identity: ForgetIdentity) -> None:
        """Erase a user; see ``Subscriptions.erase``."""
        if await self._desk.end_users.find(platform_id, user_id) is None:
            raise NotFound("No such user. It may have been erased already.")
        await self.cancel_all(platform_id, user_id)
        await forget_identity(platform_id, user_id)
        await self._desk.store.of(platform_id).write(
            lambda connection: self._forget(connection, platform_id, user_id)
        )
        await self._desk.end_users.erase(platform_id, user_id)

    def _forget(self, connection: Connection, platform_id: str, user_id: str) -> None:
        for known in rows.list_subscriptions(connection, platform_id, user_id):
            if known.mrr_cents:  # Lost with the user, and shown as such.
                self._mirror.end(connection, known)
        rows.delete_of_user(connection, platform_id, user_id)
        rows.rename_mover(connection, platform_id, user_id, _pseudonym(platform_id, user_id))

    async def _running(self, account: Account, platform_id: str, user_id: str) -> set[str]:
        user = await self._desk.end_users.find(platform_id, user_id)
        known = await self._desk.store.of(platform_id).read(
            lambda connection: rows.list_subscriptions(connection, platform_id, user_id)
        )
        running = {one.subscription_id for one in known if one.status not in ENDED}
        if user is not None and user.stripe_customer_id is not None:
            running |= await _running_of(account, platform_id, user.stripe_customer_id)
        return running


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


def _pseudonym(platform_id: str, user_id: str) -> str:
    """Name a mover without naming anybody: who returns under the same id is somebody new."""
    digest = hashlib.sha256(f"{platform_id}\0{user_id}".encode()).hexdigest()
    return f"erased_{digest[:PSEUDONYM_CHARACTERS]}"
