"""Money that went back: refunds and disputes, as Stripe says now."""

from dream_api.customers.end_users import find_user_by_customer
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.desk import Desk
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.revenue import Charge
from dream_api.gateways.stripe import ChargeStanding
from dream_api.stores import Connection


class Charges:
    """Re-reads charges and notes what became of them. They change no plan: Stripe's status does."""

    def __init__(self, desk: Desk, mirror: Mirror) -> None:
        self._desk = desk
        self._mirror = mirror

    async def refresh(self, platform_id: str, charge_id: str) -> None:
        """Ask Stripe for a charge, and write how much went back and whether it is disputed.

        Charges of others than the platform's end users concern us not. Idempotent.

        Raises:
            StripeNotConnected, StripeNotFound, AccountGone, StripeUnavailable: nothing was written.
            UserBusy: it is being refreshed elsewhere.
        """
        desk = self._desk
        account = await desk.account(platform_id)
        async with desk.locks.hold(platform_id, f"charge:{charge_id}") as lock:
            found = await account.stripe.get_charge(account.id, charge_id)

            def verb(connection: Connection) -> None:
                lock.check(connection)
                self._write(connection, platform_id, found)

            await desk.store.of(platform_id).write(verb)

    def _write(self, connection: Connection, platform_id: str, found: ChargeStanding) -> None:
        user = (
            find_user_by_customer(connection, platform_id, found.customer)
            if found.customer
            else None
        )
        if user is None:
            return
        charge = Charge(
            charge_id=found.id,
            user_id=user.user_id,
            amount_cents=found.amount_cents,
            refunded_cents=found.refunded_cents,
            currency=found.currency,
            dispute_status=found.dispute_status,
            created_at=found.created_at,
        )
        rows.put_charge(connection, platform_id, charge, self._desk.clock.now())
        self._mirror.settle(connection, platform_id, user.user_id)
