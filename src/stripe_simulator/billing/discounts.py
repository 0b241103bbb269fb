"""Coupons at work (https://docs.stripe.com/billing/subscriptions/coupons)."""

from fractions import Fraction

from stripe_simulator.billing.periods import boundary_after
from stripe_simulator.books import Books
from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body, shape
from stripe_simulator.store import Record


def redeem(books: Books, coupon_id: str, *, param: str) -> Record:
    """Use a coupon once.

    Raises:
        StripeError: No such coupon, or it has expired or is used up.
    """
    coupon = books.get("coupon", coupon_id, param=param)
    if not coupon.body["valid"]:
        raise StripeError(f"Coupon expired: {coupon_id}", code="coupon_expired", param=param)
    coupon.body["times_redeemed"] += 1
    most = coupon.body["max_redemptions"]
    if most is not None and coupon.body["times_redeemed"] >= most:
        coupon.body["valid"] = False
    books.save(coupon)
    return coupon


def discount_subscription(
    books: Books, coupon: Record, *, customer: str, subscription: str, session: str | None = None
) -> str:
    """Store the discount that *coupon* gives a subscription; answers its id."""
    months = coupon.body["duration_in_months"]
    end = None
    if coupon.body["duration"] == "repeating":
        recurring = {"interval": "month", "interval_count": months}
        end = boundary_after(books.now, books.now, recurring)
    discount = shape(
        "discount",
        id=new_id("di"),
        checkout_session=session,
        customer=customer,
        end=end,
        source={"coupon": coupon.id, "type": "coupon"},
        start=books.now,
        subscription=subscription,
    )
    books.add(discount, event="customer.discount.created")
    return str(discount["id"])


def reduction(coupon: Body, amount: int, currency: str) -> int:
    """By how many minor units *coupon* reduces *amount*, never below zero."""
    if coupon["percent_off"] is not None:
        return int(Fraction(str(coupon["percent_off"])) / 100 * max(amount, 0) + Fraction(1, 2))
    if coupon["currency"] != currency:
        return 0
    return min(int(coupon["amount_off"]), max(amount, 0))


def coupons_now(books: Books, discounts: list[str]) -> list[tuple[str, Body]]:
    """The discounts that count at this moment, each with its coupon."""
    found = []
    for identifier in discounts:
        discount = books.get("discount", identifier).body
        if discount["end"] is None or books.now < discount["end"]:
            coupon = books.get("coupon", discount["source"]["coupon"]).body
            found.append((identifier, coupon))
    return found
