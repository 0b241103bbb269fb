"""Subscriptions (https://docs.stripe.com/api/subscriptions)."""

from copy import deepcopy
from dataclasses import replace

from stripe_simulator.billing import changes
from stripe_simulator.billing.discounts import discount_subscription, offer_of
from stripe_simulator.billing.life import cancel as cancel_subscription
from stripe_simulator.billing.life import schedule_end
from stripe_simulator.billing.lines import period_of
from stripe_simulator.billing.payment_methods import charge
from stripe_simulator.billing.subscriptions import (
    ENDED,
    Item,
    Terms,
    plan_ahead,
    price_for_sale,
    settle_first,
    start,
)
from stripe_simulator.billing.tax import CALCULATED, check_tax
from stripe_simulator.clock import SECONDS_PER_DAY
from stripe_simulator.errors import StripeError, missing, not_implemented
from stripe_simulator.resources.call import Call, merged_metadata
from stripe_simulator.resources.customers import get_customer
from stripe_simulator.shapes import Body
from stripe_simulator.store import Record
from stripe_simulator.wire.listing import listed, slice_of

TRIAL_DAYS_MAX = 730
_ITEM = "items.price items.quantity items.metadata"
CREATE_HONOURS = (
    f"automatic_tax.enabled cancel_at_period_end customer default_payment_method description "
    f"discounts.coupon discounts.promotion_code {_ITEM} metadata off_session payment_behavior "
    "trial_end trial_period_days trial_settings"
)
UPDATE_HONOURS = (
    "billing_cycle_anchor cancel_at cancel_at_period_end cancellation_details "
    "default_payment_method description discounts.coupon discounts.discount "
    f"discounts.promotion_code {_ITEM} items.id items.deleted metadata off_session "
    "pause_collection payment_behavior proration_behavior trial_end trial_settings"
)
CANCEL_HONOURS = "cancellation_details invoice_now prorate"
LIST_HONOURS = "created customer price status"


def create(call: Call) -> Body:
    """Start a subscription for a customer whose card is on file.

    Raises:
        StripeError: No card, or 402 with ``payment_behavior=error_if_incomplete``.
    """
    parameters = call.parameters
    customer = get_customer(call.books, parameters["customer"], param="customer")
    behaviour = parameters.get("payment_behavior", "allow_incomplete")
    if behaviour == "pending_if_incomplete":
        raise StripeError("`pending_if_incomplete` is only for updates.", param="payment_behavior")
    trial_end = _trial_end(call)
    card = _card(call, customer)
    if card is None and trial_end is None and behaviour != "default_incomplete":
        raise StripeError(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method. For more information, visit "
            "https://stripe.com/docs/billing/subscriptions/payment-methods-setting"
            "#payment-method-priority.",
            code="resource_missing",
        )
    record, invoice = start(call.books, _terms(call, trial_end))
    if behaviour != "default_incomplete" or not invoice.body["amount_due"]:
        kept = None if card is None else call.books.get("payment_method", card)
        decline = charge(kept) if invoice.body["amount_due"] else None
        if decline is not None and behaviour == "error_if_incomplete":
            raise decline.error()
        settle_first(call.books, record, invoice, decline)
    return record.body


def retrieve(call: Call) -> Body:
    """One subscription, also after it has ended."""
    return _current(call, call.books.get("subscription", call.id)).body


def update(call: Call) -> Body:
    """Change a subscription: what it sells, when it ends, what is written on it.

    Raises:
        StripeError: It has ended, or the change is refused.
    """
    record = _current(call, call.books.get("subscription", call.id))
    if record.body["status"] in ENDED:
        raise missing("subscription", call.id)
    _change_notes(call, record)
    _change_end(call, record)
    _change_collection(call, record)
    # During a trial a change of items costs nothing, so at most one of the two is a bill.
    change = _change_items(call, record)
    bill = _change_trial(call, record) or change
    invoice = changes.write_down(call.books, record, bill) if bill else None
    plan_ahead(record)
    call.books.save(record, event="customer.subscription.updated")
    if bill and invoice:
        changes.settle(call.books, invoice, bill)
    return call.books.get("subscription", call.id).body


def resume(call: Call) -> Body:
    """Start a paused subscription again: a new period begins, and is paid for.

    Raises:
        StripeError: It is not paused, or 402: there is no card that pays.
    """
    record = _current(call, call.books.get("subscription", call.id))
    if record.body["status"] != "paused":
        raise StripeError(
            "You can only resume a subscription that is paused, and this one is "
            f"{record.body['status']}."
        )
    if call.parameters.get("billing_cycle_anchor", "now") != "now":
        raise not_implemented("billing_cycle_anchor other than now", param="billing_cycle_anchor")
    bill = changes.end_trial(call.books, record.body, trial_end=record.body["trial_end"])
    invoice = changes.write_down(call.books, record, bill)
    plan_ahead(record)
    call.books.save(record)
    assert invoice is not None, "a new period is due at once"
    changes.settle(call.books, invoice, replace(bill, must_be_paid=True))
    record = call.books.get("subscription", call.id)
    call.books.emit("customer.subscription.resumed", record.body)
    return record.body


def cancel(call: Call) -> Body:
    """End a subscription now.

    Raises:
        StripeError: It has ended already.
    """
    record = _current(call, call.books.get("subscription", call.id))
    if record.body["status"] in ENDED:
        raise missing("subscription", call.id)
    for name in ("invoice_now", "prorate"):
        if call.parameters.get(name):
            raise not_implemented(f"{name} on cancellation", param=name)
    given = call.parameters.get("cancellation_details", {})
    record.body["cancellation_details"] |= {key: value or None for key, value in given.items()}
    cancel_subscription(call.books, record, reason="cancellation_requested")
    return record.body


def list_all(call: Call) -> Body:
    """Subscriptions, newest first; ended ones only when asked for."""
    parameters = call.parameters
    status = parameters.get("status")
    running = ["active", "incomplete", "past_due", "paused", "trialing", "unpaid"]
    choices: dict[str | None, object] = {None: running, "all": None, "ended": list(ENDED)}
    matching = {
        "customer": parameters.get("customer"),
        "items.data[0].price.id": parameters.get("price"),
        "status": choices.get(status, status),
    }
    return listed(call.books, "subscription", "/v1/subscriptions", parameters, matching=matching)


def list_items(call: Call) -> Body:
    """The items of one subscription."""
    identifier = call.parameters["subscription"]
    record = call.books.get("subscription", identifier, param="subscription")
    items = _current(call, record).body["items"]
    return slice_of("/v1/subscription_items", items["data"], call.parameters)


def _current(call: Call, record: Record) -> Record:
    """Show each price as it is now: its name or metadata may have changed since."""
    for item in record.body["items"]["data"]:
        price = call.books.get("price", item["price"]["id"]).body
        if price != item["price"]:
            item.update(changes.priced(price))
    record.before["items"] = deepcopy(record.body["items"])
    return record


def _trial_end(call: Call) -> int | None:
    days = call.parameters.get("trial_period_days")
    end = call.parameters.get("trial_end")
    if days is not None and end is not None:
        raise StripeError(
            "You may only specify one of these parameters: trial_end, trial_period_days.",
            param="trial_end",
        )
    if days is not None:
        if not 1 <= days <= TRIAL_DAYS_MAX:
            raise StripeError(
                f"The trial must have 1 to {TRIAL_DAYS_MAX} days.", param="trial_period_days"
            )
        return call.books.now + int(days) * SECONDS_PER_DAY
    if end is None or end == "now":
        return None
    return _future(call, int(end), "trial_end")


def _future(call: Call, moment: int, param: str) -> int:
    if moment <= call.books.now:
        raise StripeError(
            "Invalid timestamp: must be an integer Unix timestamp in the future", param=param
        )
    return moment


def _card(call: Call, customer: Record) -> str | None:
    chosen = call.parameters.get("default_payment_method")
    if chosen is not None:
        kept = call.books.get("payment_method", chosen, param="default_payment_method")
        if kept.body["customer"] != customer.id:
            raise StripeError(
                f"The customer does not have a payment method with the ID {chosen}. The payment "
                "method must be attached to the customer.",
                code="resource_missing",
                param="default_payment_method",
            )
        return kept.id
    fallback: str | None = customer.body["invoice_settings"]["default_payment_method"]
    return fallback


def _terms(call: Call, trial_end: int | None) -> Terms:
    parameters = call.parameters
    items = [
        Item(
            price_for_sale(call.books, item.get("price", ""), param=f"items[{index}][price]"),
            item.get("quantity", 1),
        )
        for index, item in enumerate(call.require("items"))
    ]
    extra = {
        "metadata": merged_metadata({}, parameters.get("metadata")),
        "description": parameters.get("description"),
        **call.given("trial_settings"),
    }
    if parameters.get("automatic_tax", {}).get("enabled"):
        customer = get_customer(call.books, parameters["customer"], param="customer").body
        check_tax(call.books, customer, keeps_address=False)
        extra["automatic_tax"] = CALCULATED
    return Terms(
        customer=parameters["customer"],
        items=items,
        payment_method=parameters.get("default_payment_method"),
        trial_end=trial_end,
        offers=tuple(
            offer_of(call.books, discount, param="discounts")
            for discount in parameters.get("discounts") or []
        ),
        cancels_at_period_end=parameters.get("cancel_at_period_end", False),
        extra=extra,
    )


def _change_notes(call: Call, record: Record) -> None:
    body = record.body
    body |= call.given("description")
    body["metadata"] = merged_metadata(body["metadata"], call.parameters.get("metadata"))
    if "default_payment_method" in call.parameters:
        customer = call.books.get("customer", body["customer"])
        body["default_payment_method"] = _card(call, customer)
    given = call.parameters.get("cancellation_details", {})
    body["cancellation_details"] |= {key: value or None for key, value in given.items()}
    if "discounts" in call.parameters:
        body["discounts"] = [
            _discount(call, body, discount) for discount in call.parameters["discounts"] or []
        ]


def _discount(call: Call, body: Body, given: Body) -> str:
    if "discount" in given:
        return call.books.get("discount", given["discount"], param="discounts").id
    offer = offer_of(call.books, given, param="discounts")
    return discount_subscription(
        call.books, offer, customer=body["customer"], subscription=body["id"]
    )


def _change_collection(call: Call, record: Record) -> None:
    """Pause or go on collecting invoices; ``""`` goes on."""
    body = record.body
    body |= call.given("trial_settings")
    if "pause_collection" not in call.parameters:
        return
    given = call.parameters["pause_collection"] or None
    if given is not None:
        resumes_at = given.get("resumes_at")
        if resumes_at is not None:
            _future(call, resumes_at, "pause_collection[resumes_at]")
        given = {"behavior": given["behavior"], "resumes_at": resumes_at}
    body["pause_collection"] = given


def _change_end(call: Call, record: Record) -> None:
    body = record.body
    if "cancel_at" in call.parameters and "cancel_at_period_end" in call.parameters:
        raise StripeError(
            "You may only specify one of these parameters: cancel_at, cancel_at_period_end.",
            param="cancel_at",
        )
    if "cancel_at_period_end" in call.parameters:
        wanted = call.parameters["cancel_at_period_end"]
        end = period_of(body).end if wanted else None
        schedule_end(body, end, now=call.books.now, at_period_end=wanted)
    elif "cancel_at" in call.parameters:
        given = call.parameters["cancel_at"]
        end = period_of(body).end
        named = {"": None, "min_period_end": end, "max_period_end": end}
        moment = named[given] if given in named else _future(call, int(given), "cancel_at")
        schedule_end(body, moment, now=call.books.now, at_period_end=False)


def _change_items(call: Call, record: Record) -> changes.Bill | None:
    parameters = call.parameters
    behaviour = parameters.get("payment_behavior", "allow_incomplete")
    if behaviour in ("pending_if_incomplete", "default_incomplete"):
        raise not_implemented(f"payment_behavior={behaviour} on updates", param="payment_behavior")
    restarts = parameters.get("billing_cycle_anchor") == "now"
    if "items" not in parameters and not restarts:
        return None
    items = changes.changed_items(call.books, record.body, parameters.get("items", []))
    change = changes.Change(
        items=items,
        proration=parameters.get("proration_behavior", "create_prorations"),
        restarts=restarts,
        must_be_paid=behaviour == "error_if_incomplete",
    )
    return changes.apply(call.books, record.body, change)


def _change_trial(call: Call, record: Record) -> changes.Bill | None:
    """``trial_end=now`` ends a trial and bills the first period; a later moment extends it."""
    given = call.parameters.get("trial_end")
    if given is None:
        return None
    if given == "now":
        if record.body["status"] != "trialing":
            return None
        return changes.end_trial(call.books, record.body)
    if record.body["status"] not in ("active", "past_due", "trialing"):
        raise not_implemented(f"trial_end while {record.body['status']}", param="trial_end")
    trial_end = _future(call, int(given), "trial_end")
    if trial_end > call.books.now + TRIAL_DAYS_MAX * SECONDS_PER_DAY:
        raise StripeError(
            "Invalid timestamp: a trial ends at most two years from now.", param="trial_end"
        )
    record.hidden["trial_warned"] = False
    proration = call.parameters.get("proration_behavior", "create_prorations")
    return changes.begin_trial(call.books, record.body, trial_end, proration=proration)
