"""What events of a connected account make us do: look again, whatever they say."""

from collections.abc import Mapping
from typing import Any

from dream_api.customers.subscriptions.accounts import AccountStandings
from dream_api.customers.subscriptions.charges import Charges
from dream_api.customers.subscriptions.checkouts import Checkouts
from dream_api.customers.subscriptions.errors import CheckoutNotComplete, StripeNotConnected
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.model import PLATFORM_KEY, id_of, invoiced_subscription
from dream_api.gateways.stripe import AccountGone, StripeNotFound
from dream_api.kit.errors import NotFound
from dream_api.shared.inbox import EventQuarantined, InboxEvent


class Events:
    """Handles what the inbox hands over. Order and repetition of events do not matter."""

    def __init__(
        self, mirror: Mirror, checkouts: Checkouts, charges: Charges, standings: AccountStandings
    ) -> None:
        self._mirror = mirror
        self._checkouts = checkouts
        self._charges = charges
        self._standings = standings

    async def handle(self, event: InboxEvent) -> None:
        """Act on one event.

        Raises:
            EventQuarantined: it concerns nothing of ours, or an account that is gone.
            StripeUnavailable, UserBusy: to be tried again.
        """
        if event.platform_id is None:
            raise EventQuarantined("The event names no platform.")
        try:
            await self._look_again(event.platform_id, event.event_type, event.payload)
        except StripeNotFound as error:
            raise EventQuarantined("Stripe knows no such object on this account.") from error
        except (StripeNotConnected, AccountGone) as error:
            raise EventQuarantined("The platform's Stripe account is not connected.") from error

    async def _look_again(
        self, platform_id: str, event_type: str, thing: Mapping[str, Any]
    ) -> None:
        if event_type.startswith("checkout.session."):
            await self._look_at_checkout(platform_id, thing)
        elif event_type.startswith("charge."):
            await self._look_at_charge(platform_id, event_type, thing)
        elif event_type == "account.updated":
            await self._standings.look(platform_id)
        else:
            is_invoice = event_type.startswith("invoice.")
            subscription_id = invoiced_subscription(thing) if is_invoice else id_of(thing.get("id"))
            if subscription_id is not None:  # Else an invoice of something else that they sell.
                await self._mirror.refresh(platform_id, subscription_id)

    async def _look_at_charge(
        self, platform_id: str, event_type: str, thing: Mapping[str, Any]
    ) -> None:
        """Look at the charge of a refund or a dispute; the latter names it, and has its own id."""
        is_dispute = event_type.startswith("charge.dispute.")
        charge_id = id_of(thing.get("charge") if is_dispute else thing.get("id"))
        if charge_id is None:
            raise EventQuarantined("The dispute names no charge.")
        await self._charges.refresh(platform_id, charge_id)

    async def _look_at_checkout(self, platform_id: str, session: Mapping[str, Any]) -> None:
        named = (session.get("metadata") or {}).get(PLATFORM_KEY)
        if named is None:
            return  # The developer sells other things through Checkout too.
        if named != platform_id:
            raise EventQuarantined("The Checkout session names another platform.")
        try:
            await self._checkouts.settle(platform_id, session["id"])
        except CheckoutNotComplete:
            return  # Noted; a payment that arrives later is another event.
        except NotFound as error:
            # We crashed between opening and noting it, or the user has been erased since.
            subscription_id = id_of(session.get("subscription"))
            if subscription_id is None:
                raise EventQuarantined("The Checkout session is not one of ours.") from error
            await self._mirror.refresh(platform_id, subscription_id)
