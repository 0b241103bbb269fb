"""Charges, payment intents and invoice payments, to read; refunds and disputes, to make.

https://docs.stripe.com/api/charges, /payment_intents, /invoice-payment, /refunds, /disputes
"""

from stripe_simulator.billing.reversals import decide
from stripe_simulator.billing.reversals import refund as give_back
from stripe_simulator.errors import StripeError, parameter_missing
from stripe_simulator.resources.call import Call, merged_metadata
from stripe_simulator.shapes import Body
from stripe_simulator.store import Record
from stripe_simulator.wire.listing import listed

CHARGE_LIST_HONOURS = "created customer payment_intent"
INTENT_LIST_HONOURS = "created customer"
INVOICE_PAYMENT_LIST_HONOURS = "created invoice payment.type payment.payment_intent status"
REFUND_HONOURS = "amount charge metadata payment_intent reason"
REFUND_LIST_HONOURS = "charge created payment_intent"
DISPUTE_HONOURS = "evidence.uncategorized_text metadata submit"
DISPUTE_LIST_HONOURS = "charge created payment_intent"
# What evidence decides in test mode: https://docs.stripe.com/testing#disputes.
_VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}


def retrieve_charge(call: Call) -> Body:
    """One charge."""
    return call.books.get("charge", call.id).body


def list_charges(call: Call) -> Body:
    """Charges, newest first."""
    matching = {name: call.parameters.get(name) for name in ("customer", "payment_intent")}
    return listed(call.books, "charge", "/v1/charges", call.parameters, matching=matching)


def retrieve_intent(call: Call) -> Body:
    """One payment intent."""
    return call.books.get("payment_intent", call.id).body


def list_intents(call: Call) -> Body:
    """Payment intents, newest first."""
    matching = {"customer": call.parameters.get("customer")}
    return listed(
        call.books, "payment_intent", "/v1/payment_intents", call.parameters, matching=matching
    )


def retrieve_invoice_payment(call: Call) -> Body:
    """One payment of an invoice."""
    return call.books.get("invoice_payment", call.id).body


def list_invoice_payments(call: Call) -> Body:
    """Payments of invoices, newest first: which invoice did this payment intent pay?"""
    payment = call.parameters.get("payment", {})
    matching = {
        "invoice": call.parameters.get("invoice"),
        "status": call.parameters.get("status"),
        "payment.payment_intent": payment.get("payment_intent"),
    }
    return listed(
        call.books, "invoice_payment", "/v1/invoice_payments", call.parameters, matching=matching
    )


def create_refund(call: Call) -> Body:
    """Give a charge back, whole or in part.

    Raises:
        StripeError: Nothing is left of it, or it is disputed.
    """
    charge = _charge_named(call)
    made = give_back(
        call.books, charge, call.parameters.get("amount"), reason=call.parameters.get("reason")
    )
    record = call.books.get("refund", made["id"])
    record.body["metadata"] = merged_metadata({}, call.parameters.get("metadata"))
    call.books.save(record)
    return record.body


def retrieve_refund(call: Call) -> Body:
    """One refund."""
    return call.books.get("refund", call.id).body


def list_refunds(call: Call) -> Body:
    """Refunds, newest first."""
    matching = {name: call.parameters.get(name) for name in ("charge", "payment_intent")}
    return listed(call.books, "refund", "/v1/refunds", call.parameters, matching=matching)


def retrieve_dispute(call: Call) -> Body:
    """One dispute."""
    return call.books.get("dispute", call.id).body


def list_disputes(call: Call) -> Body:
    """Disputes, newest first."""
    matching = {name: call.parameters.get(name) for name in ("charge", "payment_intent")}
    return listed(call.books, "dispute", "/v1/disputes", call.parameters, matching=matching)


def update_dispute(call: Call) -> Body:
    """Answer a dispute: ``winning_evidence`` and ``losing_evidence`` decide it at once."""
    record = call.books.get("dispute", call.id)
    record.body["metadata"] = merged_metadata(
        record.body["metadata"], call.parameters.get("metadata")
    )
    text = call.parameters.get("evidence", {}).get("uncategorized_text")
    if text is not None:
        record.body["evidence"]["uncategorized_text"] = text
        record.body["evidence_details"]["has_evidence"] = True
        record.body["evidence_details"]["submission_count"] += 1
    if text in _VERDICTS and call.parameters.get("submit", True):
        decide(call.books, record, _VERDICTS[text])
    else:
        call.books.save(record, event="charge.dispute.updated")
    return record.body


def close_dispute(call: Call) -> Body:
    """Give a dispute up."""
    record = call.books.get("dispute", call.id)
    decide(call.books, record, "lost")
    return record.body


def _charge_named(call: Call) -> Record:
    if "charge" in call.parameters:
        return call.books.get("charge", call.parameters["charge"], param="charge")
    if "payment_intent" not in call.parameters:
        raise parameter_missing("charge")
    intent = call.books.get(
        "payment_intent", call.parameters["payment_intent"], param="payment_intent"
    )
    if intent.body["latest_charge"] is None:
        raise StripeError(
            f"The PaymentIntent {intent.id} does not have a successful charge to refund.",
            param="payment_intent",
        )
    return call.books.get("charge", intent.body["latest_charge"])
