"""Changing what a running subscription is for."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from dream_api.customers.end_users import EndUser
from dream_api.customers.platforms import Tier, TierConfig
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.customers.subscriptions.errors import ChangeNotPossible, NoSubscription
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.model import (
    ACCESS,
    HELD_PRICE_KEY,
    HELD_TIER_KEY,
    HELD_UNTIL_KEY,
    TIER_KEY,
    Subscription,
    read_subscription,
    tier_item,
)
from dream_api.customers.subscriptions.plan_change import Paid, Way, way_to
from dream_api.gateways.stripe import (
    PriceTerms,
    StripeRefused,
    StripeUnavailable,
    SubscriptionChange,
)
from dream_api.kit.errors import NotFound, ValidationFailed
from dream_api.kit.ids import new_id
from dream_api.kit.periods import rfc3339

_log = structlog.get_logger()

_NOT_HELD = {HELD_TIER_KEY: "", HELD_PRICE_KEY: "", HELD_UNTIL_KEY: ""}
"""Stripe removes a key of metadata that is set to nothing."""


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What a change of plan came to, or would come to.

    Attributes:
        plan: what the user is on right after the call.
        tier: what was asked for.
        amount_due_now_cents: what the card is charged now, in minor units.
    """

    plan: str | None
    tier: str
    is_now: bool
    effective_at: datetime
    amount_due_now_cents: int
    currency: str
    is_preview: bool

    def to_wire(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "plan": self.plan,
            "tier": self.tier,
            "effective": "now" if self.is_now else "period_end",
            "effectiveAt": rfc3339(self.effective_at),
            "amountDueNow": self.amount_due_now_cents,
            "currency": self.currency,
            "preview": self.is_preview,
        }


@dataclass(frozen=True, slots=True)
class _Case:
    """One change under way: whose, of what, to what."""

    account: Account
    found: Mapping[str, Any]
    item: Mapping[str, Any]
    subscription: Subscription
    paid: Paid
    target: Tier
    way: Way

    @property
    def id(self) -> str:
        """The subscription's id."""
        return self.subscription.subscription_id


class Changes:
    """Moves subscriptions between tiers."""

    def __init__(self, desk: Desk, mirror: Mirror) -> None:
        self._desk = desk
        self._mirror = mirror

    async def change(
        self, platform_id: str, user_id: str, tier: str, *, preview: bool
    ) -> PlanChange:
        """Move a user to another tier: dearer now with proration, cheaper when the period ends.

        Repeating it finishes what Stripe did although its answer was lost.

        Raises:
            NotFound: the platform has no such user.
            ValidationFailed: no such tier is on sale.
            NoSubscription: the user has none that runs.
            ChangeNotPossible: Stripe cannot do it in one step, or there is nothing to change.
            CardDeclined, PaymentNeedsAction: nothing has changed.
        """
        desk = self._desk
        tiers = await desk.platforms.tiers(platform_id)
        target = _on_sale(tiers, tier)
        account = await desk.account(platform_id)
        async with desk.locks.hold(platform_id, f"user:{user_id}"):
            user = await self._subscriber(platform_id, user_id)
            case = await self._case(account, user, target, tiers)
            due_cents = await self._amount_due(case)
            if not preview:
                await self._make(case)
                await self._mirror.refresh(platform_id, case.id)
            return await self._outcome(case, user, due_cents, is_preview=preview)

    async def _subscriber(self, platform_id: str, user_id: str) -> EndUser:
        user = await self._desk.end_users.find(platform_id, user_id)
        if user is None:
            raise NotFound("No such user. Create it with POST /v1/customers first.")
        if user.stripe_subscription_id is None or user.subscription_status not in ACCESS:
            raise NoSubscription(
                "The user has no running subscription. Start one with POST /v1/checkout.",
                param="userId",
            )
        return user

    async def _case(
        self, account: Account, user: EndUser, target: Tier, tiers: TierConfig
    ) -> _Case:
        assert user.stripe_subscription_id is not None, "_subscriber has checked"
        found = await account.stripe.get_subscription(account.id, user.stripe_subscription_id)
        subscription = read_subscription(found, user.platform_id, user.user_id, tiers)
        item = tier_item(found, tiers)
        if item is None or not subscription.has_access:
            raise NoSubscription("The subscription has just ended. Start one with a Checkout.")
        tier = subscription.tier_at(self._desk.clock.now())
        is_held = tier != subscription.tier
        price = item["price"]
        if is_held:
            held_price_id = found["metadata"][HELD_PRICE_KEY]
            price = await account.stripe.get_price(account.id, held_price_id)
        paid = Paid.of(
            price, tier=tier, is_held=is_held, is_ending=subscription.cancel_at_period_end
        )
        way = way_to(target, paid, is_news=await self._is_news(subscription))
        return _Case(account, found, item, subscription, paid, target, way)

    async def _is_news(self, seen: Subscription) -> bool:
        """Tell whether Stripe has changed it since we looked: a change whose answer was lost."""
        known = await self._desk.store.read(
            lambda connection: rows.find_subscription(
                connection, seen.platform_id, seen.subscription_id
            )
        )
        return known is None or _terms_of(known) != _terms_of(seen)

    async def _amount_due(self, case: _Case) -> int:
        if case.way is not Way.UPGRADE or case.subscription.status == "trialing":
            return 0  # In a trial nothing was paid, and nothing is until it ends.
        assert case.target.price_id is not None, "_on_sale has checked"
        due_cents = await self._preview(case, case.target.price_id)
        if case.paid.is_held:
            # What was paid for is the held price, though Stripe prorates from the cheaper one.
            due_cents -= await self._preview(case, case.paid.terms)
        return max(due_cents, 0)

    async def _preview(self, case: _Case, price: str | PriceTerms) -> int:
        preview = await case.account.stripe.preview_change(
            case.account.id, case.id, item_id=case.item["id"], price=price
        )
        return preview.amount_due_cents

    async def _make(self, case: _Case) -> None:
        match case.way:
            case Way.DONE:
                return
            case Way.END:
                await self._update(case, SubscriptionChange(cancel_at_period_end=True))
            case Way.RESUME:
                await self._update(case, SubscriptionChange(cancel_at_period_end=False))
            case Way.RESTORE:
                await self._restore(case)
            case Way.DOWNGRADE:
                await self._update(case, _downgrading(case, case.target.price_id, case.target.name))
            case Way.UPGRADE:
                await self._upgrade(case)

    async def _upgrade(self, case: _Case) -> None:
        if not case.paid.is_held:
            await self._update(case, _upgrading(case))
            return
        await self._restore(case)
        try:
            await self._update(case, _upgrading(case))
        except StripeRefused:
            await self._wait_again(case)
            raise

    async def _wait_again(self, case: _Case) -> None:
        """Put back the downgrade that waited before an upgrade which the card declined."""
        waiting = _downgrading(case, case.item["price"]["id"], case.subscription.tier or "")
        try:
            await self._update(case, waiting)
        except (StripeRefused, StripeUnavailable) as error:
            _log.warning("subscriptions.downgrade_lost", subscription=case.id, code=error.code)

    async def _restore(self, case: _Case) -> None:
        """Go back to what was paid for, also where its price was archived meanwhile."""
        if case.paid.is_on_sale:
            await self._update(case, _restoring(case))
            return
        account, price_id = case.account, case.paid.price_id
        await account.stripe.unarchive_price(account.id, price_id)
        try:
            await self._update(case, _restoring(case))
        finally:
            # Left on sale it would harm nobody: no tier offers it.
            with suppress(StripeRefused, StripeUnavailable):
                await account.stripe.archive_price(account.id, price_id)

    async def _update(self, case: _Case, change: SubscriptionChange) -> None:
        await case.account.stripe.update_subscription(
            case.account.id,
            case.id,
            change,
            idempotency_key=new_id("change", self._desk.clock.now()),
        )

    async def _outcome(
        self, case: _Case, before: EndUser, due_cents: int, *, is_preview: bool
    ) -> PlanChange:
        now = self._desk.clock.now()
        is_now = case.way not in (Way.DOWNGRADE, Way.END)
        plan = case.target.name if is_now and before.plan_grant is None else before.plan
        if not is_preview:
            after = await self._desk.end_users.get(before.platform_id, before.user_id)
            plan = after.plan
        return PlanChange(
            plan=plan,
            tier=case.target.name,
            is_now=is_now,
            effective_at=now if is_now else case.subscription.current_period_end or now,
            amount_due_now_cents=due_cents,
            currency=case.paid.currency,
            is_preview=is_preview,
        )


def _terms_of(subscription: Subscription) -> tuple[str | None, bool, datetime | None]:
    return subscription.price_id, subscription.cancel_at_period_end, subscription.held_until


def _on_sale(tiers: TierConfig, name: str) -> Tier:
    tier = tiers.find(name)
    if tier is None or tier.archived or (tier.price_id is None and not tier.is_free):
        on_sale = ", ".join(one.name for one in tiers.tiers if not one.archived) or "none"
        raise ValidationFailed.of("tier", f"No such tier is on sale. The tiers are: {on_sale}.")
    return tier


def _upgrading(case: _Case) -> SubscriptionChange:
    return SubscriptionChange(
        item_id=case.item["id"],
        price_id=case.target.price_id,
        proration_behavior="always_invoice",
        # A declined card must change nothing; Stripe's default would grant the tier unpaid.
        payment_behavior="error_if_incomplete",
        cancel_at_period_end=_unless_ending(case),
        metadata={TIER_KEY: case.target.name} | _NOT_HELD,
    )


def _downgrading(case: _Case, price_id: str | None, tier: str) -> SubscriptionChange:
    ends_at, paid = case.subscription.current_period_end, case.paid
    if ends_at is None or paid.tier is None:
        raise ChangeNotPossible(
            "The subscription has no period that ends. Change it in the Stripe dashboard."
        )
    return SubscriptionChange(
        item_id=case.item["id"],
        price_id=price_id,
        proration_behavior="none",
        cancel_at_period_end=_unless_ending(case),
        metadata={
            TIER_KEY: tier,
            HELD_TIER_KEY: paid.tier,
            HELD_PRICE_KEY: paid.price_id,
            HELD_UNTIL_KEY: str(int(ends_at.timestamp())),
        },
    )


def _restoring(case: _Case) -> SubscriptionChange:
    return SubscriptionChange(
        item_id=case.item["id"],
        price_id=case.paid.price_id,
        proration_behavior="none",
        cancel_at_period_end=_unless_ending(case),
        metadata={TIER_KEY: case.paid.tier or ""} | _NOT_HELD,
    )


def _unless_ending(case: _Case) -> bool | None:
    """Take an end back where one is planned: whoever picks a tier wants to stay."""
    return False if case.paid.is_ending else None
