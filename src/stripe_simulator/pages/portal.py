"""The customer portal's page: see subscriptions, cancel, undo."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from stripe_simulator.billing.life import cancel, schedule_end
from stripe_simulator.billing.lines import amount_of, period_of, product_name
from stripe_simulator.billing.subscriptions import ENDED, plan_ahead
from stripe_simulator.books import Books
from stripe_simulator.pages.forms import read_form
from stripe_simulator.pages.rendering import message, page, see_other
from stripe_simulator.resources.portal import SESSION_SECONDS
from stripe_simulator.shapes import Body
from stripe_simulator.simulator import Simulator
from stripe_simulator.store import Record, Store

SUBSCRIPTIONS_SHOWN_MAX = 20


async def show(request: Request) -> Response:
    """Show the customer's subscriptions."""
    simulator: Simulator = request.app.state.simulator
    identifier = request.path_params["id"]
    values = await simulator.work(lambda store: _values(simulator, store, identifier))
    if values is None:
        return _gone()
    return page("portal.html", **values)


async def submit(request: Request) -> Response:
    """Cancel a subscription, or take the cancellation back."""
    simulator: Simulator = request.app.state.simulator
    identifier = request.path_params["id"]
    form = await read_form(request)
    is_done = await simulator.work(lambda store: _change(simulator, store, identifier, form))
    if not is_done:
        return message(
            "Not possible", "The portal does not allow this.", status=HTTPStatus.CONFLICT
        )
    return see_other(f"/p/session/{identifier}")


def _open(simulator: Simulator, store: Store, identifier: str) -> tuple[Books, Record] | None:
    record = store.find_anywhere("billing_portal.session", identifier)
    books = simulator.books_of(store, record.account) if record else None
    if record is None or books is None or books.now >= record.body["created"] + SESSION_SECONDS:
        return None
    return books, record


def _values(simulator: Simulator, store: Store, identifier: str) -> Body | None:
    found = _open(simulator, store, identifier)
    if found is None:
        return None
    books, session = found
    account = books.of(books.application.account_id).get("account", books.account)
    return {
        "business_name": account.body["business_profile"]["name"] or "",
        "features": _features(books, session),
        "return_url": session.body["return_url"],
        "subscriptions": [
            _shown(books, subscription.body) for subscription in _running(books, session)
        ],
    }


def _running(books: Books, session: Record) -> list[Record]:
    found = books.all("subscription", customer=session.body["customer"])
    return [record for record in found if record.body["status"] not in ENDED][
        :SUBSCRIPTIONS_SHOWN_MAX
    ]


def _features(books: Books, session: Record) -> Body:
    settings = books.get("billing_portal.configuration", session.body["configuration"])
    features: Body = settings.body["features"]
    return features


def _shown(books: Books, subscription: Body) -> Body:
    items = subscription["items"]["data"]
    return {
        "id": subscription["id"],
        "name": ", ".join(product_name(books, item) for item in items),
        "status": subscription["status"],
        "amount": sum(amount_of(item) for item in items),
        "currency": subscription["currency"],
        "period_end": period_of(subscription).end,
        "cancels": subscription["cancel_at_period_end"],
    }


def _change(simulator: Simulator, store: Store, identifier: str, form: dict[str, str]) -> bool:
    found = _open(simulator, store, identifier)
    if found is None:
        return False
    books, session = found
    chosen = [
        record for record in _running(books, session) if record.id == form.get("subscription")
    ]
    allowed = _features(books, session)["subscription_cancel"]
    if not chosen or not allowed["enabled"]:
        return False
    if form.get("action") == "cancel" and allowed["mode"] == "immediately":
        cancel(books, chosen[0], reason="cancellation_requested")
        return True
    if form.get("action") not in ("cancel", "resume"):
        return False
    _schedule(books, chosen[0], is_cancelled=form["action"] == "cancel")
    return True


def _schedule(books: Books, subscription: Record, *, is_cancelled: bool) -> None:
    end = period_of(subscription.body).end if is_cancelled else None
    schedule_end(subscription.body, end, now=books.now, at_period_end=is_cancelled)
    plan_ahead(subscription)
    books.save(subscription, event="customer.subscription.updated")


def _gone() -> Response:
    return message(
        "This portal link has expired",
        "Go back and open it again.",
        status=HTTPStatus.NOT_FOUND,
    )
