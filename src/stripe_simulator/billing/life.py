"""What time and cancellation do to a subscription."""

from stripe_simulator.billing import invoices
from stripe_simulator.billing.cards import Decline
from stripe_simulator.billing.lines import Period, full_lines, period_of
from stripe_simulator.billing.payment_methods import card_of, charge
from stripe_simulator.billing.periods import boundary_after
from stripe_simulator.billing.subscriptions import plan_ahead, settle
from stripe_simulator.books import Books
from stripe_simulator.shapes import Body
from stripe_simulator.store import Record

# https://docs.stripe.com/billing/subscriptions/overview#settings: "manage failed payments".
DUNNING = ("cancel", "unpaid", "past_due")
DUNNING_DEFAULT = "cancel"
_LIVE = ("active", "past_due", "trialing", "unpaid")


def subscription_due(books: Books, subscription: Record) -> None:
    """Do the one thing that is due for a subscription now, and plan the next."""
    body = subscription.body
    is_over = body["cancel_at"] is not None and body["cancel_at"] <= books.now
    _resume_collection(books, subscription)
    if body["status"] == "incomplete":
        _expire_incomplete(books, subscription)
    elif is_over:
        cancel(books, subscription, reason=None)
    elif period_of(body).end <= books.now:
        _renew(books, subscription)
    elif body["status"] == "trialing":
        subscription.hidden["trial_warned"] = True
        plan_ahead(subscription)
        books.save(subscription)
        books.emit("customer.subscription.trial_will_end", body)
    else:
        plan_ahead(subscription)
        books.save(subscription)


def invoice_due(books: Books, invoice: Record) -> None:
    """Finalize a draft whose hour has passed, or try once more to collect an open invoice."""
    if invoice.body["status"] == "draft":
        invoices.finalize(books, invoice)
    collect(books, invoice)


def collect(books: Books, invoice: Record) -> Decline | None:
    """Charge the card on file for an open invoice; answers why that failed, or nothing.

    A failed renewal makes the subscription ``past_due``; what happens when the last retry fails
    too is a setting of the account
    (https://docs.stripe.com/billing/revenue-recovery/smart-retries).
    """
    subscription = subscription_of(books, invoice)
    card, decline = card_of(books, subscription.body), None
    if invoice.body["amount_due"]:
        decline = charge(card)
    if decline is None:
        settle(books, invoice, card)
        _mark_current(books, subscription)
        return None
    invoices.mark_failed(
        books, invoice, card, decline, retries=subscription.body["status"] in _LIVE
    )
    if subscription.body["status"] in ("active", "trialing"):
        subscription.body["status"] = "past_due"
        books.save(subscription, event="customer.subscription.updated")
    elif subscription.body["status"] == "past_due" and invoice.due_at is None:
        _give_up(books, subscription)
    return decline


def _give_up(books: Books, subscription: Record) -> None:
    """Do what the account's owner wants done when every retry has failed."""
    wanted = dunning_of(books)
    if wanted == "cancel":
        cancel(books, subscription, reason="payment_failed")
    elif wanted == "unpaid":
        subscription.body["status"] = "unpaid"
        plan_ahead(subscription)
        books.save(subscription, event="customer.subscription.updated")


def dunning_of(books: Books) -> str:
    """What the account does when every retry has failed: cancel, unpaid or past_due."""
    account = books.of(books.application.account_id).get("account", books.account)
    return str(account.hidden.get("dunning", DUNNING_DEFAULT))


def cancel(books: Books, subscription: Record, *, reason: str | None) -> None:
    """End a subscription now; *reason* is null when it had been asked for before."""
    body = subscription.body
    body["status"] = "canceled"
    body["ended_at"] = books.now
    body["canceled_at"] = body["canceled_at"] or books.now
    if reason is not None:
        body["cancellation_details"]["reason"] = reason
    subscription.due_at = None
    books.save(subscription)
    for invoice in books.all("invoice", customer=body["customer"]):
        if invoice.due_at is not None and _names(invoice.body, subscription.id):
            # Nobody is charged for what has ended: automatic collection stops.
            invoice.due_at = invoice.body["next_payment_attempt"] = None
            invoice.body["automatically_finalizes_at"] = None
            invoice.body["auto_advance"] = False
            books.save(invoice, event="invoice.updated")
    books.emit("customer.subscription.deleted", body)


def schedule_end(body: Body, moment: int | None, *, now: int, at_period_end: bool) -> None:
    """Let a subscription end at *moment*, or take such a wish back with null."""
    body["cancel_at_period_end"] = at_period_end and moment is not None
    body["cancel_at"] = moment
    body["canceled_at"] = None if moment is None else now
    reason = None if moment is None else "cancellation_requested"
    body["cancellation_details"]["reason"] = reason


def subscription_of(books: Books, invoice: Record) -> Record:
    """The subscription that an invoice bills."""
    details = invoice.body["parent"]["subscription_details"]
    return books.get("subscription", details["subscription"])


def _names(invoice: Body, subscription_id: str) -> bool:
    return bool(invoice["parent"]["subscription_details"]["subscription"] == subscription_id)


def _mark_current(books: Books, subscription: Record) -> None:
    """A paid invoice ends ``past_due``, ``unpaid`` and ``incomplete``."""
    if subscription.body["status"] in ("past_due", "unpaid", "incomplete"):
        subscription.body["status"] = "active"
        plan_ahead(subscription)
        books.save(subscription, event="customer.subscription.updated")


def _resume_collection(books: Books, subscription: Record) -> None:
    """End a pause whose last moment has come."""
    pause = subscription.body["pause_collection"]
    if pause and pause["resumes_at"] is not None and pause["resumes_at"] <= books.now:
        subscription.body["pause_collection"] = None
        plan_ahead(subscription)
        books.save(subscription, event="customer.subscription.updated")


def _renew(books: Books, subscription: Record) -> None:
    """Start the next period at the boundary of the last, and draft its invoice."""
    body = subscription.body
    if _pauses_now(books, body):
        body["status"] = "paused"
        plan_ahead(subscription)
        books.save(subscription, event="customer.subscription.updated")
        books.emit("customer.subscription.paused", body)
        return
    ended, began = period_of(body), next_period(body)
    set_period(body, began)
    if body["status"] == "trialing":
        body["status"] = "active"
    # Nobody is charged while unpaid: invoices are drafted and wait for a person.
    waits = body["status"] == "unpaid" or body["pause_collection"] is not None
    invoice = invoices.draft(
        books,
        subscription,
        full_lines(books, body, began),
        reason="subscription_cycle",
        period=ended,
        finalizes_at=None if waits else books.now + invoices.DRAFT_SECONDS,
    )
    if waits:
        _hold_back(books, body, invoice)
    plan_ahead(subscription)
    books.save(subscription, event="customer.subscription.updated")


def _pauses_now(books: Books, body: Body) -> bool:
    """Whether a trial ends without a card, and is set to pause then."""
    behavior = body["trial_settings"]["end_behavior"]["missing_payment_method"]
    return body["status"] == "trialing" and behavior == "pause" and card_of(books, body) is None


def _hold_back(books: Books, body: Body, invoice: Record) -> None:
    """Do with an invoice that is not collected what the pause says."""
    invoice.body["auto_advance"] = False
    books.save(invoice)
    behavior = (body["pause_collection"] or {}).get("behavior", "keep_as_draft")
    if behavior == "keep_as_draft":
        return
    invoices.finalize(books, invoice)
    if behavior == "void":
        invoices.void(books, invoice)
    else:
        invoices.mark_uncollectible(books, invoice)


def next_period(subscription: Body) -> Period:
    """The period after the current one."""
    end = period_of(subscription).end
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    return Period(end, boundary_after(subscription["billing_cycle_anchor"], end, recurring))


def set_period(subscription: Body, period: Period) -> None:
    """Put every item of a subscription into *period*."""
    for item in subscription["items"]["data"]:
        item["current_period_start"] = period.start
        item["current_period_end"] = period.end


def _expire_incomplete(books: Books, subscription: Record) -> None:
    subscription.body["status"] = "incomplete_expired"
    subscription.body["ended_at"] = books.now
    subscription.due_at = None
    books.save(subscription, event="customer.subscription.updated")
    invoice = books.get("invoice", subscription.body["latest_invoice"])
    if invoice.body["status"] == "open":
        invoices.void(books, invoice)
