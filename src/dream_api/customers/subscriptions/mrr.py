"""Monthly recurring revenue of a subscription, as Stripe's own dashboard counts it.

Source: support.stripe.com, "Billing analytics" and "Metric configurations". Integer minor units,
never summed across currencies. Past due counts until it is unpaid or cancelled; trials, metered
usage, tax and coupons that end do not.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

_MONTHS_PER = {
    "day": Fraction(365, 12),
    "week": Fraction(365, 84),
    "month": Fraction(1),
    "year": Fraction(1, 12),
}
"""How many of an interval a month holds; Stripe's own 52.14 weeks a year are 365/7."""
_COUNTED = frozenset({"active", "past_due"})


class Unpriced(ValueError):
    """The price has no single amount (tiers, or a donation), so that a sum would be a guess."""


def mrr_cents(subscription: Mapping[str, Any]) -> int:
    """Give what the subscription brings a month now, in minor units of its currency.

    Args:
        subscription: as Stripe sends it, with discounts and their coupons expanded.

    Raises:
        Unpriced: an item has no single amount.
    """
    if subscription["status"] not in _COUNTED or _is_voided(subscription):
        return 0
    return _rounded(_monthly(subscription, with_discounts=True))


def list_price_cents(subscription: Mapping[str, Any]) -> int:
    """Give the monthly price before discounts, whatever the status: how dear the tier is.

    Raises:
        Unpriced: an item has no single amount.
    """
    return _rounded(_monthly(subscription, with_discounts=False))


def monthly_amount(amount: int | Fraction, interval: str, interval_count: int = 1) -> Fraction:
    """Spread the amount of one billing interval over a month."""
    return Fraction(amount) * _MONTHS_PER[interval] / interval_count


def _monthly(subscription: Mapping[str, Any], *, with_discounts: bool) -> Fraction:
    currency = subscription["currency"]
    total, interval = Fraction(0), ("month", 1)
    for item in subscription["items"]["data"]:
        recurring = item["price"].get("recurring")
        if not recurring or recurring.get("usage_type") == "metered":
            continue
        interval = (recurring["interval"], recurring["interval_count"])
        amount = monthly_amount(_amount(item), *interval)
        if with_discounts:
            amount = _discounted(amount, item.get("discounts") or (), currency, interval)
        total += amount
    if with_discounts:
        # An amount off the whole subscription is spread over the interval of its items.
        total = _discounted(total, subscription.get("discounts") or (), currency, interval)
    return total


def _amount(item: Mapping[str, Any]) -> Fraction:
    """Give what an item costs per interval: its unit amount times its (packaged) quantity."""
    price = item["price"]
    amount = price.get("unit_amount_decimal") or price.get("unit_amount")
    if price.get("billing_scheme") == "tiered" or amount is None:
        raise Unpriced(f"price {price.get('id')} has no single amount")
    quantity = item.get("quantity", 1)
    package = price.get("transform_quantity")
    if package:
        rounds_up = package["round"] == "up"
        divide_by = package["divide_by"]
        quantity = -(-quantity // divide_by) if rounds_up else quantity // divide_by
    return Fraction(str(amount)) * int(quantity)


def _discounted(
    amount: Fraction,
    discounts: Sequence[Mapping[str, Any] | str],
    currency: str,
    interval: tuple[str, int],
) -> Fraction:
    for discount in discounts:
        coupon = _coupon_of(discount)
        if coupon is None or coupon.get("duration") != "forever":
            continue
        if coupon.get("percent_off") is not None:
            amount *= 1 - Fraction(str(coupon["percent_off"])) / 100
        elif coupon.get("amount_off") and coupon.get("currency") == currency:
            amount -= monthly_amount(coupon["amount_off"], *interval)
    return max(amount, Fraction(0))


def _coupon_of(discount: Mapping[str, Any] | str) -> Mapping[str, Any] | None:
    """Find the coupon where API versions keep it; an id that nobody expanded is none."""
    if isinstance(discount, str):
        return None
    coupon = discount.get("coupon") or (discount.get("source") or {}).get("coupon")
    return coupon if isinstance(coupon, Mapping) else None


def _is_voided(subscription: Mapping[str, Any]) -> bool:
    pause = subscription.get("pause_collection") or {}
    return bool(pause.get("behavior") == "void")


def _rounded(amount: Fraction) -> int:
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
