"""Invoices, as far as subscriptions make them (https://docs.stripe.com/api/invoices)."""

from stripe_simulator.billing.changes import Change, preview_change
from stripe_simulator.billing.life import collect
from stripe_simulator.billing.subscriptions import ENDED
from stripe_simulator.errors import StripeError, missing
from stripe_simulator.resources.call import Call
from stripe_simulator.shapes import Body
from stripe_simulator.wire.listing import listed, slice_of

LIST_HONOURS = "created customer status subscription"
_PRICE_DATA = ("currency", "product", "recurring", "unit_amount")
_DETAILS = (
    *("billing_cycle_anchor", "items.id", "items.price", "items.quantity", "items.deleted"),
    *(f"items.price_data.{name}" for name in _PRICE_DATA),
)
PREVIEW_HONOURS = " ".join(
    ["customer", "preview_mode", "subscription"]
    + ["subscription_details.proration_behavior", "subscription_details.cancel_at_period_end"]
    + [f"subscription_details.{name}" for name in _DETAILS]
)


def retrieve(call: Call) -> Body:
    """One invoice."""
    return call.books.get("invoice", call.id).body


def list_all(call: Call) -> Body:
    """Invoices, newest first."""
    parameters = call.parameters
    matching = {
        "customer": parameters.get("customer"),
        "status": parameters.get("status"),
        "parent.subscription_details.subscription": parameters.get("subscription"),
    }
    return listed(call.books, "invoice", "/v1/invoices", parameters, matching=matching)


def list_lines(call: Call) -> Body:
    """The lines of an invoice."""
    record = call.books.get("invoice", call.id)
    lines = record.body["lines"]
    return slice_of(lines["url"], lines["data"], call.parameters)


def create_preview(call: Call) -> Body:
    """What the next invoice of a subscription would say, perhaps after a change of its items."""
    identifier = call.require("subscription")
    record = call.books.get("subscription", identifier, param="subscription")
    if call.parameters.get("customer", record.body["customer"]) != record.body["customer"]:
        raise StripeError(
            f"The subscription {identifier} belongs to another customer.", param="customer"
        )
    if record.body["status"] in ENDED:
        raise missing("invoice", "upcoming", param="subscription")
    details = call.parameters.get("subscription_details", {})
    if "cancel_at_period_end" in details:
        record.body["cancel_at_period_end"] = details["cancel_at_period_end"]
    wanted = Change(
        items=details.get("items", []),
        proration=details.get("proration_behavior", "create_prorations"),
        restarts=details.get("billing_cycle_anchor") == "now",
    )
    is_recurring = call.parameters.get("preview_mode") == "recurring"
    return preview_change(call.books, record.body, wanted, is_recurring=is_recurring)


def pay(call: Call) -> Body:
    """Charge the card on file for an open invoice, now.

    Raises:
        StripeError: It is not open, or 402: the card is declined, and the attempt is recorded.
    """
    record = call.books.get("invoice", call.id)
    if record.body["status"] == "paid":
        raise StripeError("Invoice is already paid", code="invoice_already_paid")
    if record.body["status"] != "open":
        raise StripeError(
            f"Invoice {record.id} has a status of {record.body['status']} and cannot be paid.",
            code="invoice_not_open",
        )
    decline = collect(call.books, record)
    if decline is not None:
        raise decline.error(keeps_changes=True)
    return record.body
