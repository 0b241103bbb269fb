"""The verbs of the platform subscription.

Every event of Stripe is a signal only: the verbs re-read the customer's subscriptions and write
what they see, so order and repetition do not matter. What was read earlier never overwrites what
was read later.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dream_api.developers.accounts import audit, mint_platform
from dream_api.developers.platform_subscription import store as rows
from dream_api.developers.platform_subscription.comparing import (
    SWEEP_MAX,
    Comparing,
    PlatformsCompared,
    Publish,
)
from dream_api.developers.platform_subscription.errors import (
    NoPlatformSubscription,
    SubscriptionExists,
)
from dream_api.developers.platform_subscription.model import (
    METADATA_DEVELOPER,
    Checkout,
    Record,
    Snapshot,
    Standing,
    pick,
)
from dream_api.gateways.clock import Clock
from dream_api.gateways.stripe import (
    CheckoutRequest,
    Stripe,
    StripeNotFound,
    StripeRefused,
)
from dream_api.kit.errors import NotFound
from dream_api.kit.keys import Mode
from dream_api.shared.inbox import EventQuarantined, InboxEvent
from dream_api.stores import Connection, FrontAuthApiBindings

CHECKOUT_ATTEMPTS_MAX = 3

_SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,250}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offer:
    """What is sold, and where people return to.

    Attributes:
        price_cents: US cents a month; used to find or make the price where ``price_id`` is None.
        price_id: a price that the operator made by hand.
        public_url: our own address, without trailing slash.
    """

    price_cents: int
    price_id: str | None
    public_url: str

    @property
    def success_url(self) -> str:
        """Where Stripe sends a developer who paid; it fills in the session."""
        return f"{self.public_url}/configure?payment=success&session_id={{CHECKOUT_SESSION_ID}}"

    @property
    def cancel_url(self) -> str:
        """Where Stripe sends a developer who changed their mind."""
        return f"{self.public_url}/configure?payment=canceled"


class PlatformSubscription:
    """What developers pay us.

    Args:
        bindings: the developers' store and its namespaces.
        stripe: our own account.
        clock: tells the time.
        offer: what is sold.
    """

    def __init__(
        self, bindings: FrontAuthApiBindings, stripe: Stripe, clock: Clock, offer: Offer
    ) -> None:
        self._store = bindings.developers
        self._platform_tokens = bindings.platform_tokens
        self._stripe = stripe
        self._clock = clock
        self._offer = offer
        self._price_id = offer.price_id
        self._portal_configuration: str | None = None
        self._comparing = Comparing(self._store, clock, self._refresh, offer.price_cents)

    async def get(self, developer_id: str) -> Standing:
        """Tell how a developer stands."""
        return await self._store.read(
            lambda connection: rows.find_standing(connection, developer_id)
        )

    async def create_checkout(
        self,
        developer_id: str,
        email: str,
        success_url: str | None = None,
        cancel_url: str | None = None,
    ) -> Checkout:
        """Open the page where a developer pays.

        Repeating gives the same page; every other open page of the developer is closed, so that
        nobody pays twice.

        Raises:
            SubscriptionExists: one runs already; the portal manages it.
            StripeUnavailable: nothing was opened, or a repeat finds it.
        """
        record = await self._ensure_customer(developer_id, email)
        assert record.stripe_customer_id is not None, "_ensure_customer writes it"
        _check_may_subscribe(record)
        request = CheckoutRequest(
            price_id=await self._price(),
            success_url=success_url or self._offer.success_url,
            cancel_url=cancel_url or self._offer.cancel_url,
            client_reference_id=developer_id,
            customer=record.stripe_customer_id,
            metadata={METADATA_DEVELOPER: developer_id},
        )
        checkout = await self._open_checkout(record, request)
        await self._close_other_checkouts(record.stripe_customer_id, checkout.session_id)
        return checkout

    async def settle_checkout(self, developer_id: str | None, session_id: str) -> Standing:
        """Write what a Checkout session came to; called by the return and by the webhook.

        Args:
            developer_id: who returned; None for a signed event.
            session_id: Stripe's id of the session; it may come from an address bar.

        Raises:
            NotFound: no such session, or it is another developer's.
        """
        missing = NotFound("There is no such payment of yours. Start again on /configure.")
        if not _SESSION_ID.fullmatch(session_id):
            raise missing
        try:
            checkout = await self._stripe.get_checkout(None, session_id)
        except StripeNotFound as error:
            raise missing from error
        owner_id = checkout.metadata.get(METADATA_DEVELOPER)
        if owner_id is None or developer_id not in (None, owner_id) or not checkout.customer:
            raise missing
        record = await self._record(owner_id)
        if record is None or record.stripe_customer_id != checkout.customer:
            raise missing
        await self._refresh(record)
        return await self.get(owner_id)

    async def refresh(self, subscription_id: str) -> str | None:
        """Re-read the customer behind a subscription; give whose it is, None if unknown."""
        subscription = await self._stripe.get_subscription(None, subscription_id)
        return await self._refresh_customer(str(subscription["customer"]))

    async def refresh_developer(self, developer_id: str) -> Standing:
        """Re-read a developer's subscription, for reconciling; repeatable."""
        record = await self._record(developer_id)
        if record is not None and record.stripe_customer_id is not None:
            await self._refresh(record)
        return await self.get(developer_id)

    async def reconcile_stale(self, publish: Publish, *, limit: int = SWEEP_MAX) -> int:
        """Ask again about developers nobody has asked Stripe about for a day; give how many.

        Stops early, and quietly, while Stripe is away.

        Args:
            publish: tells the customers' world how a developer stands now.
            limit: how many to ask about in one go.
        """
        return await self._comparing.sweep(publish, limit)

    async def reconcile(self, publish: Publish) -> PlatformsCompared:
        """Compare every developer with Stripe, and heal what drifted.

        Raises:
            StripeUnavailable: what was compared before stands.
        """
        return await self._comparing.compare(publish)

    async def on_event(self, event: InboxEvent) -> str:
        """Handle an event of our own account; give the developer whose standing was re-read.

        Raises:
            EventQuarantined: the customer is none of ours.
        """
        customer = _customer_of(event.payload)
        developer_id = None if customer is None else await self._refresh_customer(customer)
        if developer_id is None:
            raise EventQuarantined("The event's customer is not a developer of this deployment.")
        return developer_id

    async def billing_portal(self, developer_id: str, return_url: str | None = None) -> str:
        """Open Stripe's portal: cards, invoices, cancelling; give its address.

        Raises:
            NoPlatformSubscription: the developer never started to pay.
        """
        record = await self._record(developer_id)
        if record is None or record.stripe_customer_id is None or record.status is None:
            raise NoPlatformSubscription("Subscribe first: POST /platform/create-checkout.")
        if self._portal_configuration is None:
            self._portal_configuration = await self._stripe.own_account.ensure_portal()
        return await self._stripe.create_portal(
            None,
            record.stripe_customer_id,
            return_url=return_url or f"{self._offer.public_url}/configure",
            configuration=self._portal_configuration,
        )

    async def cancel(self, developer_id: str) -> None:
        """End everything that a developer who leaves could still be charged for. Repeatable."""
        record = await self._record(developer_id)
        if record is None or record.stripe_customer_id is None:
            return
        await self._close_other_checkouts(record.stripe_customer_id, None)
        for subscription in await self._stripe.list_subscriptions(None, record.stripe_customer_id):
            if subscription["status"] in ("canceled", "incomplete_expired"):
                continue
            try:
                await self._stripe.cancel_subscription(None, subscription["id"])
            except StripeNotFound:
                continue  # It ended between the two calls.
        await self._refresh(record)

    def erase(self, connection: Connection, developer_id: str) -> None:
        """Forget a developer, inside the verb that deletes the account."""
        rows.delete_record(connection, developer_id)

    async def _record(self, developer_id: str) -> Record | None:
        return await self._store.read(lambda connection: rows.find_record(connection, developer_id))

    async def _ensure_customer(self, developer_id: str, email: str) -> Record:
        record = await self._record(developer_id)
        if record is not None and record.stripe_customer_id is not None:
            return record
        customer_id = await self._stripe.create_customer(
            None,
            email=email,
            name=None,
            metadata={METADATA_DEVELOPER: developer_id},
            idempotency_key=_digest("platform-customer", developer_id, email),
        )
        now = self._clock.now()

        def verb(connection: Connection) -> Record:
            rows.put_customer(connection, developer_id, customer_id, now)
            written = rows.find_record(connection, developer_id)
            assert written is not None, "it was written in this transaction"
            return written

        return await self._store.write(verb)

    async def _price(self) -> str:
        if self._price_id is None:
            self._price_id = await self._stripe.own_account.ensure_platform_price(
                self._offer.price_cents
            )
        return self._price_id

    async def _open_checkout(self, record: Record, request: CheckoutRequest) -> Checkout:
        """Open a session; one that Stripe remembers but that is over starts a new attempt."""
        attempt = record.checkout_attempt
        for _ in range(CHECKOUT_ATTEMPTS_MAX):
            key = _digest(
                "platform-checkout",
                record.developer_id,
                str(attempt),
                request.price_id,
                request.success_url,
                request.cancel_url,
            )
            opened = await self._stripe.create_checkout(None, request, idempotency_key=key)
            current = await self._stripe.get_checkout(None, opened.id)
            if current.status == "open" and current.url is not None:
                return Checkout(current.url, current.id)
            if current.is_settled:
                await self._refresh(record)
                _check_may_subscribe(await self._existing(record.developer_id))
            await self._raise_attempt(record.developer_id, attempt)
            attempt += 1
        raise SubscriptionExists("Reload the page to see whether your payment went through.")

    async def _raise_attempt(self, developer_id: str, attempt: int) -> None:
        await self._store.write(
            lambda connection: rows.raise_attempt(connection, developer_id, attempt)
        )

    async def _existing(self, developer_id: str) -> Record:
        record = await self._record(developer_id)
        assert record is not None, "it was there before"
        return record

    async def _close_other_checkouts(self, customer_id: str, kept_id: str | None) -> None:
        for checkout in await self._stripe.list_open_checkouts(None, customer_id):
            if checkout.id == kept_id:
                continue
            try:
                await self._stripe.expire_checkout(None, checkout.id)
            except StripeRefused:
                continue  # It was paid or expired meanwhile; its event tells which.

    async def _refresh_customer(self, customer_id: str) -> str | None:
        record = await self._store.read(
            lambda connection: rows.find_record_of_customer(connection, customer_id)
        )
        if record is None:
            return None
        await self._refresh(record)
        return record.developer_id

    async def _refresh(self, record: Record) -> None:
        """Read the customer's subscriptions and write the one that counts."""
        assert record.stripe_customer_id is not None, "only customers have subscriptions"
        seen_at = self._clock.now()
        found = await self._stripe.list_subscriptions(None, record.stripe_customer_id)
        snapshot = pick(found)
        developer_id = record.developer_id

        def verb(connection: Connection) -> None:
            current = rows.find_record(connection, developer_id)
            if current is None or current.seen_at > seen_at:
                return  # The developer is gone, or somebody has read Stripe after us.
            if snapshot is None:
                rows.touch(connection, developer_id, seen_at)
                return
            was_paid = current.standing().is_paid
            ended_at = _ended_at(current, snapshot, seen_at)
            rows.put_snapshot(connection, current, snapshot, ended_at=ended_at, seen_at=seen_at)
            if snapshot.is_paid:
                mint_platform(connection, self._platform_tokens, developer_id, Mode.LIVE)
            if was_paid != snapshot.is_paid:
                action = "subscription.paid" if snapshot.is_paid else "subscription.ended"
                audit(connection, developer_id, action, {"status": snapshot.status}, seen_at)

        await self._store.write(verb)


def _check_may_subscribe(record: Record) -> None:
    if record.is_alive:
        raise SubscriptionExists(
            "You are subscribed already. Manage it with POST /platform/billing-portal."
        )


def _ended_at(record: Record, snapshot: Snapshot, seen_at: datetime) -> datetime | None:
    """Tell when paying ended: the first end of a subscription counts, or grace would begin twice.

    Stripe names a moment only for a subscription that is over, not for one that is unpaid.
    """
    if snapshot.is_paid:
        return None
    if record.ended_at is not None and record.stripe_subscription_id == snapshot.subscription_id:
        return record.ended_at
    return snapshot.ended_at or (seen_at if record.standing().is_paid else None)


def _customer_of(subject: Any) -> str | None:
    """Read the customer off the object of an event; Stripe sends it bare or expanded."""
    customer = subject.get("customer") if isinstance(subject, dict) else None
    if isinstance(customer, dict):
        customer = customer.get("id")
    return customer if isinstance(customer, str) else None


def _digest(*parts: str) -> str:
    """Make an idempotency key out of what the request is about."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()
