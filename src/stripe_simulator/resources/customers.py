"""Customers (https://docs.stripe.com/api/customers)."""

from dataclasses import replace

from stripe_simulator.billing.customers import blank_customer
from stripe_simulator.billing.life import cancel
from stripe_simulator.billing.subscriptions import ENDED
from stripe_simulator.books import Books
from stripe_simulator.errors import StripeError, missing
from stripe_simulator.resources.call import Call, deleted, merged_metadata
from stripe_simulator.resources.test_clocks import check_room
from stripe_simulator.shapes import Body
from stripe_simulator.store import Record
from stripe_simulator.wire.listing import listed

_EMAIL_CHARACTERS_MAX = 512
_FIELDS = ("description", "email", "name", "phone", "preferred_locales", "address", "shipping")
_SETTINGS = "invoice_settings.default_payment_method"
CREATE_HONOURS = f"metadata tax_exempt test_clock {_SETTINGS} {' '.join(_FIELDS)}"
UPDATE_HONOURS = f"metadata tax_exempt {_SETTINGS} {' '.join(_FIELDS)}"
LIST_HONOURS = "created email test_clock"


def create(call: Call) -> Body:
    """Create a customer, perhaps one who lives by a test clock."""
    clock = call.parameters.get("test_clock")
    if clock is not None:
        check_room(call.books, clock)
        call = replace(call, books=call.books.under(clock))
    body = blank_customer(call.books)
    body["metadata"] = merged_metadata({}, call.parameters.get("metadata"))
    _apply(call, body)
    return call.books.add(body, event="customer.created").body


def get_customer(books: Books, identifier: str, *, param: str) -> Record:
    """A customer who is not deleted.

    Raises:
        StripeError: There is none; *param* is the parameter that named it.
    """
    record = books.get("customer", identifier, param=param)
    if record.body.get("deleted"):
        raise missing("customer", identifier, param=param)
    return record


def retrieve(call: Call) -> Body:
    """One customer; a deleted one is answered as deleted, not as missing."""
    return call.books.get("customer", call.id).body


def update(call: Call) -> Body:
    """Change a customer."""
    record = get_customer(call.books, call.id, param="id")
    record.body["metadata"] = merged_metadata(
        record.body["metadata"], call.parameters.get("metadata")
    )
    _apply(call, record.body)
    call.books.save(record, event="customer.updated")
    return record.body


def delete(call: Call) -> Body:
    """Delete a customer and cancel every subscription of theirs."""
    record = get_customer(call.books, call.id, param="id")
    for subscription in call.books.all("subscription", customer=call.id):
        if subscription.body["status"] not in ENDED:
            cancel(call.books, subscription, reason="cancellation_requested")
    last = record.body
    record.body = deleted("customer", call.id)
    call.books.save(record)
    call.books.emit("customer.deleted", last)
    return record.body


def list_all(call: Call) -> Body:
    """Customers who are not deleted, newest first."""
    matching = {
        "email": call.parameters.get("email"),
        "livemode": False,
        "test_clock": call.parameters.get("test_clock"),
    }
    return listed(call.books, "customer", "/v1/customers", call.parameters, matching=matching)


def _apply(call: Call, body: Body) -> None:
    changes = call.given("tax_exempt", *_FIELDS)
    check_email(changes.get("email"), "email")
    body |= changes
    for name in ("address", "shipping"):
        if isinstance(body.get(name), dict):
            body[name] = _completed(name, body[name])
    settings = call.parameters.get("invoice_settings", {})
    if "default_payment_method" in settings:
        chosen = settings["default_payment_method"] or None
        if chosen is not None:
            call.books.get("payment_method", chosen, param="invoice_settings")
        body["invoice_settings"]["default_payment_method"] = chosen


def check_email(email: str | None, param: str) -> None:
    """Refuse what is no address.

    Raises:
        StripeError: It has no @, ends in a dot, or is too long.
    """
    if email is None:
        return
    is_odd = "@" not in email or email.endswith(".") or len(email) > _EMAIL_CHARACTERS_MAX
    if is_odd:
        raise StripeError(f"Invalid email address: {email}", code="email_invalid", param=param)


def _completed(name: str, given: Body) -> Body:
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    if name == "address":
        return address | given
    return {"phone": None} | given | {"address": address | given["address"]}
