"""Let time pass: do what is due, in the order in which it was due, each at its own moment.

When the clock leaps three months, three renewals follow, each dated at its own boundary.
"""

from collections.abc import Callable

from stripe_simulator.billing.checkout import expire
from stripe_simulator.billing.life import invoice_due, subscription_due
from stripe_simulator.books import Books
from stripe_simulator.configuration import Application
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
            return steps
        _step(store, record, origin)
    return STEPS_MAX


def _step(store: Store, record: Record, origin: str) -> None:
    moment = record.due_at
    assert moment is not None, "only records with a moment are due"
    account = store.find_anywhere("account", record.account)
    assert account is not None, "every object belongs to an account"
    application = Application(account.hidden["client_id"])
    books = Books(store, application, record.account, moment, origin)
    _WHAT_IS_DUE[record.kind](books, record)
