"""Asking Stripe without being told to: events get lost, and nobody may be wrong for long."""

from datetime import timedelta

import structlog

from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.checkouts import Checkouts
from dream_api.customers.subscriptions.desk import Desk
from dream_api.customers.subscriptions.errors import CheckoutNotComplete
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.model import CheckoutStatus
from dream_api.gateways.stripe import StripeUnavailable
from dream_api.kit.errors import DreamError
from dream_api.stores import Connection

TRUSTED_FOR = timedelta(hours=24)
"""How long we believe what we keep; then Stripe is asked again, whether an event came or not."""
SWEEP_MAX = 50
PAGE = 100

_log = structlog.get_logger()


class Reconciliation:
    """Re-reads subscriptions, one platform's or the stalest of all."""

    def __init__(self, desk: Desk, mirror: Mirror, checkouts: Checkouts) -> None:
        self._desk = desk
        self._mirror = mirror
        self._checkouts = checkouts

    async def reconcile(self, platform_id: str) -> int:
        """Ask about every subscription of a platform that can still change; give how many.

        Raises:
            StripeUnavailable: what was asked before stands.
        """
        asked, after = 0, ""
        while page := await self._page(platform_id, after):
            for subscription_id in page:
                await self._refresh(platform_id, subscription_id)
            asked, after = asked + len(page), page[-1]
        return asked

    async def sweep(self, limit: int) -> int:
        """Ask about what nobody has asked for TRUSTED_FOR, on every platform; give how many.

        Tiers that were held until a moment that has passed are let go, and sessions that should
        have ended are looked at. Stops early, and quietly, while Stripe is away.
        """
        now = self._desk.clock.now()

        def overdue(connection: Connection) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
            stale = rows.list_stale(connection, now, now - TRUSTED_FOR, limit)
            return stale, rows.list_overdue_checkouts(connection, now, limit)

        stale, sessions = await self._desk.store.read(overdue)
        try:
            for platform_id, subscription_id in stale:
                await self._refresh(platform_id, subscription_id)
            for platform_id, session_id in sessions:
                await self._settle(platform_id, session_id)
        except StripeUnavailable as error:
            _log.warning("subscriptions.sweep_stopped", code=error.code)
        return len(stale) + len(sessions)

    async def _page(self, platform_id: str, after: str) -> list[str]:
        return await self._desk.store.read(
            lambda connection: rows.list_unended(connection, platform_id, after, PAGE)
        )

    async def _refresh(self, platform_id: str, subscription_id: str) -> None:
        try:
            await self._mirror.refresh(platform_id, subscription_id)
        except StripeUnavailable:
            raise
        except DreamError as error:
            # One account that is gone must not keep us from asking about the others.
            _log.warning("subscriptions.refresh_refused", platform_id=platform_id, code=error.code)
            now = self._desk.clock.now()
            await self._desk.store.write(
                lambda connection: rows.touch_subscription(
                    connection, platform_id, subscription_id, now
                )
            )

    async def _settle(self, platform_id: str, session_id: str) -> None:
        try:
            await self._checkouts.settle(platform_id, session_id)
        except StripeUnavailable:
            raise
        except CheckoutNotComplete:
            return  # Noted by the settling.
        except DreamError as error:
            _log.warning("subscriptions.settle_refused", platform_id=platform_id, code=error.code)
            await self._desk.store.write(
                lambda connection: rows.set_checkout_status(
                    connection, platform_id, session_id, CheckoutStatus.EXPIRED
                )
            )
