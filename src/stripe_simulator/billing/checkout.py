"""A Checkout Session between its creation and its payment or expiry.

https://docs.stripe.com/payments/checkout/how-checkout-works
"""

from dataclasses import dataclass

from stripe_simulator.billing.cards import Card
from stripe_simulator.billing.customers import blank_customer
from stripe_simulator.billing.discounts import Offer, offer_of_code
from stripe_simulator.billing.payment_methods import keep_card
from stripe_simulator.billing.subscriptions import Item, Terms, settle_first, start
from stripe_simulator.billing.tax import CALCULATED, NOT_CALCULATED
from stripe_simulator.books import Books
from stripe_simulator.clock import SECONDS_PER_DAY
from stripe_simulator.errors import StripeError, missing
from stripe_simulator.shapes import Body
from stripe_simulator.store import Record

# The page asks for no address; where one is needed, everybody lives here.
_ADDRESS = {
    "city": "Springfield",
    "country": "US",
    "line1": "1 Main Street",
    "line2": None,
    "postal_code": "62701",
    "state": "IL",
}


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays on the page, and with what."""

    card: Card
    email: str
    name: str | None
    promotion_code: str = ""


def pay(books: Books, session: Record, payer: Payer) -> None:
    """Pay an open session: customer, card, subscription, invoice and session change together.

    Raises:
        StripeError: 402, the card is declined or the promotion code is not valid; nothing has
            changed and the session stays open.
    """
    if payer.card.test_card.on_page is not None:
        raise payer.card.test_card.on_page.error()
    _apply_code(books, session, payer.promotion_code)
    customer = _customer(books, session, payer.email, payer.name)
    kept = keep_card(books, customer, payer.card, email=payer.email, name=payer.name)
    subscription, invoice = start(books, _terms(books, session, customer.id, kept.id))
    settle_first(books, subscription, invoice, decline=None)
    session.body |= {
        "customer": customer.id,
        "customer_details": {
            "address": customer.body["address"],
            "business_name": None,
            "email": customer.body["email"],
            "individual_name": None,
            "name": payer.name or customer.body["name"],
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        "invoice": invoice.id,
        "payment_status": "paid" if invoice.body["amount_due"] else "no_payment_required",
        "status": "complete",
        "subscription": subscription.id,
        "url": None,
        **_totals(session.body, invoice.body),
    }
    session.due_at = None
    books.save(session)
    books.emit("checkout.session.completed", session.body)


def _apply_code(books: Books, session: Record, text: str) -> None:
    if not text.strip():
        return
    if not session.body["allow_promotion_codes"]:
        raise StripeError("This page takes no promotion codes.", status=402)
    offer = offer_of_code(
        books,
        text,
        customer=session.body["customer"],
        subtotal=session.body["amount_subtotal"],
    )
    session.hidden["offers"] = [offer.body()]
    session.body["discounts"] = [offer.body()]


def _totals(session: Body, invoice: Body) -> Body:
    """What was due in the end, with the tax and the code of the page."""
    discount = sum(taken["amount"] for taken in invoice["total_discount_amounts"])
    tax = sum(taken["amount"] for taken in invoice["total_taxes"])
    totals: Body = {
        "amount_total": invoice["total"],
        "total_details": {"amount_discount": discount, "amount_shipping": 0, "amount_tax": tax},
    }
    if session["automatic_tax"]["enabled"]:
        totals["automatic_tax"] = session["automatic_tax"] | {"status": "complete"}
    return totals


def expire(books: Books, session: Record) -> None:
    """Close an open session without payment."""
    session.body["status"] = "expired"
    session.body["url"] = None
    session.due_at = None
    books.save(session)
    books.emit("checkout.session.expired", session.body)


def success_url(session: Record) -> str:
    """Where a person who has paid is sent; Stripe fills in the session's id."""
    return str(session.body["success_url"]).replace("{CHECKOUT_SESSION_ID}", session.id)


def _customer(books: Books, session: Record, email: str, name: str | None) -> Record:
    known = session.body["customer"]
    if known is None:
        body = blank_customer(books, email=session.body["customer_email"] or email, name=name)
        return books.add(body, event="customer.created")
    customer = books.get("customer", known)
    if customer.body.get("deleted"):
        raise missing("customer", known, param="customer")
    if customer.body["email"] is None:
        customer.body["email"] = email
    if session.hidden.get("keeps_address") and not customer.body["address"]:
        customer.body["address"] = dict(_ADDRESS)
    books.save(customer, event="customer.updated")
    return customer


def _terms(books: Books, session: Record, customer: str, payment_method: str) -> Terms:
    hidden, is_taxed = session.hidden, session.body["automatic_tax"]["enabled"]
    trial_end = hidden["trial_end"]
    if hidden["trial_period_days"] is not None:
        trial_end = books.now + hidden["trial_period_days"] * SECONDS_PER_DAY
    return Terms(
        customer=customer,
        items=[
            Item(books.get("price", item["price"]).body, item["quantity"])
            for item in hidden["items"]
        ],
        payment_method=payment_method,
        trial_end=trial_end,
        offers=tuple(Offer(**offer) for offer in hidden["offers"]),
        session=session.id,
        extra={
            "automatic_tax": CALCULATED if is_taxed else NOT_CALCULATED,
            "description": hidden["description"],
            "metadata": hidden["metadata"],
        },
    )
