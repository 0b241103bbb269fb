"""A Checkout Session between its creation and its payment or expiry.

https://docs.stripe.com/payments/checkout/how-checkout-works
"""

from stripe_simulator.billing.cards import Card
from stripe_simulator.billing.customers import blank_customer
from stripe_simulator.billing.discounts import redeem
from stripe_simulator.billing.payment_methods import keep_card
from stripe_simulator.billing.subscriptions import Item, Terms, settle_first, start
from stripe_simulator.books import Books
from stripe_simulator.clock import SECONDS_PER_DAY
from stripe_simulator.errors import missing
from stripe_simulator.store import Record


def pay(books: Books, session: Record, card: Card, *, email: str, name: str | None) -> None:
    """Pay an open session: customer, card, subscription, invoice and session change together.

    Raises:
        StripeError: 402, the card is declined; nothing has changed and the session stays open.
    """
    if card.test_card.on_page is not None:
        raise card.test_card.on_page.error()
    customer = _customer(books, session, email, name)
    kept = keep_card(books, customer, card, email=email, name=name)
    subscription, invoice = start(books, _terms(books, session, customer.id, kept.id))
    settle_first(books, subscription, invoice, decline=None)
    session.body |= {
        "customer": customer.id,
        "customer_details": {
            "address": None,
            "business_name": None,
            "email": customer.body["email"],
            "individual_name": None,
            "name": name or customer.body["name"],
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        "invoice": invoice.id,
        "payment_status": "paid" if invoice.body["amount_due"] else "no_payment_required",
        "status": "complete",
        "subscription": subscription.id,
        "url": None,
    }
    session.due_at = None
    books.save(session)
    books.emit("checkout.session.completed", session.body)


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
        books.save(customer, event="customer.updated")
    return customer


def _terms(books: Books, session: Record, customer: str, payment_method: str) -> Terms:
    hidden = session.hidden
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
        coupons=tuple(redeem(books, coupon, param="discounts") for coupon in hidden["coupons"]),
        session=session.id,
        extra={"metadata": hidden["metadata"], "description": hidden["description"]},
    )
