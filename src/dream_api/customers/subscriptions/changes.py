"""Changing what a running subscription is for."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from dream_api.customers.end_users import EndUser
from dream_api.customers.platforms import Tier, TierConfig
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.customers.subscriptions.errors import (
    ChangeNotPossible,
    NoSubscription,
    Obstacle,
    SubscriptionElsewhere,
)
from dream_api.customers.subscriptions.mirror import Mirror
from dream_api.customers.subscriptions.model import (
    ACCESS,
    ENDED,
    HELD_PRICE_KEY,
    HELD_TIER_KEY,
    HELD_UNTIL_KEY,
    TIER_KEY,
    Subscription,
    read_subscription,
    tier_item,
)
from dream_api.customers.subscriptions.plan_change import Paid, Way, way_to
from dream_api.customers.subscriptions.quotes import (
    Case,
    NextInvoice,
    amount_due_cents,
    next_invoice,
)
from dream_api.gateways.stripe import (
    StripeNotFound,
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
        next_invoice: what comes after it; only a preview asks.
    """

    plan: str | None
    tier: str
    is_now: bool
    effective_at: datetime
    amount_due_now_cents: int
    currency: str
    is_preview: bool = False
    next_invoice: NextInvoice | None = None

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
            "nextInvoice": self.next_invoice.to_wire() if self.next_invoice else None,
        }


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
            SubscriptionElsewhere: it is on an account that was connected before.
            CardDeclined, PaymentNeedsAction: nothing has changed.
        """
        desk = self._desk
        tiers = await desk.platforms.tiers(platform_id)
        target = _on_sale(tiers, tier)
        account = await desk.account(platform_id)
        async with desk.locks.hold(platform_id, f"user:{user_id}"):
            user = await self._subscriber(platform_id, user_id)
            case = await self._case(account, user, target, tiers)
            due_cents = await amount_due_cents(case)
            if preview:
                foreseen = self._outcome(case, due_cents, _plan_after(case, user))
                return replace(foreseen, is_preview=True, next_invoice=await next_invoice(case))
            await self._make(case)
            await self._mirror.refresh(platform_id, case.id)
            after = await desk.end_users.get(platform_id, user_id)
            return self._outcome(case, due_cents, after.plan)

    async def _subscriber(self, platform_id: str, user_id: str) -> EndUser:
        user = await self._desk.end_users.find(platform_id, user_id)
        if user is None:
            raise NotFound("No such user. Create it with POST /v1/customers first.")
        if user.stripe_subscription_id is None or user.subscription_status not in ACCESS:
            raise _not_running(user.subscription_status)
        return user

    async def _case(self, account: Account, user: EndUser, target: Tier, tiers: TierConfig) -> Case:
        found = await self._found(account, user)
        subscription = read_subscription(found, user.platform_id, user.user_id, tiers)
        item = tier_item(found, tiers)
        if item is None or not subscription.has_access:
            raise _just_ended()
        entitled = subscription.tier_at(self._desk.clock.now())
        held_price_id = found["metadata"].get(HELD_PRICE_KEY)
        is_held = held_price_id is not None and subscription.is_waiting(self._desk.clock.now())
        price = item["price"]
        if is_held:
            price = await account.stripe.get_price(account.id, held_price_id)
        paid = Paid.of(
            price,
            tier=entitled if is_held else subscription.tier,
            is_held=is_held,
            is_ending=subscription.cancel_at_period_end,
        )
        way = way_to(target, paid, is_news=await self._is_news(subscription))
        case = Case(account, found, item, subscription, entitled, paid, target, way)
        _check_can_wait(case)
        return case

    async def _found(self, account: Account, user: EndUser) -> dict[str, Any]:
        assert user.stripe_subscription_id is not None, "_subscriber has checked"
        try:
            return await account.stripe.get_subscription(account.id, user.stripe_subscription_id)
        except StripeNotFound as error:
            seen = await self._mirror.refresh(user.platform_id, user.stripe_subscription_id)
            raise (SubscriptionElsewhere() if seen.has_access else _just_ended()) from error

    async def _is_news(self, seen: Subscription) -> bool:
        """Tell whether Stripe has changed it since we looked: a change whose answer was lost."""
        known = await self._desk.store.of(seen.platform_id).read(
            lambda connection: rows.find_subscription(
                connection, seen.platform_id, seen.subscription_id
            )
        )
        return known is None or _terms_of(known) != _terms_of(seen)

    async def _make(self, case: Case) -> None:
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

    async def _upgrade(self, case: Case) -> None:
        if not case.paid.is_held:
            await self._update(case, _upgrading(case))
            return
        await self._restore(case)
        try:
            await self._update(case, _upgrading(case))
        except StripeRefused:
            await self._wait_again(case)
            raise

    async def _wait_again(self, case: Case) -> None:
        """Put back the downgrade that waited before an upgrade which the card declined."""
        waiting = _downgrading(case, case.item["price"]["id"], case.subscription.tier or "")
        try:
            await self._update(case, waiting)
        except (StripeRefused, StripeUnavailable) as error:
            _log.warning("subscriptions.downgrade_lost", subscription=case.id, code=error.code)

    async def _restore(self, case: Case) -> None:
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

    async def _update(self, case: Case, change: SubscriptionChange) -> None:
        await case.account.stripe.update_subscription(
            case.account.id,
            case.id,
            change,
            idempotency_key=new_id("change", self._desk.clock.now()),
        )

    def _outcome(self, case: Case, due_cents: int, plan: str | None) -> PlanChange:
        now = self._desk.clock.now()
        is_now = _is_now(case)
        return PlanChange(
            plan=plan,
            tier=case.target.name,
            is_now=is_now,
            effective_at=now if is_now else case.subscription.current_period_end or now,
            amount_due_now_cents=due_cents,
            currency=case.paid.currency,
        )


def _is_now(case: Case) -> bool:
    return case.way not in (Way.DOWNGRADE, Way.END)


def _plan_after(case: Case, before: EndUser) -> str | None:
    """Give the plan right after a change that was not made; a grant by hand stays."""
    return case.target.name if _is_now(case) and before.plan_grant is None else before.plan


def _just_ended() -> NoSubscription:
    return NoSubscription("The subscription has just ended. Start one with POST /v1/checkout.")


def _not_running(status: str | None) -> NoSubscription:
    if status is None or status in ENDED or status == "incomplete":
        what = "The user has no running subscription. Start one with POST /v1/checkout."
    else:
        what = f"The subscription is {status}. Let the user pay it through POST /v1/portal first."
    return NoSubscription(what, param="userId")


def _check_can_wait(case: Case) -> None:
    """Refuse a downgrade that has nothing to hold until the period ends, or no end to wait for."""
    if case.way is not Way.DOWNGRADE:
        return
    if case.subscription.current_period_end is None or case.entitled is None:
        raise ChangeNotPossible(
            "The subscription was not sold here, so nothing can be kept until its period ends. "
            "Change it in the Stripe dashboard.",
            Obstacle.NOT_SOLD_HERE,
        )


def _terms_of(subscription: Subscription) -> tuple[str | None, bool, datetime | None]:
    return subscription.price_id, subscription.cancel_at_period_end, subscription.held_until


def _on_sale(tiers: TierConfig, name: str) -> Tier:
    tier = tiers.find(name)
    if tier is None or tier.archived or (tier.price_id is None and not tier.is_free):
        on_sale = ", ".join(one.name for one in tiers.tiers if not one.archived) or "none"
        raise ValidationFailed.of("tier", f"No such tier is on sale. The tiers are: {on_sale}.")
    return tier


def _upgrading(case: Case) -> SubscriptionChange:
    return SubscriptionChange(
        item_id=case.item["id"],
        price_id=case.target.price_id,
        proration_behavior="always_invoice",
        # A declined card must change nothing; Stripe's default would grant the tier unpaid.
        payment_behavior="error_if_incomplete",
        cancel_at_period_end=_unless_ending(case),
        metadata={TIER_KEY: case.target.name} | _NOT_HELD,
    )


def _downgrading(case: Case, price_id: str | None, tier: str) -> SubscriptionChange:
    ends_at = case.subscription.current_period_end
    assert ends_at is not None, "_check_can_wait has checked"
    assert case.entitled is not None, "_check_can_wait has checked"
    return SubscriptionChange(
        item_id=case.item["id"],
        price_id=price_id,
        proration_behavior="none",
        cancel_at_period_end=_unless_ending(case),
        metadata={
            TIER_KEY: tier,
            HELD_TIER_KEY: case.entitled,
            HELD_PRICE_KEY: case.paid.price_id,
            HELD_UNTIL_KEY: str(int(ends_at.timestamp())),
        },
    )


def _restoring(case: Case) -> SubscriptionChange:
    return SubscriptionChange(
        item_id=case.item["id"],
        price_id=case.paid.price_id,
        proration_behavior="none",
        cancel_at_period_end=_unless_ending(case),
        metadata={TIER_KEY: case.paid.tier or ""} | _NOT_HELD,
    )


def _unless_ending(case: Case) -> bool | None:
    """Take an end back where one is planned: whoever picks a tier wants to stay."""
    return False if case.paid.is_ending else None
