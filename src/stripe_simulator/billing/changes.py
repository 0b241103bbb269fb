"""Changing what a running subscription sells (upgrade, downgrade, quantity).

https://docs.stripe.com/billing/subscriptions/prorations
"""

from dataclasses import dataclass, replace
from fractions import Fraction

from stripe_simulator.billing import invoices
from stripe_simulator.billing.life import collect, next_period, set_period
from stripe_simulator.billing.lines import (
    Period,
    amount_of,
    day_text,
    full_lines,
    item_line,
    period_of,
    product_name,
    round_half_up,
)
from stripe_simulator.billing.periods import boundary_after
from stripe_simulator.billing.subscriptions import (
    Item,
    billed_together,
    item_body,
    plan_of,
    price_for_sale,
)
from stripe_simulator.books import Books
from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Body, shape
from stripe_simulator.store import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a subscription is to sell from now on.

    Attributes:
        items: The wire objects of all items after the change.
        proration: ``create_prorations``, ``always_invoice`` or ``none``.
        restarts: Whether a new period starts now even if the interval stays.
        must_be_paid: Whether a declined payment refuses the change as a whole.
    """

    items: list[Body]
    proration: str
    restarts: bool = False
    must_be_paid: bool = False


@dataclass(frozen=True, slots=True)
class Bill:
    """What a change costs, and whether it is billed now or with the next invoice."""

    lines: list[Body]
    is_due_now: bool
    must_be_paid: bool


def apply(books: Books, body: Body, change: Change) -> Bill:
    """Change the items of the subscription *body*; bill the answer once that is saved."""
    is_trial = body["status"] == "trialing"
    starts_anew = not is_trial and _starts_anew(body, change)
    lines = [] if is_trial or change.proration == "none" else prorations(books, body, change.items)
    body["items"]["data"] = change.items
    if starts_anew:
        _restart(books, body)
        credit = [line for line in lines if line["amount"] < 0]
        lines = [*credit, *full_lines(books, body, period_of(body))]
    is_due_now = starts_anew or (change.proration == "always_invoice" and bool(lines))
    return Bill(lines, is_due_now=is_due_now, must_be_paid=change.must_be_paid)


def write_down(books: Books, subscription: Record, bill: Bill) -> Record | None:
    """Draft the invoice for what is due now, or keep the lines for the next one.

    The caller saves the subscription after this and then settles the invoice.
    """
    if not bill.is_due_now:
        _keep_waiting(books, subscription, bill.lines)
        return None
    moment = Period(books.now, books.now)
    return invoices.draft(
        books, subscription, bill.lines, reason="subscription_update", period=moment
    )


def settle(books: Books, invoice: Record, bill: Bill) -> None:
    """Finalize and collect the invoice of a change.

    Raises:
        StripeError: 402 when the change must be paid and the card is declined.
    """
    invoices.finalize(books, invoice)
    decline = collect(books, invoice)
    if decline is not None and bill.must_be_paid:
        raise decline.error()


def prorations(books: Books, subscription: Body, items: list[Body]) -> list[Body]:
    """The credit for what was paid and not used, and the charge for the rest of the period."""
    whole = period_of(subscription)
    rest = Period(books.now, whole.end)
    share = Fraction(rest.seconds, whole.seconds)
    before = {item["id"]: item for item in subscription["items"]["data"]}
    after = {item["id"]: item for item in items}
    lines = []
    for identifier in [*before, *(new for new in after if new not in before)]:
        old, new = before.get(identifier), after.get(identifier)
        if (
            old
            and new
            and (old["price"]["id"], old["quantity"])
            == (
                new["price"]["id"],
                new["quantity"],
            )
        ):
            continue
        for item, sign, words in ((old, -1, "Unused time on"), (new, 1, "Remaining time on")):
            if item is None:
                continue
            line = item_line(
                subscription,
                item,
                amount=sign * round_half_up(amount_of(item) * share),
                period=rest,
                description=f"{words} {product_name(books, item)} after {day_text(books.now)}",
            )
            line["parent"]["subscription_item_details"]["proration"] = True
            lines.append(line)
    return lines


def preview_change(books: Books, body: Body, wanted: Change, *, is_recurring: bool) -> Body:
    """Work out the next invoice after a change of the subscription *body*, which is altered.

    With ``always_invoice`` it is the invoice that would follow at once, otherwise the one at the
    end of the period; *is_recurring* asks for the regular one, without prorations and what waits
    (https://docs.stripe.com/api/invoices/create_preview).

    Args:
        books: the account's.
        body: the subscription.
        wanted: the change; its items as the ``items`` parameter has them.
        is_recurring: ``preview_mode=recurring``.

    Raises:
        StripeError: 404 where the subscription ends, so that no invoice follows.
    """
    bill = Bill([], is_due_now=False, must_be_paid=False)
    if wanted.items or wanted.restarts:
        items = changed_items(books, body, wanted.items)
        bill = apply(books, body, replace(wanted, items=items))
    if is_recurring:
        bill = Bill([], is_due_now=False, must_be_paid=False)
    if not bill.is_due_now and body["cancel_at_period_end"]:
        raise StripeError(
            f"No upcoming invoices for customer: {body['customer']}",
            code="invoice_upcoming_none",
            status=404,
        )
    if bill.is_due_now:
        moment = Period(books.now, books.now)
        return invoices.preview(
            books, body, bill.lines, reason="subscription_update", period=moment
        )
    lines = [*bill.lines, *full_lines(books, body, next_period(body))]
    return invoices.preview(
        books,
        body,
        lines,
        reason="upcoming",
        period=period_of(body),
        waiting=[] if is_recurring else None,
    )


def end_trial(books: Books, body: Body, *, trial_end: int | None = None) -> Bill:
    """End the trial of the subscription *body* now: its first paid period starts.

    *trial_end* is when the trial had ended, if that was before.
    """
    body["status"] = "active"
    body["trial_end"] = trial_end or books.now
    _restart(books, body)
    lines = full_lines(books, body, period_of(body))
    return Bill(lines, is_due_now=True, must_be_paid=False)


def begin_trial(books: Books, body: Body, trial_end: int, *, proration: str) -> Bill:
    """Give the subscription *body* free days until a moment, or more of them.

    The billing cycle begins anew when they end. What was paid for and not used waits as a credit
    for the next invoice (https://docs.stripe.com/billing/subscriptions/trials).
    """
    is_longer = body["status"] == "trialing"
    is_credited = not is_longer and proration != "none"
    lines = prorations(books, body, []) if is_credited else []
    began_at = body["trial_start"] if is_longer else books.now
    body |= {"status": "trialing", "trial_start": began_at, "trial_end": trial_end}
    body["billing_cycle_anchor"] = trial_end
    set_period(body, Period(began_at, trial_end))
    if body["cancel_at_period_end"]:
        body["cancel_at"] = trial_end
    return Bill(lines, is_due_now=False, must_be_paid=False)


def changed_items(books: Books, subscription: Body, given: list[Body]) -> list[Body]:
    """The items after the ``items`` parameter: by id changed or deleted, without id added.

    Raises:
        StripeError: An id names nothing, or the items cannot be billed together.
    """
    items = [dict(item) for item in subscription["items"]["data"]]
    for index, wanted in enumerate(given):
        param = f"items[{index}]"
        if "id" not in wanted:
            items.append(_added(books, subscription, wanted, param))
            continue
        place = next((at for at, item in enumerate(items) if item["id"] == wanted["id"]), None)
        if place is None:
            raise StripeError(
                f"No such subscription item: '{wanted['id']}'",
                code="resource_missing",
                param=f"{param}[id]",
            )
        if wanted.get("deleted"):
            del items[place]
            continue
        if "price_data" in wanted:
            items[place] |= priced(inline_price(books, wanted["price_data"], param))
        elif "price" in wanted:
            items[place] |= _moved(books, items[place], wanted["price"], f"{param}[price]")
        items[place] |= {key: wanted[key] for key in ("quantity", "metadata") if wanted.get(key)}
    prices = [item["price"]["id"] for item in items]
    if len(prices) != len(set(prices)):
        raise StripeError(
            "Cannot add multiple subscription items with the same price.", param="items"
        )
    billed_together([Item(item["price"], item["quantity"]) for item in items])
    return items


def _moved(books: Books, item: Body, price_id: str, param: str) -> Body:
    """The fields of an item that is moved to a price, which may be the one that it has."""
    if price_id == item["price"]["id"]:
        return {}
    return priced(price_for_sale(books, price_id, param=param))


def inline_price(books: Books, given: Body, param: str) -> Body:
    """A price that a preview makes up on the spot; nothing is stored, and nobody can buy it."""
    product = books.get("product", given["product"], param=f"{param}[price_data][product]")
    return shape(
        "price",
        id=new_id("price"),
        active=False,
        billing_scheme="per_unit",
        created=books.now,
        currency=given["currency"].lower(),
        livemode=False,
        metadata={},
        product=product.id,
        recurring={
            "interval": given["recurring"]["interval"],
            "interval_count": given["recurring"].get("interval_count", 1),
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        tax_behavior="unspecified",
        type="recurring",
        unit_amount=given["unit_amount"],
        unit_amount_decimal=str(given["unit_amount"]),
    )


def priced(price: Body) -> Body:
    """The fields of an item that follow its price."""
    return {"price": price, "plan": plan_of(price)}


def _added(books: Books, subscription: Body, wanted: Body, param: str) -> Body:
    if "price" not in wanted:
        raise StripeError(f"Missing required param: {param}[price].", code="parameter_missing")
    price = price_for_sale(books, wanted["price"], param=f"{param}[price]")
    item = Item(price, wanted.get("quantity", 1), wanted.get("metadata") or {})
    return item_body(books, subscription["id"], item, period_of(subscription))


def _starts_anew(subscription: Body, change: Change) -> bool:
    """A new interval, or the step from free to paid, starts a new period at once."""
    before, after = subscription["items"]["data"], change.items
    pace = [before[0]["price"]["recurring"][key] for key in ("interval", "interval_count")]
    new_pace = [after[0]["price"]["recurring"][key] for key in ("interval", "interval_count")]
    was_free = not any(amount_of(item) for item in before)
    is_paid = any(amount_of(item) for item in after)
    return change.restarts or pace != new_pace or (was_free and is_paid)


def _restart(books: Books, body: Body) -> None:
    recurring = body["items"]["data"][0]["price"]["recurring"]
    body["billing_cycle_anchor"] = books.now
    set_period(body, Period(books.now, boundary_after(books.now, books.now, recurring)))
    if body["cancel_at_period_end"]:
        body["cancel_at"] = period_of(body).end


def _keep_waiting(books: Books, subscription: Record, lines: list[Body]) -> None:
    """Store prorations as invoice items; the next invoice takes them."""
    for line in lines:
        body = _invoice_item(books, subscription, line)
        line["parent"]["subscription_item_details"]["invoice_item"] = body["id"]
        books.add(
            body,
            hidden={"subscription": subscription.id, "line": line},
            event="invoiceitem.created",
        )


def _invoice_item(books: Books, subscription: Record, line: Body) -> Body:
    details = line["parent"]["subscription_item_details"]
    return shape(
        "invoiceitem",
        id=new_id("ii"),
        amount=line["amount"],
        currency=line["currency"],
        customer=subscription.body["customer"],
        date=books.now,
        description=line["description"],
        discountable=True,
        discounts=[],
        livemode=False,
        metadata=line["metadata"],
        net_amount=line["amount"],
        parent={
            "subscription_details": {
                "subscription": subscription.id,
                "subscription_item": details["subscription_item"],
            },
            "type": "subscription_details",
        },
        period=line["period"],
        pricing=line["pricing"],
        proration=True,
        quantity=line["quantity"],
        tax_rates=[],
        test_clock=books.clock,
    )
