"""Test clocks: customers who live in a time of their own.

https://docs.stripe.com/billing/testing/test-clocks
"""

from stripe_simulator.billing.life import cancel
from stripe_simulator.billing.subscriptions import ENDED
from stripe_simulator.books import Books
from stripe_simulator.clock import SECONDS_PER_DAY
from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id
from stripe_simulator.resources.call import Call, deleted
from stripe_simulator.shapes import Body, shape
from stripe_simulator.wire.listing import listed

KIND = "test_helpers.test_clock"
LIFE_DAYS = 30
CUSTOMERS_MAX = 3
NAME_CHARACTERS_MAX = 300
# A clock may be moved by two intervals of the shortest subscription on it.
_INTERVALS_MAX = 2
_SECONDS_PER = {
    "day": SECONDS_PER_DAY,
    "week": 7 * SECONDS_PER_DAY,
    "month": 31 * SECONDS_PER_DAY,
    "year": 366 * SECONDS_PER_DAY,
}


def create(call: Call) -> Body:
    """Create a clock that stands at a moment."""
    name = call.parameters.get("name")
    if name is not None and len(name) > NAME_CHARACTERS_MAX:
        raise StripeError("Invalid string: too long", param="name")
    body = shape(
        KIND,
        id=new_id("clock"),
        created=call.books.now,
        deletes_after=call.books.now + LIFE_DAYS * SECONDS_PER_DAY,
        frozen_time=call.parameters["frozen_time"],
        livemode=False,
        name=name,
        status="ready",
        status_details={},
    )
    return call.books.add(body, event=f"{KIND}.created").body


def retrieve(call: Call) -> Body:
    """One clock; ``status`` tells whether it has arrived."""
    return call.books.get(KIND, call.id).body


def list_all(call: Call) -> Body:
    """Clocks, newest first."""
    return listed(call.books, KIND, "/v1/test_helpers/test_clocks", call.parameters)


def advance(call: Call) -> Body:
    """Let a clock run to a later moment; what is due on the way happens meanwhile.

    Raises:
        StripeError: It runs already, or the moment is not later, or too much later.
    """
    record = call.books.get(KIND, call.id)
    target, now = call.parameters["frozen_time"], record.body["frozen_time"]
    if record.body["status"] != "ready":
        raise StripeError("Test clock advancement underway - cannot perform modifications.")
    if target <= now:
        raise StripeError(
            f"Invalid frozen_time: the clock stands at {now} and can only be moved forward.",
            param="frozen_time",
        )
    if target > now + _reach_seconds(call.books, record.id):
        raise StripeError(
            "Invalid frozen_time: a clock can be advanced by at most two intervals of the "
            "shortest subscription on it, or by two years when there is none.",
            param="frozen_time",
        )
    record.body["status"] = "advancing"
    record.body["status_details"] = {"advancing": {"target_frozen_time": target}}
    call.books.save(record)
    call.books.emit(f"{KIND}.advancing", record.body)
    return record.body


def delete(call: Call) -> Body:
    """Delete a clock, with its customers and whatever they pay for."""
    record = call.books.get(KIND, call.id)
    books = call.books.under(record.id)
    for customer in _customers(call.books, record.id):
        for subscription in books.all("subscription", customer=customer):
            if subscription.body["status"] not in ENDED:
                cancel(books, subscription, reason="cancellation_requested")
        person = books.get("customer", customer)
        person.body = deleted("customer", customer)
        books.save(person)
    call.books.store.delete(record)
    call.books.emit(f"{KIND}.deleted", record.body)
    return deleted(KIND, call.id)


def check_room(books: Books, clock: str) -> None:
    """Refuse one customer too many.

    Raises:
        StripeError: The clock has CUSTOMERS_MAX already, or does not exist.
    """
    books.get(KIND, clock, param="test_clock")
    if len(_customers(books, clock)) >= CUSTOMERS_MAX:
        raise StripeError(
            f"A test clock has at most {CUSTOMERS_MAX} customers.", param="test_clock"
        )


def _customers(books: Books, clock: str) -> list[str]:
    return [one.id for one in books.all("customer", test_clock=clock)]


def _reach_seconds(books: Books, clock: str) -> int:
    intervals = [
        _SECONDS_PER[recurring["interval"]] * recurring["interval_count"]
        for one in books.all("subscription", test_clock=clock)
        if one.body["status"] not in ENDED
        for recurring in (one.body["items"]["data"][0]["price"]["recurring"],)
    ]
    return _INTERVALS_MAX * min(intervals, default=_SECONDS_PER["year"])
