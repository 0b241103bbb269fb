"""Selling a tier through Stripe Checkout, on the developer's own account."""

from dataclasses import dataclass, replace

from dream_api.customers.end_users import EndUser, ensure_user, find_user
from dream_api.customers.platforms import Tier, TierConfig
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.accounts import AccountStandings
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.customers.subscriptions.errors import (
    CheckoutNotComplete,
    StripeNotConnected,
    SubscriptionElsewhere,
    SubscriptionExists,
)
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.model import (
    ACCESS,
    ENDED,
    PLATFORM_KEY,
    TIER_KEY,
    USER_KEY,
    Checkout,
    CheckoutStatus,
    Opening,
)
from dream_api.customers.subscriptions.openings import Openings
from dream_api.gateways.stripe import (
    AccountGone,
    CheckoutRequest,
    StripeCheckout,
    StripeNotFound,
    StripeRefused,
)
from dream_api.kit.errors import NotFound, ValidationFailed
from dream_api.stores import Connection

SESSION_PLACEHOLDER = "{CHECKOUT_SESSION_ID}"
ASKED_MAX = 2
"""How often a session is asked for with less, before what Stripe says is the answer."""


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """What a caller wants to sell to whom, and where the person goes afterwards."""

    platform_id: str
    user_id: str
    tier: str
    success_url: str
    cancel_url: str


@dataclass(frozen=True, slots=True)
class OpenedCheckout:
    """Where to send the person."""

    url: str
    session_id: str

    def to_wire(self) -> dict[str, str]:
        """Write it as JSON."""
        return {"url": self.url, "sessionId": self.session_id}


class Checkouts:
    """Opens Checkout sessions, and settles them when the person or an event comes back."""

    def __init__(self, desk: Desk, mirror: Mirror, standings: AccountStandings) -> None:
        self._desk = desk
        self._openings = Openings(desk)
        self._mirror = mirror
        self._standings = standings

    async def open(self, order: CheckoutOrder) -> OpenedCheckout:
        """Open a session; sessions that the user left open are closed first.

        A user who is not known yet is made, like ``track`` does.

        Raises:
            ValidationFailed: no such tier is on sale, or it costs nothing.
            SubscriptionExists: the user has one, perhaps paid for a moment ago.
            SubscriptionElsewhere: the one they have is on an account that was connected before.
            ChargesNotEnabled: the connected account may not take payments.
            StripeNotConnected, StripeRefused, StripeUnavailable: nothing was opened.
            UserBusy: another verb about this user is under way.
        """
        desk = self._desk
        tiers = await desk.platforms.tiers(order.platform_id)
        tier = _sellable(tiers, order.tier)
        account = await desk.account(order.platform_id)
        await self._standings.check(account, order.platform_id)
        async with desk.locks.hold(order.platform_id, f"user:{order.user_id}"):
            user = await self._user(order, tiers)
            await self.close_all(account, user.platform_id, user.user_id)
            await self._check_no_subscription(account, user)
            opening = await self._openings.begin(account, user)
            session = await self._create(account, order, tier, user, opening)
            checkout = Checkout(
                platform_id=order.platform_id,
                session_id=session.id,
                user_id=order.user_id,
                tier=tier.name,
                success_url=order.success_url,
                cancel_url=order.cancel_url,
                status=CheckoutStatus.OPEN.value,
                created_at=desk.clock.now(),
                expires_at=session.expires_at,
            )
            await desk.store.of(order.platform_id).write(
                lambda connection: _put(connection, order.platform_id, checkout, opening)
            )
        assert session.url is not None, "a session that was just opened has an address"
        return OpenedCheckout(session.url, session.id)

    async def settle(self, platform_id: str, session_id: str) -> str:
        """Take over what a session has come to; give where the person goes now.

        The same verb serves the return from Checkout and its events. Idempotent.

        Raises:
            NotFound: we opened no such session for this platform.
            CheckoutNotComplete: the person has not paid, or the payment is on its way.
        """
        checkout = await self._desk.store.of(platform_id).read(
            lambda connection: rows.find_checkout(connection, platform_id, session_id)
        )
        if checkout is None:
            raise NotFound("No such Checkout session. Start again from the pricing page.")
        account = await self._desk.account(platform_id)
        await self._settle(account, checkout)
        return checkout.success_url.replace(SESSION_PLACEHOLDER, session_id)

    async def close_all(self, account: Account, platform_id: str, user_id: str) -> None:
        """Close the sessions that a user left open; one that was paid meanwhile is settled.

        So are those whose names we never heard.
        """
        open_ids = await self._desk.store.of(platform_id).read(
            lambda connection: rows.list_open_checkouts(connection, platform_id, user_id)
        )
        for session_id in open_ids:
            await self._close(account, platform_id, session_id)
        for opening in await self._openings.list_of(platform_id, user_id):
            await self._close_lost(account, opening)

    async def tidy_up(self, limit: int) -> int:
        """Close sessions whose names we never heard, on every platform; give how many openings.

        Raises:
            StripeUnavailable: the rest is looked for next time.
        """
        lost = await self._openings.list_lost(limit)
        for opening in lost:
            async with self._desk.locks.hold(opening.platform_id, f"user:{opening.user_id}"):
                await self._let_go(opening)
        return len(lost)

    async def _let_go(self, opening: Opening) -> None:
        try:
            account = await self._desk.account(opening.platform_id)
            await self._close_lost(account, opening)
        except (StripeNotConnected, StripeRefused, AccountGone):
            await self._openings.forget(opening)  # The account is closed to us.

    async def _close_lost(self, account: Account, opening: Opening) -> None:
        for session_id in await self._openings.find(account, opening):
            await self._close(account, opening.platform_id, session_id)
        if self._openings.is_lost(opening):
            await self._openings.forget(opening)

    async def _settle(self, account: Account, checkout: Checkout) -> None:
        session = await account.stripe.get_checkout(account.id, checkout.session_id)
        _check_whose(session, checkout)
        if session.status == CheckoutStatus.COMPLETE.value and session.subscription is not None:
            # A payment that is on its way leaves the subscription incomplete: the mirror decides.
            await self._mirror.refresh(checkout.platform_id, session.subscription)
        await self._note(checkout.platform_id, checkout.session_id, session)
        if not session.is_settled:
            raise CheckoutNotComplete(
                "The payment has not arrived. Finish it on Stripe's page, or start again."
            )

    async def _note(self, platform_id: str, session_id: str, session: StripeCheckout) -> None:
        status = CheckoutStatus(session.status)
        await self._desk.store.of(platform_id).write(
            lambda connection: rows.set_checkout_status(connection, platform_id, session_id, status)
        )

    async def _user(self, order: CheckoutOrder, tiers: TierConfig) -> EndUser:
        now = self._desk.clock.now()
        free = tiers.free()

        def verb(connection: Connection) -> EndUser:
            user = find_user(connection, order.platform_id, order.user_id)
            if user is None:
                plan = free.name if free else None
                ensure_user(connection, order.platform_id, order.user_id, plan=plan, now=now)
                user = find_user(connection, order.platform_id, order.user_id)
            assert user is not None, "made in this transaction"
            return user

        return await self._desk.store.of(order.platform_id).write(verb)

    async def _close(self, account: Account, platform_id: str, session_id: str) -> None:
        try:
            session = await account.stripe.expire_checkout(account.id, session_id)
        except StripeNotFound:
            # The platform has connected another account since; nobody can pay through it here.
            await self._desk.store.of(platform_id).write(
                lambda connection: rows.set_checkout_status(
                    connection, platform_id, session_id, CheckoutStatus.EXPIRED
                )
            )
        except StripeRefused:
            # It is not open any more. If it was paid, its subscription counts from now on.
            session = await account.stripe.get_checkout(account.id, session_id)
            if session.subscription is not None:
                await self._mirror.refresh(platform_id, session.subscription)
            await self._note(platform_id, session_id, session)
        else:
            await self._note(platform_id, session_id, session)

    async def _check_no_subscription(self, account: Account, user: EndUser) -> None:
        subscriptions = await self._desk.store.of(user.platform_id).read(
            lambda connection: rows.list_subscriptions(connection, user.platform_id, user.user_id)
        )
        running = [one for one in subscriptions if one.status not in ENDED | {"incomplete"}]
        if running and all(one.is_elsewhere(account.id) for one in running):
            raise SubscriptionElsewhere
        statuses = {one.status for one in running}
        if statuses & ACCESS:
            what = (
                "The user has a subscription. Change it with POST /v1/change-plan, or let the "
                "user manage it through POST /v1/portal."
            )
        elif statuses:
            what = (
                f"The user has a subscription that is {min(statuses)}. Let the user pay it "
                "through POST /v1/portal: then it runs again."
            )
        else:
            return
        raise SubscriptionExists(what, param="userId")

    async def _create(
        self, account: Account, order: CheckoutOrder, tier: Tier, user: EndUser, opening: Opening
    ) -> StripeCheckout:
        """Ask for the session; where no answer comes, the opening stays and is looked for."""
        request = await self._request(order, tier, user)
        try:
            for asked in range(ASKED_MAX):
                try:
                    return await _ask(account, request, f"{opening.attempt_id}:{asked}")
                except StripeRefused as error:
                    request = _without_what_was_wrong(request, error)
            return await _ask(account, request, f"{opening.attempt_id}:{ASKED_MAX}")
        except (StripeRefused, AccountGone):
            await self._openings.forget(opening)
            raise

    async def _request(self, order: CheckoutOrder, tier: Tier, user: EndUser) -> CheckoutRequest:
        assert tier.price_id is not None, "a tier on sale that costs something has a price"
        settings = await self._desk.platforms.settings(order.platform_id)
        return CheckoutRequest(
            price_id=tier.price_id,
            success_url=(
                f"{self._desk.public_url}/p/{order.platform_id}/checkout/return"
                f"?session_id={SESSION_PLACEHOLDER}"
            ),
            cancel_url=order.cancel_url,
            client_reference_id=order.user_id,
            customer=user.stripe_customer_id,
            customer_email=user.email,
            metadata={
                PLATFORM_KEY: order.platform_id,
                USER_KEY: order.user_id,
                TIER_KEY: tier.name,
            },
            trial_days=0 if user.had_subscription else tier.trial_days,
            allows_promotion_codes=settings.allow_promotion_codes,
            calculates_tax=settings.automatic_tax,
        )


async def _ask(account: Account, request: CheckoutRequest, key: str) -> StripeCheckout:
    return await account.stripe.create_checkout(account.id, request, idempotency_key=key)


def _put(connection: Connection, platform_id: str, checkout: Checkout, opening: Opening) -> None:
    """Write under which name a session stands open, in place of the opening."""
    rows.put_checkout(connection, platform_id, checkout)
    rows.drop_opening(connection, platform_id, opening.attempt_id)


def _without_what_was_wrong(request: CheckoutRequest, error: StripeRefused) -> CheckoutRequest:
    """Leave out what only makes Checkout quicker, where Stripe refuses just that.

    The customer may be deleted, or of an account that was connected before; an address that we
    take for one may be none to Stripe. Whatever else is refused is the caller's to hear.
    """
    if error.stripe_param == "customer" and request.customer is not None:
        return replace(request, customer=None)
    if error.stripe_param == "customer_email" and request.customer_email is not None:
        return replace(request, customer_email=None)
    raise error


def _sellable(tiers: TierConfig, name: str) -> Tier:
    tier = tiers.find(name)
    on_sale = [one.name for one in tiers.tiers if not one.archived and not one.is_free]
    if tier is None or tier.archived or tier.is_free or tier.price_id is None:
        what = "costs nothing" if tier is not None and tier.is_free else "is not on sale"
        raise ValidationFailed.of(
            "tier",
            f"The tier {what}. On sale are: {', '.join(on_sale) or 'none'}.",
            "Name a tier that is on sale; a free tier needs no Checkout.",
        )
    return tier


def _check_whose(session: StripeCheckout, checkout: Checkout) -> None:
    """Believe nothing that a session says of others than whom it was opened for."""
    named = (session.metadata.get(PLATFORM_KEY), session.metadata.get(USER_KEY))
    if named != (checkout.platform_id, checkout.user_id):
        raise NotFound("No such Checkout session. Start again from the pricing page.")
