"""A life as the rooms keep one: a user, a subscription, and how its revenue moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dream_api.cli.demo.year import PRICES, TRIAL, Life, monthly_cents, revenue_steps
from dream_api.customers.end_users import NewUser, SubscriptionStanding
from dream_api.customers.subscriptions import ACCESS, Movement, MovementKind, Subscription

ADA = 1
"""The number of the one end user who signed up through our own door."""
ACCOUNT_ID = "acct_demo"
"""Not the connected account: these subscriptions are at no Stripe, not even the simulated one."""
CURRENCY = "usd"
PERIOD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Records:
    """Writes lives down for one platform, as of *until*.

    Attributes:
        price_ids: tier → its price at Stripe.
        ada_id: the id that the door gave Ada.
    """

    platform_id: str
    price_ids: Mapping[str, str | None]
    ada_id: str
    until: datetime

    def user_id(self, life: Life) -> str:
        """Name a user as the developer's own app would."""
        return self.ada_id if life.number == ADA else f"user_{life.number:05}"

    def user(self, life: Life) -> NewUser:
        """Give the profile."""
        return NewUser(self.user_id(life), life.email, life.name, life.created_at)

    def subscription(self, life: Life) -> Subscription:
        """Give the subscription as last seen."""
        assert life.status is not None, "asked for subscribers only"
        tier = life.paid_stays[-1].tier
        return Subscription(
            platform_id=self.platform_id,
            subscription_id=_subscription_id(life),
            user_id=self.user_id(life),
            customer_id=_customer_id(life),
            status=life.status,
            tier=tier,
            price_id=self.price_ids[tier],
            price_monthly_cents=PRICES[tier],
            mrr_cents=monthly_cents(life),
            currency=CURRENCY,
            current_period_end=self._period_end(life),
            cancel_at_period_end=life.is_ending,
            held_tier=None,
            held_until=None,
            flag=None,
            created_at=life.paid_stays[0].since,
            account_id=ACCOUNT_ID,
            trial_ends_at=_trial_end(life),
        )

    def standing(self, life: Life) -> SubscriptionStanding:
        """Give what the subscription comes to."""
        subscription = self.subscription(life)
        return SubscriptionStanding(
            plan=subscription.tier if subscription.status in ACCESS else None,
            status=subscription.status,
            mrr_cents=subscription.mrr_cents,
            currency=CURRENCY,
            subscription_id=subscription.subscription_id,
            customer_id=subscription.customer_id,
            current_period_end=subscription.current_period_end,
            cancel_at_period_end=subscription.cancel_at_period_end,
            flag=None,
        )

    def movements(self, life: Life) -> list[Movement]:
        """List how the revenue of the subscription moved."""
        movements: list[Movement] = []
        total_cents = 0
        for number, step in enumerate(revenue_steps(life)):
            was_cents, total_cents = total_cents, total_cents + step.amount_cents
            movements.append(
                Movement(
                    movement_id=f"mov_demo{life.number:06}_{number}",
                    user_id=self.user_id(life),
                    subscription_id=_subscription_id(life),
                    kind=_kind(was_cents, total_cents).value,
                    amount_cents=step.amount_cents,
                    currency=CURRENCY,
                    moved_at=step.at,
                )
            )
        return movements

    def _period_end(self, life: Life) -> datetime | None:
        """Give the next renewal, or the last day that was paid for."""
        if life.paid_from is None:
            return _trial_end(life)
        if life.left_at is not None:
            return life.left_at
        periods = (self.until - life.paid_from) // PERIOD + 1
        return life.paid_from + periods * PERIOD


def _subscription_id(life: Life) -> str:
    return f"sub_demo{life.number:06}"


def _customer_id(life: Life) -> str:
    return f"cus_demo{life.number:06}"


def _trial_end(life: Life) -> datetime | None:
    subscribed_at = life.paid_stays[0].since
    if life.paid_from is None or life.paid_from > subscribed_at:
        return subscribed_at + TRIAL
    return None


def _kind(was_cents: int, is_cents: int) -> MovementKind:
    if not was_cents:
        return MovementKind.NEW
    if not is_cents:
        return MovementKind.CHURN
    return MovementKind.EXPANSION if is_cents > was_cents else MovementKind.CONTRACTION
