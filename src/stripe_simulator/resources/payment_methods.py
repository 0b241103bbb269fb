"""Cards on file, as far as subscriptions need them (https://docs.stripe.com/testing).

Real test mode has ready-made cards under ids such as ``pm_card_visa``; attaching one gives the
customer a card of their own.
"""

from datetime import UTC, datetime

from stripe_simulator.billing.cards import CARDS, Card
from stripe_simulator.billing.payment_methods import keep_card
from stripe_simulator.errors import not_implemented
from stripe_simulator.resources.call import Call
from stripe_simulator.resources.customers import get_customer
from stripe_simulator.shapes import Body
from stripe_simulator.wire.listing import listed

_READY_MADE = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
}
_EXPIRY_MONTH = 12
_EXPIRY_YEARS_AHEAD = 4
LIST_HONOURS = "customer type"


def attach(call: Call) -> Body:
    """Give a customer a card of their own, made from a ready-made one.

    Raises:
        StripeError: The card is declined when it is attached, or it is none of the ready-made.
    """
    customer = get_customer(call.books, call.parameters["customer"], param="customer")
    if call.id not in _READY_MADE:
        kept = call.books.get("payment_method", call.id)
        if kept.body["customer"] != customer.id:
            raise not_implemented("moving a card to another customer", param="customer")
        return kept.body
    test_card = CARDS[_READY_MADE[call.id]]
    if test_card.on_page is not None:
        raise test_card.on_page.error()
    year = datetime.fromtimestamp(call.books.now, UTC).year + _EXPIRY_YEARS_AHEAD
    card = Card(test_card, _EXPIRY_MONTH, year)
    return keep_card(call.books, customer, card, email=customer.body["email"], name=None).body


def detach(call: Call) -> Body:
    """Take a card away from its customer; nothing can be charged to it any more."""
    record = call.books.get("payment_method", call.id)
    record.body["customer"] = None
    call.books.save(record, event="payment_method.detached")
    return record.body


def retrieve(call: Call) -> Body:
    """One card."""
    return call.books.get("payment_method", call.id).body


def list_all(call: Call) -> Body:
    """The cards of a customer, newest first."""
    matching = {
        "customer": call.require("customer"),
        "type": call.parameters.get("type"),
    }
    return listed(
        call.books, "payment_method", "/v1/payment_methods", call.parameters, matching=matching
    )


def list_of_customer(call: Call) -> Body:
    """The cards of the customer in the path, newest first."""
    get_customer(call.books, call.id, param="id")
    matching = {"customer": call.id, "type": call.parameters.get("type")}
    url = f"/v1/customers/{call.id}/payment_methods"
    return listed(call.books, "payment_method", url, call.parameters, matching=matching)
