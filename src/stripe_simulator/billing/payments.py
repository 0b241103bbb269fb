"""Attempts to charge a card for an invoice: payment intents and charges.

An invoice has one payment intent, which each attempt adds a charge to
(https://docs.stripe.com/invoicing/integration#payments). Objects of Stripe since 2025-03-31.basil
name the invoice in an ``invoice_payment`` alone.
"""

import stripe

from stripe_simulator.billing.cards import Decline
from stripe_simulator.books import Books
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body, nulls_of, shape
from stripe_simulator.store import Record

_NO_ADDRESS = {
    "city": None,
    "country": None,
    "line1": None,
    "line2": None,
    "postal_code": None,
    "state": None,
}


def record_attempt(
    books: Books, invoice: Record, card: Record | None, decline: Decline | None
) -> Record | None:
    """Store what an attempt to charge *card* came to; answers the charge that succeeded.

    Without a card there is nothing to charge, and no charge is made.
    """
    intent = _intent(books, invoice)
    if card is None:
        return None
    charge = books.add(
        _charge_body(books, invoice, intent, card, decline),
        event="charge.succeeded" if decline is None else "charge.failed",
    )
    intent.body["latest_charge"] = charge.id
    intent.body["payment_method"] = card.id
    if decline is not None:
        intent.body["status"] = "requires_payment_method"
        books.save(intent)
        books.emit("payment_intent.payment_failed", intent.body)
        return None
    intent.body["status"] = "succeeded"
    intent.body["amount_received"] = intent.body["amount"]
    books.save(intent)
    books.emit("payment_intent.succeeded", intent.body)
    _settle(books, invoice)
    return charge


def invoice_payment_of(books: Books, invoice: Record) -> Record | None:
    """The payment of an invoice; nothing before the first attempt."""
    found = books.all("invoice_payment", invoice=invoice.id)
    return found[0] if found else None


def _intent(books: Books, invoice: Record) -> Record:
    known = invoice_payment_of(books, invoice)
    if known is not None:
        return books.get("payment_intent", known.body["payment"]["payment_intent"])
    intent = books.add(
        shape(
            "payment_intent",
            id=new_id("pi"),
            amount=invoice.body["amount_due"],
            amount_capturable=0,
            amount_received=0,
            application=books.application.client_id if books.is_connected else None,
            capture_method="automatic",
            confirmation_method="automatic",
            created=books.now,
            currency=invoice.body["currency"],
            customer=invoice.body["customer"],
            livemode=False,
            metadata={},
            payment_method_types=["card"],
            status="requires_payment_method",
        ),
        event="payment_intent.created",
    )
    books.add(
        shape(
            "invoice_payment",
            id=new_id("inpay"),
            amount_requested=invoice.body["amount_due"],
            created=books.now,
            currency=invoice.body["currency"],
            invoice=invoice.id,
            is_default=True,
            livemode=False,
            payment={"payment_intent": intent.id, "type": "payment_intent"},
            status="open",
            status_transitions={"canceled_at": None, "paid_at": None},
        )
    )
    return intent


def _settle(books: Books, invoice: Record) -> None:
    payment = invoice_payment_of(books, invoice)
    assert payment is not None, "it was made with the payment intent"
    payment.body |= {"status": "paid", "amount_paid": payment.body["amount_requested"]}
    payment.body["status_transitions"]["paid_at"] = books.now
    books.save(payment)
    books.emit("invoice_payment.paid", payment.body)


def _charge_body(
    books: Books, invoice: Record, intent: Record, card: Record, decline: Decline | None
) -> Body:
    amount = intent.body["amount"]
    billing = {"address": _NO_ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}
    return shape(
        "charge",
        id=new_id("ch"),
        amount=amount,
        amount_captured=amount if decline is None else 0,
        amount_refunded=0,
        application=intent.body["application"],
        billing_details=billing | card.body["billing_details"],
        captured=decline is None,
        created=books.now,
        currency=intent.body["currency"],
        customer=intent.body["customer"],
        description=f"Invoice {invoice.body['number']}",
        disputed=False,
        failure_code=decline.code if decline else None,
        failure_message=decline.message if decline else None,
        fraud_details={},
        livemode=False,
        metadata={},
        outcome=_outcome(decline),
        paid=decline is None,
        payment_intent=intent.id,
        payment_method=card.id,
        payment_method_details=_card_used(card),
        refunded=False,
        status="succeeded" if decline is None else "failed",
    )


def _outcome(decline: Decline | None) -> Body:
    words = nulls_of(stripe.Charge.Outcome)
    if decline is None:
        return words | {
            "network_status": "approved_by_network",
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return words | {
        "network_status": "declined_by_network",
        "reason": decline.decline_code,
        "risk_level": "normal",
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def _card_used(card: Record) -> Body:
    known = card.body["card"]
    shown = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    details = nulls_of(stripe.Charge.PaymentMethodDetails.Card)
    return {
        "card": details | {name: known[name] for name in shown} | {"network": known["brand"]},
        "type": "card",
    }
