"""The start of a subscription: its wire object, its first invoice, its first payment."""

from dataclasses import dataclass, field
from typing import Any

from stripe_simulator.billing import invoices
from stripe_simulator.billing.cards import CARDS, Decline
from stripe_simulator.billing.discounts import Offer, discount_subscription
from stripe_simulator.billing.lines import Period, full_lines, period_of, trial_lines
from stripe_simulator.billing.payment_methods import card_of
from stripe_simulator.billing.periods import boundary_after
from stripe_simulator.billing.reversals import dispute
from stripe_simulator.books import Books
from stripe_simulator.clock import SECONDS_PER_DAY, SECONDS_PER_HOUR
from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body, shape
from stripe_simulator.store import Record
from stripe_simulator.wire.listing import list_object

# https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
INCOMPLETE_SECONDS = 23 * SECONDS_PER_HOUR
TRIAL_WARNING_SECONDS = 3 * SECONDS_PER_DAY
ITEMS_MAX = 20
ENDED = ("canceled", "incomplete_expired")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is sold, how many times."""

    price: Body
    quantity: int = 1
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is agreed when a subscription starts.

    Attributes:
        trial_end: When the free trial ends, in Unix seconds; null means no trial.
        extra: Further fields of the wire object, by their names there.
    """

    customer: str
    items: list[Item]
    payment_method: str | None
    trial_end: int | None = None
    offers: tuple[Offer, ...] = ()
    session: str | None = None
    cancels_at_period_end: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


def start(books: Books, terms: Terms) -> tuple[Record, Record]:
    """Store a subscription and its first, open invoice; nothing is charged yet.

    Without a trial it is ``incomplete`` until :func:`settle_first` has seen the money.

    Raises:
        StripeError: The items cannot be billed together.
    """
    identifier = new_id("sub")
    currency = billed_together(terms.items)["currency"]
    check_currency(books, terms.customer, currency)
    discounts = [
        discount_subscription(
            books,
            offer,
            customer=terms.customer,
            subscription=identifier,
            session=terms.session,
        )
        for offer in terms.offers
    ]
    body = _blank(books, terms, identifier, discounts)
    if terms.cancels_at_period_end:
        body["cancel_at_period_end"] = True
        body["cancel_at"] = period_of(body).end
        body["canceled_at"] = books.now
    record = books.add(body, hidden={"trial_warned": False})
    period = period_of(body)
    build = trial_lines if terms.trial_end else full_lines
    invoice = invoices.draft(
        books,
        record,
        build(books, body, period),
        reason="subscription_create",
        period=Period(books.now, books.now),
    )
    plan_ahead(record)
    books.save(record)
    books.emit("customer.subscription.created", record.body)
    invoices.finalize(books, invoice)
    return record, invoice


def settle_first(
    books: Books, subscription: Record, invoice: Record, decline: Decline | None
) -> None:
    """Record how the first payment ended; a decline leaves the subscription incomplete."""
    card = card_of(books, subscription.body)
    if decline is not None and invoice.body["amount_due"]:
        invoices.mark_failed(books, invoice, card, decline, retries=False)
        return
    settle(books, invoice, card)
    if subscription.body["status"] == "incomplete":
        subscription.body["status"] = "active"
    plan_ahead(subscription)
    books.save(subscription, event="customer.subscription.updated")


def settle(books: Books, invoice: Record, card: Record | None) -> None:
    """Record that an invoice is paid; some cards have owners who dispute it at once."""
    charge = invoices.mark_paid(books, invoice, card)
    if charge is not None and card is not None and CARDS[card.hidden["number"]].is_disputed:
        dispute(books, charge)


def plan_ahead(subscription: Record) -> None:
    """Work out when time will change this subscription next."""
    body = subscription.body
    moments: list[int | None] = []
    if body["status"] == "incomplete":
        moments.append(body["created"] + INCOMPLETE_SECONDS)
    elif body["status"] in ("active", "past_due", "trialing", "unpaid"):
        moments += [period_of(body).end, body["cancel_at"]]
        if body["status"] == "trialing" and not subscription.hidden["trial_warned"]:
            moments.append(max(body["trial_end"] - TRIAL_WARNING_SECONDS, body["trial_start"]))
        moments.append((body["pause_collection"] or {}).get("resumes_at"))
    subscription.due_at = min((moment for moment in moments if moment is not None), default=None)


def price_for_sale(books: Books, identifier: str, *, param: str) -> Body:
    """A price that may be sold from now on; who has an archived one keeps it.

    Raises:
        StripeError: There is no such price, or it is archived.
    """
    price = books.get("price", identifier, param=param).body
    if not price["active"]:
        raise StripeError(
            "The price specified is inactive. This field only accepts active prices.", param=param
        )
    return price


def check_currency(books: Books, customer: str, currency: str) -> None:
    """A customer pays in one currency at a time.

    Raises:
        StripeError: A running subscription of theirs has another currency.
    """
    for record in books.all("subscription", customer=customer):
        has_ended = record.body["status"] in ENDED
        if not has_ended and record.body["currency"] != currency:
            raise StripeError(
                "You cannot combine currencies on a single customer. This customer has an active "
                f"subscription with currency {record.body['currency']}.",
                param="customer",
            )


def billed_together(items: list[Item]) -> Body:
    """The first price, whose interval and currency all items share.

    Raises:
        StripeError: There are none or too many, one is not recurring, or they differ in interval
            or currency.
    """
    if not 1 <= len(items) <= ITEMS_MAX:
        raise StripeError(
            f"A subscription has 1 to {ITEMS_MAX} items, not {len(items)}.", param="items"
        )
    for item in items:
        if item.price["type"] != "recurring":
            raise StripeError(
                f"The price specified is set to `type=one_time` but this field only accepts "
                f"prices with `type=recurring`: {item.price['id']}",
                param="items",
            )
    first = items[0].price
    for item in items:
        if item.price["currency"] != first["currency"]:
            raise StripeError("All items must have the same currency.", param="items")
        if _pace(item.price) != _pace(first):
            raise StripeError(
                "Currently, the simulator bills all items of a subscription at one interval.",
                param="items",
            )
    return first


def item_body(books: Books, subscription_id: str, item: Item, period: Period) -> Body:
    """The wire object of one subscription item."""
    return shape(
        "subscription_item",
        id=new_id("si"),
        created=books.now,
        current_period_end=period.end,
        current_period_start=period.start,
        discounts=[],
        metadata=item.metadata,
        plan=plan_of(item.price),
        price=item.price,
        quantity=item.quantity,
        subscription=subscription_id,
        tax_rates=[],
    )


def plan_of(price: Body) -> Body:
    """The legacy copy of a price that an item still carries."""
    return shape(
        "plan",
        id=price["id"],
        active=price["active"],
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        billing_scheme=price["billing_scheme"],
        created=price["created"],
        currency=price["currency"],
        interval=price["recurring"]["interval"],
        interval_count=price["recurring"]["interval_count"],
        livemode=False,
        metadata=price["metadata"],
        nickname=price["nickname"],
        product=price["product"],
        usage_type=price["recurring"]["usage_type"],
    )


def _pace(price: Body) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


def _blank(books: Books, terms: Terms, identifier: str, discounts: list[str]) -> Body:
    recurring = terms.items[0].price["recurring"]
    anchor = terms.trial_end or books.now
    end = terms.trial_end or boundary_after(books.now, books.now, recurring)
    items = [item_body(books, identifier, item, Period(books.now, end)) for item in terms.items]
    body = shape(
        "subscription",
        id=identifier,
        application=books.application.client_id if books.is_connected else None,
        automatic_tax={"disabled_reason": None, "enabled": False, "liability": None},
        billing_cycle_anchor=anchor,
        billing_mode={"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        cancel_at_period_end=False,
        cancellation_details={"comment": None, "feedback": None, "reason": None},
        collection_method="charge_automatically",
        created=books.now,
        currency=terms.items[0].price["currency"],
        customer=terms.customer,
        default_payment_method=terms.payment_method,
        default_tax_rates=[],
        discounts=discounts,
        invoice_settings={"account_tax_ids": None, "issuer": {"type": "self"}},
        items=list_object(f"/v1/subscription_items?subscription={identifier}", items),
        livemode=False,
        metadata={},
        payment_settings={
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        start_date=books.now,
        test_clock=books.clock,
        status="trialing" if terms.trial_end else "incomplete",
        trial_end=terms.trial_end,
        trial_settings={"end_behavior": {"missing_payment_method": "create_invoice"}},
        trial_start=books.now if terms.trial_end else None,
    )
    return body | terms.extra
