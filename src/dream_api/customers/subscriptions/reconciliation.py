"""Asking Stripe without being told to: events get lost, and nobody may be wrong for long."""

from datetime import datetime, timedelta

import structlog

from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.accounts import AccountStandings
from dream_api.customers.subscriptions.charges import LOOKED_BACK, Charges
from dream_api.customers.subscriptions.checkouts import Checkouts
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.customers.subscriptions.drift import Drift, Reconciled, drift_between
from dream_api.customers.subscriptions.errors import CheckoutNotComplete
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.model import (
    ENDED,
    PLATFORM_KEY,
    CheckoutStatus,
    Subscription,
)
from dream_api.gateways.stripe import StripeUnavailable
from dream_api.kit.errors import DreamError, Unavailable
from dream_api.stores import Connection

TRUSTED_FOR = timedelta(hours=24)
"""How long we believe what we keep; then Stripe is asked again, whether an event came or not."""
SWEEP_MAX = 50
PAGE = 100
PAGES_MAX = 1_000
"""Pages of one account's running subscriptions: a bound on what one reconcile may ask for."""
PLATFORMS_MAX = 100

_log = structlog.get_logger()


class Reconciliation:
    """Re-reads subscriptions, one platform's or the stalest of all."""

    def __init__(
        self,
        desk: Desk,
        mirror: Mirror,
        checkouts: Checkouts,
        charges: Charges,
        standings: AccountStandings,
    ) -> None:
        self._desk = desk
        self._mirror = mirror
        self._charges = charges
        self._checkouts = checkouts
        self._standings = standings

    async def reconcile(self, platform_id: str) -> Reconciled:
        """Ask about every subscription of a platform that can still change, and heal what drifted.

        Those that run at Stripe and that we never heard of are found too, and so are refunds and
        disputes.

        Raises:
            StripeUnavailable: what was asked before stands.
        """
        asked, drifts, after = 0, list[Drift](), ""
        while page := await self._page(platform_id, after):
            for subscription_id in page:
                drifts += await self._refresh(platform_id, subscription_id)
            asked, after = asked + len(page), page[-1]
        try:
            account = await self._desk.account(platform_id)
            unheard = await self._unheard_of(account, platform_id)
            for subscription_id in unheard:
                drifts += await self._refresh(platform_id, subscription_id)
            charges = await self._charges.compare(account, platform_id)
            await self._note(account, platform_id)
        except StripeUnavailable:
            raise
        except DreamError as error:
            _log.warning("subscriptions.account_refused", platform_id=platform_id, code=error.code)
            return Reconciled(asked, tuple(drifts))
        return Reconciled(asked + len(unheard), (*drifts, *charges))

    async def reconcile_overdue(self) -> int:
        """Compare the first platform that nobody has compared for a day; give 0 if there is none.

        Called again and again, it goes through all of them every night. Quiet while Stripe is away.
        """
        platform_id = await self._overdue()
        if platform_id is None:
            return 0
        try:
            found = await self.reconcile(platform_id)
        except StripeUnavailable as error:
            _log.warning("subscriptions.reconcile_stopped", code=error.code)
            return 0
        _log.info(
            "subscriptions.reconciled",
            platform_id=platform_id,
            asked=found.asked,
            drifts=len(found.drifts),
        )
        return 1

    async def sweep(self, limit: int) -> int:
        """Ask about what nobody has asked for TRUSTED_FOR, on every platform; give how many.

        Tiers that were held until a moment that has passed are let go, sessions that should have
        ended are looked at, and those whose name was lost are closed. Stops early, and quietly,
        while Stripe is away.
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
            found = await self._checkouts.tidy_up(limit)
        except Unavailable as error:  # Stripe, or a user whom another verb is about.
            _log.warning("subscriptions.sweep_stopped", code=error.code)
            found = 0
        return len(stale) + len(sessions) + found

    async def _page(self, platform_id: str, after: str) -> list[str]:
        return await self._desk.store.of(platform_id).read(
            lambda connection: rows.list_unended(connection, platform_id, after, PAGE)
        )

    async def _overdue(self) -> str | None:
        """Find a connected platform whose subscriptions were last compared a day ago or never."""
        before, after = self._desk.clock.now() - TRUSTED_FOR, ""
        while page := await self._desk.platforms.list_connected(after, PLATFORMS_MAX):
            for cursor, platform_id, account_id in page:
                if await self._is_overdue(platform_id, account_id, before):
                    return platform_id
                after = cursor
        return None

    async def _is_overdue(self, platform_id: str, account_id: str, before: datetime) -> bool:
        compared_at = await self._desk.store.of(platform_id).read(
            lambda connection: rows.find_reconciled_at(connection, platform_id, account_id)
        )
        return compared_at is None or compared_at < before

    async def _unheard_of(self, account: Account, platform_id: str) -> list[str]:
        """List what the account has sold for this platform, and that stands in no row of ours.

        What has ended again is found for LOOKED_BACK: a trial that was had is had.
        """
        since = self._desk.clock.now() - LOOKED_BACK
        return [
            *await self._unheard_on_pages(account, platform_id),
            *await self._unheard_on_pages(account, platform_id, ended_of=since),
        ]

    async def _unheard_on_pages(
        self, account: Account, platform_id: str, *, ended_of: datetime | None = None
    ) -> list[str]:
        found, after = list[str](), None
        for _ in range(PAGES_MAX):
            page = await account.stripe.list_running(account.id, after, ended_of=ended_of)
            for one in page:
                is_ours = (one.get("metadata") or {}).get(PLATFORM_KEY) == platform_id
                if not is_ours:
                    continue
                known = await self._find(platform_id, one["id"])
                # One that runs is news, too, where we were told that it had ended.
                if known is None or (ended_of is None and known.status in ENDED):
                    found.append(one["id"])
            if len(page) < PAGE:
                break
            after = page[-1]["id"]
        return found

    async def _find(self, platform_id: str, subscription_id: str) -> Subscription | None:
        return await self._desk.store.of(platform_id).read(
            lambda connection: rows.find_subscription(connection, platform_id, subscription_id)
        )

    async def _note(self, account: Account, platform_id: str) -> None:
        await self._standings.look(platform_id)
        now = self._desk.clock.now()
        await self._desk.store.of(platform_id).write(
            lambda connection: rows.set_reconciled_at(connection, platform_id, account.id, now)
        )

    async def _refresh(self, platform_id: str, subscription_id: str) -> list[Drift]:
        """Refresh a subscription; give the drift if there was one, and say so in the log."""
        before = await self._find(platform_id, subscription_id)
        try:
            after = await self._mirror.refresh(platform_id, subscription_id)
        except StripeUnavailable:
            raise
        except DreamError as error:
            # One account that is gone must not keep us from asking about the others.
            _log.warning("subscriptions.refresh_refused", platform_id=platform_id, code=error.code)
            now = self._desk.clock.now()
            await self._desk.store.of(platform_id).write(
                lambda connection: rows.touch_subscription(
                    connection, platform_id, subscription_id, now
                )
            )
            return []
        drift = drift_between(before, after)
        if drift is None:
            return []
        _log.warning("subscriptions.drift_healed", **drift.to_log())
        return [drift]

    async def _settle(self, platform_id: str, session_id: str) -> None:
        try:
            await self._checkouts.settle(platform_id, session_id)
        except StripeUnavailable:
            raise
        except CheckoutNotComplete:
            return  # Noted by the settling.
        except DreamError as error:
            _log.warning("subscriptions.settle_refused", platform_id=platform_id, code=error.code)
            await self._desk.store.of(platform_id).write(
                lambda connection: rows.set_checkout_status(
                    connection, platform_id, session_id, CheckoutStatus.EXPIRED
                )
            )
