"""Let time pass: do what is due, in the order in which it was due, each at its own moment.

When the clock leaps three months, three renewals follow, each dated at its own boundary. Test
clocks pass apart from the simulator's own time, each from where it stands to where it was sent.
"""

from collections.abc import Callable

from stripe_simulator.billing.checkout import expire
from stripe_simulator.billing.life import invoice_due, subscription_due
from stripe_simulator.books import Books
from stripe_simulator.configuration import Application
from stripe_simulator.resources.test_clocks import KIND as TEST_CLOCK
from stripe_simulator.store import Record, Store

STEPS_MAX = 500

_WHAT_IS_DUE: dict[str, Callable[[Books, Record], None]] = {
    "checkout.session": expire,
    "invoice": invoice_due,
    "subscription": subscription_due,
}


def roll(store: Store, *, now: int, origin: str) -> int:
    """Do what was due by *now*, at most ``STEPS_MAX`` things; answers how many there were."""
    for steps in range(STEPS_MAX):
        record = store.next_due(now)
        if record is None:
            return steps + _roll_test_clocks(store, STEPS_MAX - steps, now, origin)
        _step(store, record, origin)
    return STEPS_MAX


def _roll_test_clocks(store: Store, steps_max: int, now: int, origin: str) -> int:
    """Let clocks that were sent on run; one that arrives is a step too."""
    steps = 0
    for clock in store.list_anywhere(TEST_CLOCK, status="advancing"):
        target = clock.body["status_details"]["advancing"]["target_frozen_time"]
        while steps < steps_max:
            record = store.next_due(target, clock=clock.id)
            steps += 1
            if record is None:
                _arrive(store, clock, target, now, origin)
                break
            moment = record.due_at or 0
            clock.body["frozen_time"] = max(clock.body["frozen_time"], moment)
            store.save(clock)
            _step(store, record, origin)
    return steps


def _arrive(store: Store, clock: Record, target: int, now: int, origin: str) -> None:
    clock.body |= {"frozen_time": target, "status": "ready", "status_details": {}}
    books = _books(store, clock, now, origin)
    books.save(clock)
    books.emit(f"{TEST_CLOCK}.ready", clock.body)


def _step(store: Store, record: Record, origin: str) -> None:
    moment = record.due_at
    assert moment is not None, "only records with a moment are due"
    books = _books(store, record, moment, origin).under(record.clock)
    # On a test clock too, what follows carries the date at which it was due.
    _WHAT_IS_DUE[record.kind](books, record)


def _books(store: Store, record: Record, moment: int, origin: str) -> Books:
    account = store.find_anywhere("account", record.account)
    assert account is not None, "every object belongs to an account"
    application = Application(account.hidden["client_id"])
    return Books(store, application, record.account, moment, origin)
