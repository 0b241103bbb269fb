"""Whether a connected account may take payments: followed by its events, asked when in doubt."""

from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.gateways.stripe import ChargesNotEnabled
from dream_api.kit.keys import Mode, mode_of


class AccountStandings:
    """What we know of connected accounts beside their subscriptions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def look(self, platform_id: str) -> bool:
        """Ask Stripe whether the platform's account may take payments, and note it.

        Raises:
            StripeNotConnected, AccountGone, StripeUnavailable: nothing was noted.
        """
        return await self._look(await self._desk.account(platform_id), platform_id)

    async def check(self, account: Account, platform_id: str) -> None:
        """Refuse to sell where Stripe would let nobody pay.

        In live mode alone: a test account may be paid with test cards before it is activated. What
        we noted is asked again before it refuses anybody, since the event of its end may be lost.

        Raises:
            ChargesNotEnabled: Stripe says so now.
            StripeUnavailable: it was noted, and Stripe cannot be asked again.
        """
        if mode_of(platform_id) is not Mode.LIVE:
            return
        is_enabled = await self._desk.store.of(platform_id).read(
            lambda connection: rows.find_charges_enabled(connection, platform_id, account.id)
        )
        if not is_enabled and not await self._look(account, platform_id):
            raise ChargesNotEnabled(ChargesNotEnabled.advice)

    async def _look(self, account: Account, platform_id: str) -> bool:
        found = await account.stripe.get_account(account.id)
        now = self._desk.clock.now()
        await self._desk.store.of(platform_id).write(
            lambda connection: rows.put_account(
                connection,
                platform_id,
                account.id,
                charges_enabled=found.charges_enabled,
                checked_at=now,
            )
        )
        return found.charges_enabled
