"""Lines of an invoice, and what they add up to."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from stripe_simulator.books import Books
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body, shape

_ZERO_DECIMAL_CURRENCIES = frozenset(
    re.findall(r"\w+", "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf")
)
# A multiplication sign, as Stripe writes it between quantity and product.
_TIMES = "\N{MULTIPLICATION SIGN}"
_CENTS_PER_UNIT = 100


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time in Unix seconds; the end is not part of it."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """How long it is."""
        return self.end - self.start

    def body(self) -> Body:
        """As it stands on the wire."""
        return {"end": self.end, "start": self.start}


def period_of(subscription: Body) -> Period:
    """The current period of a subscription: its items share one, as the simulator bills them."""
    item = subscription["items"]["data"][0]
    return Period(item["current_period_start"], item["current_period_end"])


def amount_of(item: Body) -> int:
    """What one whole period of a subscription item costs, in minor units."""
    price = item["price"]
    return round_half_up(Fraction(price["unit_amount_decimal"] or "0") * item["quantity"])


def round_half_up(amount: Fraction) -> int:
    """Round to whole minor units, halves away from zero."""
    rounded = int(abs(amount) + Fraction(1, 2))
    return rounded if amount >= 0 else -rounded


def full_lines(books: Books, subscription: Body, period: Period) -> list[Body]:
    """One line for a whole period of every item."""
    return [
        item_line(
            subscription,
            item,
            amount=amount_of(item),
            period=period,
            description=_described(books, item),
        )
        for item in subscription["items"]["data"]
    ]


def _described(books: Books, item: Body) -> str:
    """For instance ``1 x Pro (at $29.00 / month)``."""
    return f"{item['quantity']} {_TIMES} {product_name(books, item)} (at {price_text(item)})"


def trial_lines(books: Books, subscription: Body, period: Period) -> list[Body]:
    """One line of nothing for the trial of every item."""
    return [
        item_line(
            subscription,
            item,
            amount=0,
            period=period,
            description=f"Trial period for {product_name(books, item)}",
        )
        for item in subscription["items"]["data"]
    ]


def item_line(
    subscription: Body, item: Body, *, amount: int, period: Period, description: str
) -> Body:
    """A line for a subscription item; a proration is marked by :func:`as_proration`."""
    return shape(
        "line_item",
        id=new_id("il"),
        amount=amount,
        currency=subscription["currency"],
        description=description,
        discount_amounts=[],
        discountable=True,
        discounts=[],
        livemode=False,
        metadata=dict(subscription["metadata"]),
        parent={
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        period=period.body(),
        pretax_credit_amounts=[],
        pricing={
            "price_details": {"price": item["price"]["id"], "product": item["price"]["product"]},
            "type": "price_details",
            "unit_amount_decimal": item["price"]["unit_amount_decimal"],
        },
        quantity=item["quantity"],
        subscription=subscription["id"],
        taxes=[],
    )


def product_name(books: Books, item: Body) -> str:
    """The name of what an item sells."""
    return str(books.get("product", item["price"]["product"]).body["name"])


def price_text(item: Body) -> str:
    """For instance ``$29.00 / month``."""
    price = item["price"]
    recurring = price["recurring"]
    count = recurring["interval_count"]
    every = recurring["interval"] if count == 1 else f"{count} {recurring['interval']}s"
    return f"{money_text(price['unit_amount'] or 0, price['currency'])} / {every}"


def money_text(amount: int, currency: str) -> str:
    """An amount of minor units as people write it."""
    if currency in _ZERO_DECIMAL_CURRENCIES:
        value = f"{amount:,}"
    else:
        value = f"{Decimal(amount) / _CENTS_PER_UNIT:,.2f}"
    return f"${value}" if currency == "usd" else f"{value} {currency.upper()}"


def moment_text(moment: int) -> str:
    """For instance ``23 Nov 2025 14:05:00 UTC``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y %H:%M:%S UTC")


def day_text(moment: int) -> str:
    """For instance ``23 Nov 2025``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y")
