"""A subscription as we keep it, what several come to, and how Stripe's object is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from dream_api.customers.end_users import SubscriptionStanding, had_access
from dream_api.customers.platforms import Tier, TierConfig
from dream_api.customers.subscriptions.mrr import Unpriced, list_price_cents, mrr_cents
from dream_api.kit.periods import rfc3339

PLATFORM_KEY = "dreamapi_platform_id"
USER_KEY = "dreamapi_user_id"
TIER_KEY = "dreamapi_tier"
HELD_TIER_KEY = "dreamapi_held_tier"
HELD_PRICE_KEY = "dreamapi_held_price"
HELD_UNTIL_KEY = "dreamapi_held_until"
"""Our metadata at Stripe. The held ones say what was paid for before a downgrade, until when."""

ACCESS = frozenset({"active", "trialing", "past_due"})
ENDED = frozenset({"canceled", "incomplete_expired"})
"""Statuses that never change again."""
DEFAULT_CURRENCY = "usd"
MOMENT_MAX = 253_402_300_799
"""The last second of the year 9999, beyond which Python knows no date."""


class CheckoutStatus(StrEnum):
    """Where a Checkout session is, as far as we know."""

    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class Flag(StrEnum):
    """Why a person should look at a user's subscription."""

    UNKNOWN_PRICE = "unknown_price"
    UNPRICED = "unpriced"
    SEVERAL_SUBSCRIPTIONS = "several_subscriptions"
    SEVERAL_CURRENCIES = "several_currencies"
    OTHER_ACCOUNT = "other_account"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription as last seen at Stripe.

    Attributes:
        tier: the tier of its price; None when no tier has it.
        held_tier: paid for until ``held_until``, although the price is a cheaper one already; or
            had until somebody looks, where no tier has the price: then there is no such moment.
        price_monthly_cents: the list price a month, which tells the dearer of two.
        mrr_cents: what it brings a month now: nothing in a trial, less with a lasting discount.
        account_id: the connected account it was seen on; None for what was seen before we noted it.
        trial_ends_at: when its trial ends or ended; None when it never had one.
    """

    platform_id: str
    subscription_id: str
    user_id: str
    customer_id: str | None
    status: str
    tier: str | None
    price_id: str | None
    price_monthly_cents: int
    mrr_cents: int
    currency: str
    current_period_end: datetime | None
    cancel_at_period_end: bool
    held_tier: str | None
    held_until: datetime | None
    flag: str | None
    created_at: datetime
    account_id: str | None = None
    trial_ends_at: datetime | None = None

    @property
    def has_access(self) -> bool:
        """Whether its status lets the user in; past due is the grace that dunning gives."""
        return self.status in ACCESS

    def is_elsewhere(self, account_id: str) -> bool:
        """Whether it was seen on another account than the one that is connected now."""
        return self.account_id not in (None, account_id)

    def over(self) -> "Subscription":
        """Give it as it is when nobody will say more of it."""
        return replace(self, status="canceled", mrr_cents=0, held_tier=None, held_until=None)

    def tier_at(self, now: datetime) -> str | None:
        """Give the tier that it entitles to at a moment."""
        if self.is_waiting(now) or self.tier is None:
            return self.held_tier
        return self.tier

    def is_waiting(self, now: datetime) -> bool:
        """Tell whether a downgrade waits for what was paid for to end."""
        return self.held_until is not None and now < self.held_until

    def to_wire(self, now: datetime) -> dict[str, Any]:
        """Write the subscription as JSON."""
        return {
            "subscriptionId": self.subscription_id,
            "status": self.status,
            "tier": self.tier_at(now),
            "nextTier": self.tier if self.tier_at(now) != self.tier else None,
            "priceId": self.price_id,
            "mrrCents": self.mrr_cents,
            "currency": self.currency,
            "currentPeriodEnd": (
                rfc3339(self.current_period_end) if self.current_period_end else None
            ),
            "cancelAtPeriodEnd": self.cancel_at_period_end,
            "trialEndsAt": rfc3339(self.trial_ends_at) if self.trial_ends_at else None,
            "createdAt": rfc3339(self.created_at),
        }


@dataclass(frozen=True, slots=True)
class Checkout:
    """A Checkout session that we opened, and where the person goes afterwards."""

    platform_id: str
    session_id: str
    user_id: str
    tier: str
    success_url: str
    cancel_url: str
    status: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """A Checkout session that we are asking Stripe for, and whose name we do not know yet.

    Attributes:
        attempt_id: the key under which Stripe makes one session, however often it is asked.
        account_id: the connected account that was asked.
    """

    platform_id: str
    attempt_id: str
    user_id: str
    account_id: str
    begun_at: datetime


def read_subscription(
    found: Mapping[str, Any],
    platform_id: str,
    user_id: str,
    tiers: TierConfig,
    known: Subscription | None = None,
) -> Subscription:
    """Read Stripe's object, of this or an older API version, as one user's subscription.

    A price that no tier has leaves the plan as it was: on what we sold with the subscription,
    which its metadata says whatever we have seen meanwhile; else on what we *knew* of it.
    """
    item = tier_item(found, tiers)
    tier = None if item is None else tier_of(item["price"], tiers)
    metadata = found.get("metadata") or {}
    held_tier, held_until = _held(metadata)
    if tier is None:
        held_tier, held_until = held_tier or _sold(metadata, tiers, known), None
    flag: str | None = None if tier else Flag.UNKNOWN_PRICE.value
    try:
        mrr, list_price = mrr_cents(found), list_price_cents(found)
    except Unpriced:
        mrr, list_price, flag = 0, 0, Flag.UNPRICED.value
    return Subscription(
        platform_id=platform_id,
        subscription_id=found["id"],
        user_id=user_id,
        customer_id=id_of(found.get("customer")),
        status=found["status"],
        tier=tier.name if tier else None,
        price_id=item["price"]["id"] if item else None,
        price_monthly_cents=list_price,
        mrr_cents=mrr,
        currency=found["currency"],
        current_period_end=period_end(found),
        # A date to end at is how flexible billing says the same.
        cancel_at_period_end=bool(found.get("cancel_at_period_end") or found.get("cancel_at")),
        held_tier=held_tier,
        held_until=held_until,
        flag=flag,
        created_at=moment(found["created"]),
        trial_ends_at=moment(found["trial_end"]) if found.get("trial_end") else None,
    )


def _held(metadata: Mapping[str, str]) -> tuple[str | None, datetime | None]:
    """Read what was paid for before a downgrade, and until when; a moment alone is nothing."""
    tier, until = metadata.get(HELD_TIER_KEY), metadata.get(HELD_UNTIL_KEY, "")
    if not tier or not until.isascii() or not until.isdigit() or int(until) > MOMENT_MAX:
        return None, None
    return tier, moment(int(until))


def _sold(metadata: Mapping[str, str], tiers: TierConfig, known: Subscription | None) -> str | None:
    sold = tiers.find(metadata.get(TIER_KEY, ""))
    if sold is not None:
        return sold.name
    return None if known is None else known.tier or known.held_tier


def tier_item(found: Mapping[str, Any], tiers: TierConfig) -> Mapping[str, Any] | None:
    """Find the item of a subscription that is a tier of ours; else its first one."""
    items: Sequence[Mapping[str, Any]] = found["items"]["data"]
    ours = (item for item in items if tier_of(item["price"], tiers) is not None)
    return next(ours, items[0] if items else None)


def tier_of(price: Mapping[str, Any], tiers: TierConfig) -> Tier | None:
    """Find the tier of a price: by its id, else by the name that we wrote on it when it was new.

    A tier knows its present price only; whoever subscribed earlier keeps an older one.
    """
    tier = tiers.by_price(price["id"])
    if tier is not None:
        return tier
    name = (price.get("metadata") or {}).get(TIER_KEY)
    return tiers.find(name) if name else None


def combine(subscriptions: Sequence[Subscription], *, now: datetime) -> SubscriptionStanding:
    """Tell what all subscriptions of one user come to.

    Of several that run, the dearest sets the plan and all count as revenue.
    """
    running = sorted((one for one in subscriptions if one.has_access), key=_rank, reverse=True)
    leading = running[0] if running else max(subscriptions, key=_age, default=None)
    if leading is None:
        return SubscriptionStanding(
            None, None, 0, DEFAULT_CURRENCY, None, None, None, cancel_at_period_end=False, flag=None
        )
    known = [tier for one in running if (tier := one.tier_at(now)) is not None]
    return SubscriptionStanding(
        plan=next(iter(known), None),
        status=leading.status,
        mrr_cents=sum(one.mrr_cents for one in running if one.currency == leading.currency),
        currency=leading.currency,
        subscription_id=leading.subscription_id,
        customer_id=leading.customer_id,
        current_period_end=leading.current_period_end,
        cancel_at_period_end=leading.cancel_at_period_end,
        flag=_flag_of(running),
    )


def gone(known: Subscription, account_id: str, now: datetime) -> Subscription:
    """Judge a subscription that Stripe no longer knows on the account that is connected now.

    On the account where we saw it, it is over: its data was deleted there. On another account
    nothing can be known of it: what was paid for holds until its period ends, flagged for a person
    to look at; afterwards nobody can tell us of a payment, and it counts as over.
    """
    is_paid_for = known.current_period_end is not None and now < known.current_period_end
    if not known.is_elsewhere(account_id) or not is_paid_for:
        return known.over()
    return replace(known, flag=Flag.OTHER_ACCOUNT.value)


def _rank(subscription: Subscription) -> tuple[bool, int, datetime, str]:
    """Order running subscriptions: those of a tier, then by price, then by age."""
    return (
        subscription.tier is not None,
        subscription.price_monthly_cents,
        subscription.created_at,
        subscription.subscription_id,
    )


def _age(subscription: Subscription) -> tuple[bool, datetime, str]:
    """Order subscriptions that have ended: the newest that was ever paid tells the status."""
    return had_access(subscription.status), subscription.created_at, subscription.subscription_id


def _flag_of(running: Sequence[Subscription]) -> str | None:
    if len({one.currency for one in running}) > 1:
        return Flag.SEVERAL_CURRENCIES.value
    if len(running) > 1:
        return Flag.SEVERAL_SUBSCRIPTIONS.value
    return running[0].flag if running else None


def period_end(found: Mapping[str, Any]) -> datetime | None:
    """Give when the next bill is due: on the subscription before 2025-03-31, then on its items."""
    ends = [item["current_period_end"] for item in found["items"]["data"] if _has_end(item)]
    end = found.get("current_period_end") or min(ends, default=None)
    return None if end is None else moment(end)


def invoiced_subscription(invoice: Mapping[str, Any]) -> str | None:
    """Give the subscription that an invoice bills, wherever its API version names it."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return id_of(invoice.get("subscription") or details.get("subscription"))


def id_of(reference: str | Mapping[str, Any] | None) -> str | None:
    """Give the id of a reference, which Stripe sends bare or expanded."""
    if reference is None or isinstance(reference, str):
        return reference
    return str(reference["id"])


def moment(seconds: int) -> datetime:
    """Turn Stripe's Unix seconds into an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def _has_end(item: Mapping[str, Any]) -> bool:
    return item.get("current_period_end") is not None
