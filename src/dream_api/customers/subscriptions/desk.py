"""What every verb of this room works with."""

from dataclasses import dataclass

from dream_api.customers.end_users import EndUsers
from dream_api.customers.platforms import Platforms
from dream_api.customers.subscriptions.errors import StripeNotConnected
from dream_api.customers.subscriptions.locks import Locks
from dream_api.gateways.clock import Clock
from dream_api.gateways.stripe import Stripe, StripeModes
from dream_api.kit.keys import mode_of
from dream_api.stores import Store


@dataclass(frozen=True, slots=True)
class Account:
    """A platform's connected account, and the gateway of its mode."""

    stripe: Stripe
    id: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The store, the rooms below, Stripe and the clock."""

    store: Store
    platforms: Platforms
    end_users: EndUsers
    stripes: StripeModes
    clock: Clock
    locks: Locks
    public_url: str

    async def account(self, platform_id: str) -> Account:
        """Find the connected account of a platform.

        Raises:
            StripeNotConnected: there is none.
            StripeNotConfigured: this deployment has no Stripe settings for the platform's mode.
        """
        connection = await self.platforms.connection(platform_id)
        if connection is None:
            raise StripeNotConnected
        return Account(self.stripes.of(mode_of(platform_id)), connection.account_id)
