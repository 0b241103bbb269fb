"""A developer's shop: a connected account with tiers, its rooms, and buyers with cards."""

from dataclasses import dataclass, replace

import httpx

from dream_api.customers.end_users import EndUser, EndUsers, Row
from dream_api.customers.metering import Decision, Metering, TrackEvent
from dream_api.customers.platforms import Platforms, StripeConnection, Tier, TierConfig, write_tiers
from dream_api.customers.subscriptions import Subscriptions
from dream_api.gateways.clock import MovableClock
from dream_api.gateways.stripe import NewPrice, NewProduct, Stripe, StripeModes
from dream_api.kit.keys import mode_of
from dream_api.shared.inbox import Handlers, Inbox, InboxPage
from dream_api.stores import ApiMultiBindings
from tests.journeys.forms import submit

GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
FAILS_LATER_CARD = "4000 0000 0000 0341"
SUCCESS_URL = "https://app.example/welcome?s={CHECKOUT_SESSION_ID}"
CANCEL_URL = "https://app.example/pricing"
USER = "u_1"

EVENT_TYPES = (
    "checkout.session.completed",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_failed",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
    "account.updated",
)

FREE = Tier("free", "Free", 0, limit=10)
BASIC = Tier("basic", "Basic", 1_000, limit=100)
PRO = Tier("pro", "Pro", 2_900, limit=1_000)
TEAM = Tier("team", "Team", 90_000, interval="year", limit=None)
TRIAL = Tier("trial", "Trial", 500, limit=50, trial_days=14)


@dataclass
class Shop:
    """One platform whose Stripe is the simulator."""

    platform_id: str
    account_id: str
    stripe: Stripe
    bindings: ApiMultiBindings
    clock: MovableClock
    end_users: EndUsers
    metering: Metering
    subscriptions: Subscriptions
    inbox: Inbox

    async def connect(self) -> None:
        """Store the connection as the bridge would."""
        tokens, platform_id = self.bindings.customer_tokens, self.platform_id
        connection = StripeConnection(self.account_id, "read_write", False, self.clock.now())
        await self.bindings.customers.write(
            lambda c: tokens.put(c, f"platform:{platform_id}:stripe", connection.to_wire())
        )
        mode = mode_of(platform_id)
        await self.bindings.customers.write(
            lambda c: tokens.put(c, f"stripeaccount:{mode}:{self.account_id}", platform_id)
        )

    async def sell(self, *tiers: Tier) -> TierConfig:
        """Publish tiers with a product and a price each, as the catalogue would."""
        config = TierConfig(tuple([await self._priced(tier) for tier in tiers]))
        await self.bindings.customers.write(
            lambda c: write_tiers(c, self.bindings.customer_tokens, self.platform_id, config)
        )
        return config

    async def tiers(self) -> TierConfig:
        """Read the tiers as published."""
        mine = self.bindings
        return await Platforms(mine.customers, mine.customer_tokens).tiers(self.platform_id)

    async def _priced(self, tier: Tier) -> Tier:
        if tier.is_free or tier.price_id is not None:
            return tier
        metadata = {"dreamapi_tier": tier.name}
        key = f"{self.account_id}-{tier.name}-{tier.revision}"
        product_id = await self.stripe.create_product(
            self.account_id, NewProduct(tier.display_name, metadata), idempotency_key=f"{key}-p"
        )
        price = NewPrice(
            product_id,
            tier.price_cents,
            tier.currency,
            "year" if tier.interval == "year" else "month",
            metadata,
        )
        price_id = await self.stripe.create_price(self.account_id, price, idempotency_key=key)
        return replace(tier, price_id=price_id, product_id=product_id)

    async def open(self, tier: str = "pro", user_id: str = USER) -> tuple[str, str]:
        """Open a Checkout; give its address and id."""
        opened = await self.subscriptions.checkout(
            self.platform_id, user_id, tier, SUCCESS_URL, CANCEL_URL
        )
        return opened.url, opened.session_id

    async def pay(self, url: str, card: str = GOOD_CARD, **more: str) -> httpx.Response:
        """Pay a Checkout on Stripe's page."""
        fields = {
            "card_number": card,
            "exp": "12/34",
            "cvc": "123",
            "email": "ada@example.com",
            "name": "Ada",
            **more,
        }
        async with httpx.AsyncClient() as browser:
            return await submit(browser, await browser.get(url), fields)

    async def subscribe(self, tier: str = "pro", user_id: str = USER, card: str = GOOD_CARD) -> str:
        """Buy a tier and come back from Checkout; give the subscription."""
        url, session_id = await self.open(tier, user_id)
        await self.pay(url, card)
        await self.subscriptions.settle_checkout(self.platform_id, session_id)
        return str((await self.user(user_id)).stripe_subscription_id)

    async def subscribe_unheard(self, tier: str = "pro", user_id: str = USER) -> str:
        """Buy a tier, close the browser, and lose every event; give the subscription."""
        url, session_id = await self.open(tier, user_id)
        await self.pay(url)
        session = await self.stripe.get_checkout(self.account_id, session_id)
        return str(session.subscription)

    async def user(self, user_id: str = USER) -> EndUser:
        """Read a user as stored."""
        user = await self.end_users.find(self.platform_id, user_id)
        assert user is not None
        return user

    async def row(self, user_id: str = USER) -> Row:
        """Read a user as shown."""
        return await self.end_users.get(self.platform_id, user_id)

    async def decision(self, user_id: str = USER) -> Decision:
        """Ask metering."""
        return await self.metering.usage(self.platform_id, user_id)

    async def track(self, amount: int = 1, user_id: str = USER) -> Decision:
        """Count."""
        return await self.metering.track(self.platform_id, TrackEvent(user_id, amount))

    @property
    def handlers(self) -> Handlers:
        """The table of handlers, as ``app.py`` holds it."""
        return {name: [self.subscriptions.on_event] for name in EVENT_TYPES}

    async def tell(self, event_type: str, thing: object, event_id: str = "evt_1") -> None:
        """Receive an event and handle it."""
        await self.inbox.receive(
            "stripe:test", event_id, event_type, self.platform_id, self.account_id, thing
        )
        await self.inbox.handle_due(self.handlers)

    async def tell_of(self, subscription_id: str, event_id: str = "evt_1") -> None:
        """Receive the commonest event: a subscription has changed."""
        await self.tell("customer.subscription.updated", {"id": subscription_id}, event_id)

    def without_stripe(self, stripe: Stripe) -> "Shop":
        """Give the same shop while Stripe is away: every call goes to *stripe* instead."""
        mine = self.bindings
        platforms = Platforms(mine.customers, mine.customer_tokens)
        stripes = StripeModes(live=None, test=stripe)
        subscriptions = Subscriptions(
            mine.customers, platforms, self.end_users, stripes, self.clock, "http://localhost:8787"
        )
        return replace(self, stripe=stripe, subscriptions=subscriptions)

    async def log(self) -> InboxPage:
        """Read the platform's events."""
        return await self.inbox.list(self.platform_id, 50)
