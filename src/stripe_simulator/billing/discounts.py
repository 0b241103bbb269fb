"""Coupons at work (https://docs.stripe.com/billing/subscriptions/coupons)."""

from dataclasses import dataclass
from fractions import Fraction

from stripe_simulator.billing.periods import boundary_after
from stripe_simulator.books import Books
from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body, shape
from stripe_simulator.store import Record


@dataclass(frozen=True, slots=True)
class Offer:
    """A coupon, and the promotion code through which somebody came to it, if any."""

    coupon: str
    promotion_code: str | None = None

    def body(self) -> Body:
        """As a Checkout session shows it."""
        return {"coupon": self.coupon, "promotion_code": self.promotion_code}


def offer_of(books: Books, given: Body, *, param: str) -> Offer:
    """Read one entry of a ``discounts`` parameter.

    Raises:
        StripeError: It names no coupon and no promotion code that may be used.
    """
    if "promotion_code" in given:
        code = books.get(
            "promotion_code", given["promotion_code"], param=f"{param}[promotion_code]"
        )
        if not code.body["active"]:
            raise StripeError("This promotion code is not active.", param=param)
        return Offer(code.body["promotion"]["coupon"], code.id)
    if "coupon" not in given:
        raise StripeError("Each discount names a coupon or a promotion code.", param=param)
    return Offer(books.get("coupon", given["coupon"], param=f"{param}[coupon]").id)


def offer_of_code(books: Books, text: str, *, customer: str | None, subtotal: int) -> Offer:
    """The offer behind what a person typed in; capitals do not matter.

    Raises:
        StripeError: 402 in Stripe's words: no such code, or not for this person or sum.
    """
    for code in books.all("promotion_code", active=True):
        if code.body["code"].lower() == text.strip().lower():
            _check_code(books, code.body, customer, subtotal)
            return Offer(code.body["promotion"]["coupon"], code.id)
    raise _invalid_code()


def _check_code(books: Books, code: Body, customer: str | None, subtotal: int) -> None:
    restrictions = code["restrictions"]
    has_bought = customer is not None and books.all("invoice", customer=customer, status="paid")
    problems = (
        code["expires_at"] is not None and code["expires_at"] <= books.now,
        code["customer"] is not None and code["customer"] != customer,
        restrictions["first_time_transaction"] and bool(has_bought),
        subtotal < (restrictions["minimum_amount"] or 0),
    )
    if any(problems):
        raise _invalid_code()


def _invalid_code() -> StripeError:
    return StripeError("This code is invalid.", status=402, code="promotion_code_invalid")


def redeem(books: Books, offer: Offer, *, param: str) -> None:
    """Use a coupon, and the code that led to it, once.

    Raises:
        StripeError: No such coupon, or it has expired or is used up.
    """
    coupon = books.get("coupon", offer.coupon, param=param)
    if not coupon.body["valid"]:
        raise StripeError(f"Coupon expired: {offer.coupon}", code="coupon_expired", param=param)
    _count(books, coupon, "valid")
    if offer.promotion_code is not None:
        _count(books, books.get("promotion_code", offer.promotion_code, param=param), "active")


def _count(books: Books, record: Record, switch: str) -> None:
    """Count one redemption; the last one that is allowed switches it off."""
    record.body["times_redeemed"] += 1
    most = record.body["max_redemptions"]
    if most is not None and record.body["times_redeemed"] >= most:
        record.body[switch] = False
    books.save(record)


def discount_subscription(
    books: Books, offer: Offer, *, customer: str, subscription: str, session: str | None = None
) -> str:
    """Redeem *offer* for a subscription; answers the id of the discount that it gives.

    Raises:
        StripeError: No such coupon, or it has expired or is used up.
    """
    redeem(books, offer, param="discounts")
    coupon = books.get("coupon", offer.coupon).body
    end = None
    if coupon["duration"] == "repeating":
        recurring = {"interval": "month", "interval_count": coupon["duration_in_months"]}
        end = boundary_after(books.now, books.now, recurring)
    discount = shape(
        "discount",
        id=new_id("di"),
        checkout_session=session,
        customer=customer,
        end=end,
        promotion_code=offer.promotion_code,
        source={"coupon": offer.coupon, "type": "coupon"},
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
