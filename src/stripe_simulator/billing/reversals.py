"""Money that goes back: refunds by the seller, and disputes by the buyer's bank.

https://docs.stripe.com/refunds and https://docs.stripe.com/disputes
"""

import stripe

from stripe_simulator.books import Books
from stripe_simulator.clock import SECONDS_PER_DAY
from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body, nulls_of, shape
from stripe_simulator.store import Record

RESPONSE_DAYS = 7
OPEN_STATUSES = ("needs_response", "under_review", "warning_needs_response")


def refund(books: Books, charge: Record, amount: int | None, *, reason: str | None = None) -> Body:
    """Give *amount*, or all that is left, of a charge back.

    Raises:
        StripeError: Nothing is left, it is more than is left, or the charge is disputed.
    """
    body = charge.body
    left = body["amount_captured"] - body["amount_refunded"]
    _check(body, left, amount)
    given = left if amount is None else amount
    made = books.add(
        shape(
            "refund",
            id=new_id("re"),
            amount=given,
            charge=charge.id,
            created=books.now,
            currency=body["currency"],
            metadata={},
            payment_intent=body["payment_intent"],
            reason=reason,
            status="succeeded",
        ),
        event="refund.created",
    ).body
    body["amount_refunded"] += given
    body["refunded"] = body["amount_refunded"] == body["amount_captured"]
    books.save(charge)
    books.emit("charge.refunded", body)
    return made


def dispute(books: Books, charge: Record, *, reason: str = "fraudulent") -> Record:
    """Let the buyer's bank take a charge back, until somebody decides.

    Raises:
        StripeError: The charge did not succeed, or is disputed already.
    """
    if charge.body["status"] != "succeeded" or charge.body["disputed"]:
        raise StripeError("This charge cannot be disputed (again).", code="charge_disputed")
    charge.body["disputed"] = True
    books.save(charge, event="charge.updated")
    return books.add(
        shape(
            "dispute",
            id=new_id("dp"),
            amount=charge.body["amount"],
            balance_transactions=[],
            charge=charge.id,
            created=books.now,
            currency=charge.body["currency"],
            enhanced_eligibility_types=[],
            evidence=nulls_of(stripe.Dispute.Evidence) | {"enhanced_evidence": {}},
            evidence_details={
                "due_by": books.now + RESPONSE_DAYS * SECONDS_PER_DAY,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            is_charge_refundable=False,
            livemode=False,
            metadata={},
            payment_intent=charge.body["payment_intent"],
            reason=reason,
            status="needs_response",
        ),
        event="charge.dispute.created",
    )


def decide(books: Books, record: Record, status: str) -> None:
    """Close a dispute as ``won`` or ``lost``.

    Raises:
        StripeError: It has been closed before.
    """
    if record.body["status"] not in OPEN_STATUSES:
        raise StripeError("This dispute is already closed.", code="dispute_closed")
    record.body["status"] = status
    books.save(record, event="charge.dispute.updated")
    books.emit("charge.dispute.closed", record.body)


def _check(charge: Body, left: int, amount: int | None) -> None:
    if charge["status"] != "succeeded":
        raise StripeError(f"Charge {charge['id']} has not been paid.", param="charge")
    if charge["disputed"]:
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if not left:
        raise StripeError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if amount is not None and not 1 <= amount <= left:
        raise StripeError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
