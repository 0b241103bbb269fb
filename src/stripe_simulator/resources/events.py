"""Events (https://docs.stripe.com/api/events), kept for thirty days."""

from stripe_simulator.books import Books
from stripe_simulator.clock import SECONDS_PER_DAY
from stripe_simulator.errors import StripeError, missing
from stripe_simulator.resources.call import Call
from stripe_simulator.shapes import Body
from stripe_simulator.store import Record, Store
from stripe_simulator.wire.listing import listed

KEPT_SECONDS = 30 * SECONDS_PER_DAY
LIST_HONOURS = "created delivery_success type types"
TYPES_MAX = 20


def retrieve(call: Call) -> Body:
    """One event that is not too old."""
    record = call.books.get("event", call.id)
    if record.body["created"] < call.books.now - KEPT_SECONDS:
        raise missing("event", call.id)
    return record.body


def list_all(call: Call) -> Body:
    """Events of the last thirty days, newest first."""
    parameters = dict(call.parameters)
    types = parameters.get("types")
    if types is not None and ("type" in parameters or len(types) > TYPES_MAX):
        raise StripeError(f"Pass `type`, or up to {TYPES_MAX} `types`.", param="types")
    matching = {"type": parameters.get("type") or types}
    parameters["created"] = _recent(call.books, parameters.get("created"))
    delivered = parameters.get("delivery_success")
    if delivered is not None:
        matching["id"] = _with_delivery(call.books, succeeded=delivered)
    return listed(call.books, "event", "/v1/events", parameters, matching=matching)


def count_down(store: Store, event: Record) -> None:
    """One endpoint fewer still has to be told of *event*."""
    event.body["pending_webhooks"] = max(0, event.body["pending_webhooks"] - 1)
    store.save(event)


def _recent(books: Books, created: int | Body | None) -> int | Body:
    if isinstance(created, int):
        return created
    earliest = books.now - KEPT_SECONDS
    given = created or {}
    return given | {"gte": max(earliest, given.get("gte", earliest))}


def _with_delivery(books: Books, *, succeeded: bool) -> list[str]:
    """Events whose every delivery succeeded, or of which one did not (yet)."""
    rows = books.store.execute(
        "SELECT event, min(state = 'delivered') AS is_done FROM deliveries WHERE account = ?"
        " GROUP BY event ORDER BY max(sequence) DESC LIMIT 1000",
        books.account,
    ).fetchall()
    return [row["event"] for row in rows if bool(row["is_done"]) == succeeded]
