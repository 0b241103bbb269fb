"""Which way a change of plan goes: pure rules.

Dearer starts now and is prorated. Cheaper starts when what was paid for ends: the price changes
at once, so that the next bill is right, and the old tier is held until then. Free is an end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dream_api.customers.platforms import Tier
from dream_api.customers.subscriptions.errors import ChangeNotPossible, Obstacle
from dream_api.customers.subscriptions.mrr import monthly_amount
from dream_api.gateways.stripe import PriceTerms


class Way(StrEnum):
    """How a change is made."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    END = "end"
    RESUME = "resume"
    RESTORE = "restore"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Paid:
    """What the user has paid for until the period ends.

    Attributes:
        tier: its name; None when the price belongs to no tier.
        is_on_sale: whether the price may be gone back to as it is.
        is_held: whether a downgrade waits, so that the price is a cheaper one already.
        is_ending: whether the subscription ends with the period.
    """

    tier: str | None
    price_id: str
    product_id: str
    is_on_sale: bool
    amount_cents: int
    currency: str
    interval: str
    interval_count: int
    is_held: bool
    is_ending: bool

    @classmethod
    def of(
        cls, price: Mapping[str, Any], *, tier: str | None, is_held: bool, is_ending: bool
    ) -> "Paid":
        """Read the price that was paid.

        Raises:
            ChangeNotPossible: it is no plain recurring price.
        """
        recurring, amount = price.get("recurring"), price.get("unit_amount")
        if not recurring or amount is None:
            raise ChangeNotPossible(
                "The subscription's price was not made here. Change it in the Stripe dashboard.",
                Obstacle.NOT_SOLD_HERE,
            )
        return cls(
            tier=tier,
            price_id=price["id"],
            product_id=_id_of(price["product"]),
            is_on_sale=bool(price.get("active", True)),
            amount_cents=amount,
            currency=price["currency"],
            interval=recurring["interval"],
            interval_count=recurring["interval_count"],
            is_held=is_held,
            is_ending=is_ending,
        )

    @property
    def terms(self) -> PriceTerms:
        """What the price says, for asking what it would cost although it may be archived."""
        return PriceTerms(
            product_id=self.product_id,
            amount_cents=self.amount_cents,
            currency=self.currency,
            interval=self.interval,
            interval_count=self.interval_count,
        )


def way_to(target: Tier, paid: Paid, *, is_news: bool = False) -> Way:
    """Decide how the user gets from what was paid for to *target*.

    Args:
        target: where to.
        paid: from where, as Stripe says now.
        is_news: whether we did not know of it: then being there already is the end of a change.

    Raises:
        ChangeNotPossible: says what to do instead.
    """
    if target.is_free:
        return Way.END
    if target.name == paid.tier:
        return _way_back(paid, is_news=is_news)
    if target.currency != paid.currency:
        raise ChangeNotPossible(
            "Stripe bills a subscription in one currency. End this one in the portal, then "
            "subscribe anew.",
            Obstacle.OTHER_CURRENCY,
        )
    return _way_between(target, paid)


def _way_back(paid: Paid, *, is_news: bool) -> Way:
    if paid.is_held:
        return Way.RESTORE
    if paid.is_ending:
        return Way.RESUME
    if is_news:
        return Way.DONE
    raise ChangeNotPossible(
        "The user is on this tier already; nothing was changed.", Obstacle.SAME_TIER, param="tier"
    )


def _way_between(target: Tier, paid: Paid) -> Way:
    wanted = monthly_amount(target.price_cents, target.interval)
    present = monthly_amount(paid.amount_cents, paid.interval, paid.interval_count)
    if wanted >= present or (paid.interval, target.interval) == ("month", "year"):
        return Way.UPGRADE  # A year is paid ahead, so it begins now even where it is cheaper.
    if (paid.interval, paid.interval_count) == (target.interval, 1):
        return Way.DOWNGRADE
    raise ChangeNotPossible(
        "Stripe would bill the shorter interval at once. End the subscription in the portal; "
        "when it has ended, subscribe anew.",
        Obstacle.SHORTER_INTERVAL,
    )


def _id_of(product: str | Mapping[str, Any]) -> str:
    return product if isinstance(product, str) else str(product["id"])
