"""Invoices: drafted, finalized, then paid or not (https://docs.stripe.com/invoicing/overview)."""

from stripe_simulator.billing.cards import Decline
from stripe_simulator.billing.discounts import coupons_now, reduction
from stripe_simulator.billing.lines import Period
from stripe_simulator.billing.payments import record_attempt
from stripe_simulator.billing.tax import add_tax
from stripe_simulator.books import Books
from stripe_simulator.clock import SECONDS_PER_DAY, SECONDS_PER_HOUR
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body, shape
from stripe_simulator.store import Record
from stripe_simulator.wire.listing import list_object

# Renewal invoices stay drafts for about an hour, so that a receiver of invoice.created can add
# to them: https://docs.stripe.com/billing/invoices/subscription#draft-invoice-grace-period.
DRAFT_SECONDS = SECONDS_PER_HOUR
# When a renewal fails it is tried again after these days; after the last, the subscription ends.
RETRY_DAYS = (3, 5, 7)


def draft(
    books: Books,
    subscription: Record,
    lines: list[Body],
    *,
    reason: str,
    period: Period,
    finalizes_at: int | None = None,
) -> Record:
    """Store a draft with *lines*, the prorations that wait, and the discounts that count.

    *finalizes_at* is when time finalizes it; without it the caller does so at once.
    """
    waiting = waiting_items(books, subscription.body)
    body = compose(
        books, subscription.body, [*_lines_of(waiting), *lines], reason=reason, period=period
    )
    body["automatically_finalizes_at"] = finalizes_at
    for item in waiting:
        item.body["invoice"] = body["id"]
        books.save(item)
    _use_up_discounts(books, subscription, body)
    record = books.add(body, due_at=finalizes_at, event="invoice.created")
    subscription.body["latest_invoice"] = record.id
    return record


def preview(
    books: Books,
    subscription: Body,
    lines: list[Body],
    *,
    reason: str,
    period: Period,
    waiting: list[Record] | None = None,
) -> Body:
    """Work out the invoice that would follow; nothing is stored.

    It takes the invoice items that wait, unless *waiting* names others.
    """
    waiting = waiting_items(books, subscription) if waiting is None else waiting
    body = compose(books, subscription, [*_lines_of(waiting), *lines], reason=reason, period=period)
    customer = books.get("customer", body["customer"]).body
    body["id"] = f"upcoming_{body['id']}"
    body["starting_balance"] = customer["balance"]
    body["amount_due"] = body["amount_remaining"] = max(0, customer["balance"] + body["total"])
    return body


def compose(
    books: Books, subscription: Body, lines: list[Body], *, reason: str, period: Period
) -> Body:
    """Write *lines* on an invoice and add them up."""
    body = _blank(books, subscription, reason, period)
    for line in lines:
        line["invoice"] = body["id"]
    body["lines"] = list_object(f"/v1/invoices/{body['id']}/lines", lines)
    _total(books, subscription, body)
    return body


def waiting_items(books: Books, subscription: Body) -> list[Record]:
    """The invoice items of a subscription that no invoice has taken yet, oldest first."""
    items = books.all("invoiceitem", customer=subscription["customer"])
    return [
        item
        for item in reversed(items)
        if item.body["invoice"] is None and item.hidden["subscription"] == subscription["id"]
    ]


def finalize(books: Books, invoice: Record) -> None:
    """Give the draft its number and the amount that is due after the customer's balance."""
    body = invoice.body
    customer = books.get("customer", body["customer"])
    balance = customer.body["balance"] + body["total"]
    body["starting_balance"] = customer.body["balance"]
    body["ending_balance"] = min(balance, 0)
    body["amount_due"] = body["amount_remaining"] = max(balance, 0)
    body["number"] = _take_number(customer)
    body["status"] = "open"
    body["automatically_finalizes_at"] = None
    body["effective_at"] = body["status_transitions"]["finalized_at"] = books.now
    body["webhooks_delivered_at"] = books.now
    body["hosted_invoice_url"] = f"{books.origin}/i/{invoice.id}"
    has_moved = customer.body["balance"] != body["ending_balance"]
    customer.body["balance"] = body["ending_balance"]
    books.save(customer, event="customer.updated" if has_moved else None)
    invoice.due_at = None
    books.save(invoice, event="invoice.finalized")


def mark_paid(books: Books, invoice: Record, card: Record | None) -> Record | None:
    """Record that everything due has been paid with *card*; answers the charge, if there was one.

    Without a card nothing was due, or it was paid elsewhere.
    """
    body = invoice.body
    charge = record_attempt(books, invoice, card, None) if body["amount_due"] and card else None
    body["status"] = "paid"
    body["amount_paid"] = body["amount_due"]
    body["amount_remaining"] = 0
    body["attempted"] = True
    body["attempt_count"] += 1 if body["amount_due"] else 0
    body["auto_advance"] = False
    body["next_payment_attempt"] = None
    body["status_transitions"]["paid_at"] = books.now
    invoice.due_at = None
    books.save(invoice, event="invoice.updated")
    books.emit("invoice.paid", body)
    books.emit("invoice.payment_succeeded", body)
    return charge


def mark_failed(
    books: Books, invoice: Record, card: Record | None, decline: Decline, *, retries: bool
) -> None:
    """Record that an attempt to charge *card* failed, and when the next one is due."""
    record_attempt(books, invoice, card, decline)
    body = invoice.body
    body["attempted"] = True
    body["attempt_count"] += 1
    failures = body["attempt_count"]
    next_at = None
    if retries and failures <= len(RETRY_DAYS):
        next_at = books.now + RETRY_DAYS[failures - 1] * SECONDS_PER_DAY
    body["next_payment_attempt"] = invoice.due_at = next_at
    body["auto_advance"] = next_at is not None
    books.save(invoice, event="invoice.updated")
    books.emit("invoice.payment_failed", body)


def void(books: Books, invoice: Record) -> None:
    """Take an open invoice back."""
    invoice.body["status"] = "void"
    invoice.body["auto_advance"] = False
    invoice.body["next_payment_attempt"] = None
    invoice.body["status_transitions"]["voided_at"] = books.now
    invoice.due_at = None
    books.save(invoice, event="invoice.updated")
    books.emit("invoice.voided", invoice.body)


def mark_uncollectible(books: Books, invoice: Record) -> None:
    """Write an open invoice off."""
    invoice.body["status"] = "uncollectible"
    invoice.body["auto_advance"] = False
    invoice.body["status_transitions"]["marked_uncollectible_at"] = books.now
    invoice.due_at = None
    books.save(invoice, event="invoice.updated")
    books.emit("invoice.marked_uncollectible", invoice.body)


def _blank(books: Books, subscription: Body, reason: str, period: Period) -> Body:
    customer = books.get("customer", subscription["customer"]).body
    account = books.of(books.application.account_id).get("account", books.account).body
    return shape(
        "invoice",
        id=new_id("in"),
        account_country=account["country"],
        account_name=account["business_profile"]["name"],
        amount_due=0,
        amount_overpaid=0,
        amount_paid=0,
        amount_remaining=0,
        amount_shipping=0,
        application=books.application.client_id if books.is_connected else None,
        attempt_count=0,
        attempted=False,
        auto_advance=True,
        automatic_tax={
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        billing_reason=reason,
        collection_method="charge_automatically",
        created=books.now,
        currency=subscription["currency"],
        customer=customer["id"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_tax_exempt="none",
        customer_tax_ids=[],
        default_tax_rates=[],
        discounts=[],
        issuer={"type": "self"},
        livemode=False,
        metadata={},
        parent={
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(subscription["metadata"]),
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        },
        payment_settings={
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        period_end=period.end,
        period_start=period.start,
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=0,
        status="draft",
        status_transitions={
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        test_clock=books.clock,
        total_pretax_credit_amounts=[],
        total_taxes=[],
    )


def _lines_of(items: list[Record]) -> list[Body]:
    return [item.hidden["line"] for item in items]


def _total(books: Books, subscription: Body, body: Body) -> None:
    body["subtotal"] = sum(line["amount"] for line in body["lines"]["data"])
    remaining = body["subtotal"]
    amounts = []
    for identifier, coupon in coupons_now(books, subscription["discounts"]):
        taken = reduction(coupon, remaining, body["currency"])
        remaining -= taken
        amounts.append({"amount": taken, "discount": identifier})
    body["discounts"] = [amount["discount"] for amount in amounts]
    body["total_discount_amounts"] = amounts
    body["total"] = body["amount_due"] = body["amount_remaining"] = remaining
    body["subtotal_excluding_tax"] = body["subtotal"]
    add_tax(books, subscription, body)


def _use_up_discounts(books: Books, subscription: Record, invoice: Body) -> None:
    """A "once" coupon is gone from the subscription after one invoice."""
    for identifier, coupon in coupons_now(books, invoice["discounts"]):
        if coupon["duration"] == "once":
            discount = books.get("discount", identifier)
            discount.body["end"] = books.now
            books.save(discount)
            subscription.body["discounts"].remove(identifier)


def _take_number(customer: Record) -> str:
    sequence = customer.body["next_invoice_sequence"]
    customer.body["next_invoice_sequence"] = sequence + 1
    return f"{customer.body['invoice_prefix']}-{sequence:04d}"
