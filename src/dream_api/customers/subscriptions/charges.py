"""Money that went back: refunds and disputes, as Stripe says now."""

from contextlib import suppress
from datetime import timedelta

import structlog

from dream_api.customers.end_users import find_user_by_customer
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.customers.subscriptions.drift import ChargeDrift, charge_drift_between
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.model import PLATFORM_KEY
from dream_api.customers.subscriptions.revenue import Charge
from dream_api.gateways.stripe import ChargeStanding, StripeUnavailable
from dream_api.kit.errors import DreamError
from dream_api.shared.inbox import EventQuarantined
from dream_api.stores import Connection

LOOKED_BACK = timedelta(days=45)
"""How old a refund or a new dispute may be for a comparison to find it; open ones at any age."""

_log = structlog.get_logger()


class Charges:
    """Re-reads charges and notes what became of them. They change no plan: Stripe's status does."""

    def __init__(self, desk: Desk, mirror: Mirror) -> None:
        self._desk = desk
        self._mirror = mirror

    async def refresh(self, platform_id: str, charge_id: str) -> ChargeDrift | None:
        """Ask Stripe for a charge, and write how much went back and whether it is disputed.

        Charges of others than the platform's end users concern us not. Idempotent.

        Returns:
            What we did not know; None where there was nothing.

        Raises:
            StripeNotConnected, StripeNotFound, AccountGone, StripeUnavailable: nothing was written.
            UserBusy: it is being refreshed elsewhere.
        """
        desk = self._desk
        account = await desk.account(platform_id)
        async with desk.locks.hold(platform_id, f"charge:{charge_id}") as lock:
            found = await account.stripe.money_back.get(account.id, charge_id)
            await self._meet(account, platform_id, found.customer)

            def verb(connection: Connection) -> ChargeDrift | None:
                lock.check(connection)
                return self._write(connection, platform_id, found)

            return await desk.store.of(platform_id).write(verb)

    async def compare(self, account: Account, platform_id: str) -> list[ChargeDrift]:
        """Look for refunds and disputes that nobody told us of, and note them; give each.

        Raises:
            StripeNotConnected, AccountGone, StripeUnavailable: what was asked before stands.
        """
        since = self._desk.clock.now() - LOOKED_BACK
        touched = await account.stripe.money_back.list_since(account.id, since)
        drifted = await self._desk.store.of(platform_id).read(
            lambda connection: _drifted(connection, platform_id, touched)
        )
        found = [await self._heal(platform_id, charge_id) for charge_id in drifted]
        return [drift for drift in found if drift is not None]

    async def _meet(self, account: Account, platform_id: str, customer: str | None) -> None:
        """Read the subscriptions of a customer of whom we have not heard yet.

        Events know no order: the refund may come before the subscription that was paid.
        """
        if customer is None or await self._is_known(platform_id, customer):
            return
        for one in await account.stripe.list_subscriptions(account.id, customer):
            if (one.get("metadata") or {}).get(PLATFORM_KEY) == platform_id:
                with suppress(EventQuarantined):
                    await self._mirror.refresh(platform_id, one["id"])

    async def _is_known(self, platform_id: str, customer: str) -> bool:
        found = await self._desk.store.of(platform_id).read(
            lambda connection: find_user_by_customer(connection, platform_id, customer)
        )
        return found is not None

    async def _heal(self, platform_id: str, charge_id: str) -> ChargeDrift | None:
        try:
            drift = await self.refresh(platform_id, charge_id)
        except StripeUnavailable:
            raise
        except DreamError as error:
            # One charge that cannot be read must not keep us from the others.
            _log.warning("subscriptions.charge_refused", platform_id=platform_id, code=error.code)
            return None
        if drift is not None:
            _log.warning("subscriptions.drift_healed", **drift.to_log())
        return drift

    def _write(
        self, connection: Connection, platform_id: str, found: ChargeStanding
    ) -> ChargeDrift | None:
        user = (
            find_user_by_customer(connection, platform_id, found.customer)
            if found.customer
            else None
        )
        if user is None:
            return None
        charge = Charge(
            charge_id=found.id,
            user_id=user.user_id,
            amount_cents=found.amount_cents,
            refunded_cents=found.refunded_cents,
            currency=found.currency,
            dispute_status=found.dispute_status,
            created_at=found.created_at,
        )
        before = rows.find_charge(connection, platform_id, found.id)
        rows.put_charge(connection, platform_id, charge, self._desk.clock.now())
        self._mirror.settle(connection, platform_id, user.user_id)
        return charge_drift_between(platform_id, before, charge)


def _drifted(connection: Connection, platform_id: str, touched: list[ChargeStanding]) -> list[str]:
    """List the charges of our users that are not as we know them, and those still disputed."""
    ids = rows.list_disputed(connection, platform_id)
    for standing in touched:
        if standing.id in ids or not standing.customer:
            continue
        if find_user_by_customer(connection, platform_id, standing.customer) is None:
            continue
        known = rows.find_charge(connection, platform_id, standing.id)
        if known is None or not _agrees(known, standing):
            ids.append(standing.id)
    return ids


def _agrees(known: Charge, standing: ChargeStanding) -> bool:
    """Compare what both know; a listing may not know of an old dispute."""
    has_status = standing.dispute_status in (None, known.dispute_status)
    return known.refunded_cents == standing.refunded_cents and has_status
