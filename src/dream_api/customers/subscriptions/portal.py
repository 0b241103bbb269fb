"""Stripe's customer portal, with one configuration of ours on each connected account."""

from dream_api.customers.end_users import EndUser
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.customers.subscriptions.errors import NoSubscription, SubscriptionElsewhere
from dream_api.customers.subscriptions.model import ENDED
from dream_api.gateways.stripe import StripeRefused
from dream_api.kit.errors import DreamError, NotFound
from dream_api.kit.ids import new_id

_CONFIGURATION = "configuration"
_CUSTOMER = "customer"


class Portal:
    """Opens the portal."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def open(self, platform_id: str, user_id: str, return_url: str) -> str:
        """Open the portal for a user; give its address.

        The account's portal settings are made when they are first needed, and again should they
        have been switched off in Stripe's dashboard.

        Raises:
            NotFound: the platform has no such user.
            NoSubscription: the user was never a customer of the connected account.
            SubscriptionElsewhere: they are one of an account that was connected before.
        """
        user = await self._desk.end_users.find(platform_id, user_id)
        if user is None:
            raise NotFound("No such user. Create it with POST /v1/customers first.")
        if user.stripe_customer_id is None:
            raise _never_subscribed()
        account = await self._desk.account(platform_id)
        configuration = await self._find(account, platform_id)
        if configuration is None:
            key = f"portal:{platform_id}:{account.id}"
            configuration = await self._make(account, platform_id, key)
        try:
            return await self._ask(account, user, return_url, configuration)
        except StripeRefused as error:
            if error.stripe_param == _CUSTOMER:
                raise await self._no_customer(account, user) from error
            if error.stripe_param != _CONFIGURATION:
                raise
        key = new_id("portal", self._desk.clock.now())
        configuration = await self._make(account, platform_id, key)
        return await self._ask(account, user, return_url, configuration)

    async def _ask(
        self, account: Account, user: EndUser, return_url: str, configuration: str
    ) -> str:
        assert user.stripe_customer_id is not None, "open has checked"
        return await account.stripe.create_portal(
            account.id,
            user.stripe_customer_id,
            return_url=return_url,
            configuration=configuration,
        )

    async def _no_customer(self, account: Account, user: EndUser) -> DreamError:
        known = await self._desk.store.of(user.platform_id).read(
            lambda connection: rows.list_subscriptions(connection, user.platform_id, user.user_id)
        )
        if any(one.status not in ENDED and one.is_elsewhere(account.id) for one in known):
            return SubscriptionElsewhere()
        return _never_subscribed()

    async def _find(self, account: Account, platform_id: str) -> str | None:
        return await self._desk.store.of(platform_id).read(
            lambda connection: rows.find_portal(connection, platform_id, account.id)
        )

    async def _make(self, account: Account, platform_id: str, idempotency_key: str) -> str:
        made = await account.stripe.create_portal_configuration(
            account.id, idempotency_key=idempotency_key
        )
        await self._desk.store.of(platform_id).write(
            lambda connection: rows.put_portal(connection, platform_id, account.id, made)
        )
        return made


def _never_subscribed() -> NoSubscription:
    return NoSubscription(
        "The user has never subscribed here. Start with POST /v1/checkout.", param="userId"
    )
