"""Cards kept on file: stored for a customer, charged later."""

from stripe_simulator.billing.cards import CARDS, Card, Decline
from stripe_simulator.books import Books
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body
from stripe_simulator.store import Record


def card_body(card: Card, *, now: int, email: str | None, name: str | None) -> Body:
    """The wire object of a card that is not attached to anybody yet."""
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {
            "address": {
                "city": None,
                "country": None,
                "line1": None,
                "line2": None,
                "postal_code": None,
                "state": None,
            },
            "email": email,
            "name": name,
            "phone": None,
            "tax_id": None,
        },
        "card": _card_details(card),
        "created": now,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def _card_details(card: Card) -> Body:
    brand = card.test_card.brand
    return {
        "brand": brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": brand,
        "exp_month": card.expiry_month,
        "exp_year": card.expiry_year,
        "fingerprint": f"sim{card.test_card.number[-8:]}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.test_card.number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def keep_card(
    books: Books, customer: Record, card: Card, *, email: str | None, name: str | None
) -> Record:
    """Attach *card* to *customer*."""
    body = card_body(card, now=books.now, email=email, name=name)
    body["customer"] = customer.id
    return books.add(
        body,
        hidden={"number": card.test_card.number},
        event="payment_method.attached",
    )


def charge(card: Record | None) -> Decline | None:
    """Charge a kept card without its owner; answers why the bank refuses, or nothing."""
    if card is None:
        return Decline(
            "payment_intent_authentication_failure",
            "This customer has no attached payment source or default payment method.",
        )
    return CARDS[card.hidden["number"]].off_session


def card_of(books: Books, subscription: Body) -> Record | None:
    """The card that pays for a subscription: its own, else its customer's default."""
    chosen: str | None = subscription["default_payment_method"]
    if chosen is None:
        customer = books.get("customer", subscription["customer"]).body
        chosen = customer["invoice_settings"]["default_payment_method"]
    return None if chosen is None else books.get("payment_method", chosen)
