"""The customer portal's page: subscriptions, cards, and invoices that wait for money."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from stripe_simulator.billing.cards import read_card
from stripe_simulator.billing.life import cancel, collect, schedule_end
from stripe_simulator.billing.lines import amount_of, period_of, price_text, product_name
from stripe_simulator.billing.payment_methods import card_of, keep_card
from stripe_simulator.billing.subscriptions import ENDED, plan_ahead
from stripe_simulator.books import Books
from stripe_simulator.errors import StripeError
from stripe_simulator.pages.forms import read_form
from stripe_simulator.pages.rendering import message, page, see_other
from stripe_simulator.resources.call import Call
from stripe_simulator.resources.portal import SESSION_SECONDS
from stripe_simulator.resources.subscriptions import update
from stripe_simulator.shapes import Body
from stripe_simulator.simulator import Simulator
from stripe_simulator.store import Record, Store

SUBSCRIPTIONS_SHOWN_MAX = 20
INVOICES_SHOWN_MAX = 20

Form = dict[str, str]


async def show(request: Request) -> Response:
    """Show the customer's subscriptions, the card, and open invoices."""
    return await _shown(request, error="", status=HTTPStatus.OK)


async def submit(request: Request) -> Response:
    """Do what a button says, as far as the portal's settings allow it."""
    simulator: Simulator = request.app.state.simulator
    identifier = request.path_params["id"]
    form = await read_form(request)

    def change(store: Store) -> bool | StripeError:
        found = _open(simulator, store, identifier)
        if found is None:
            return False
        try:
            with store.savepoint():
                return _change(*found, form)
        except StripeError as error:
            return error

    done = await simulator.work(change)
    if isinstance(done, StripeError):
        return await _shown(request, error=done.message, status=HTTPStatus.PAYMENT_REQUIRED)
    if not done:
        return message(
            "Not possible", "The portal does not allow this.", status=HTTPStatus.CONFLICT
        )
    return see_other(f"/p/session/{identifier}")


async def _shown(request: Request, *, error: str, status: int) -> Response:
    simulator: Simulator = request.app.state.simulator
    identifier = request.path_params["id"]
    values = await simulator.work(lambda store: _values(simulator, store, identifier))
    if values is None:
        return _gone()
    return page("portal.html", status=status, error=error, **values)


def _open(simulator: Simulator, store: Store, identifier: str) -> tuple[Books, Record] | None:
    record = store.find_anywhere("billing_portal.session", identifier)
    books = simulator.books_of(store, record.account) if record else None
    if record is None or books is None:
        return None
    books = books.for_customer(record.body["customer"])
    if books.now >= record.body["created"] + SESSION_SECONDS:
        return None
    return books, record


def _values(simulator: Simulator, store: Store, identifier: str) -> Body | None:
    found = _open(simulator, store, identifier)
    if found is None:
        return None
    books, session = found
    account = books.of(books.application.account_id).get("account", books.account)
    running = _running(books, session)
    features = _features(books, session)
    return {
        "business_name": account.body["business_profile"]["name"] or "",
        "features": features,
        "return_url": session.body["return_url"],
        "card": _card_shown(books, running),
        "invoices": [invoice.body for invoice in _open_invoices(books, session)],
        "history": _history(books, session) if features["invoice_history"]["enabled"] else [],
        "choices": _choices(books, features),
        "subscriptions": [_shown_subscription(books, one.body) for one in running],
    }


def _running(books: Books, session: Record) -> list[Record]:
    found = books.all("subscription", customer=session.body["customer"])
    return [record for record in found if record.body["status"] not in ENDED][
        :SUBSCRIPTIONS_SHOWN_MAX
    ]


def _open_invoices(books: Books, session: Record) -> list[Record]:
    found = books.all("invoice", customer=session.body["customer"], status="open")
    return found[:INVOICES_SHOWN_MAX]


def _history(books: Books, session: Record) -> list[Body]:
    found = books.all("invoice", customer=session.body["customer"])
    return [one.body for one in found if one.body["status"] != "draft"][:INVOICES_SHOWN_MAX]


def _features(books: Books, session: Record) -> Body:
    settings = books.get("billing_portal.configuration", session.body["configuration"])
    features: Body = settings.body["features"]
    return features


def _card_shown(books: Books, running: list[Record]) -> Body | None:
    card = card_of(books, running[0].body) if running else None
    return card.body["card"] if card else None


def _choices(books: Books, features: Body) -> list[Body]:
    """The prices that the portal lets people switch to."""
    update_feature = features["subscription_update"]
    if not update_feature["enabled"] or "price" not in update_feature["default_allowed_updates"]:
        return []
    choices = []
    for product in update_feature["products"] or []:
        name = books.get("product", product["product"]).body["name"]
        for identifier in product["prices"]:
            price = books.get("price", identifier).body
            if price["active"]:
                text = f"{name}, {price_text({'price': price})}"
                choices.append({"id": identifier, "text": text})
    return choices


def _shown_subscription(books: Books, subscription: Body) -> Body:
    items = subscription["items"]["data"]
    return {
        "id": subscription["id"],
        "name": ", ".join(product_name(books, item) for item in items),
        "price": items[0]["price"]["id"],
        "status": subscription["status"],
        "price_text": _price_text(items, subscription["currency"]),
        "period_end": period_of(subscription).end,
        "cancels": subscription["cancel_at_period_end"],
    }


def _price_text(items: list[Body], currency: str) -> str:
    """What all items come to; they share one interval."""
    whole = {"unit_amount": sum(amount_of(item) for item in items), "currency": currency}
    return price_text({"price": items[0]["price"] | whole})


def _change(books: Books, session: Record, form: Form) -> bool:
    action = form.get("action", "")
    if action == "update_card":
        return _update_card(books, session, form)
    if action == "pay":
        return _pay(books, session, form)
    chosen = next(
        (one for one in _running(books, session) if one.id == form.get("subscription")), None
    )
    if chosen is None:
        return False
    features = _features(books, session)
    if action == "switch":
        return _switch(books, chosen, features, form.get("price", ""))
    if action in ("cancel", "resume") and features["subscription_cancel"]["enabled"]:
        _end(
            books, chosen, features["subscription_cancel"]["mode"], is_cancelled=action == "cancel"
        )
        return True
    return False


def _update_card(books: Books, session: Record, form: Form) -> bool:
    """Keep another card for the customer and everything that they pay for."""
    if not _features(books, session)["payment_method_update"]["enabled"]:
        return False
    card = read_card(
        form.get("card_number", ""), form.get("exp", ""), form.get("cvc", ""), now=books.now
    )
    if card.test_card.on_page is not None:
        raise card.test_card.on_page.error()
    customer = books.get("customer", session.body["customer"])
    kept = keep_card(books, customer, card, email=customer.body["email"], name=None)
    customer.body["invoice_settings"]["default_payment_method"] = kept.id
    books.save(customer, event="customer.updated")
    for subscription in _running(books, session):
        subscription.body["default_payment_method"] = kept.id
        books.save(subscription, event="customer.subscription.updated")
    return True


def _pay(books: Books, session: Record, form: Form) -> bool:
    """Charge the card on file for an open invoice now."""
    for invoice in _open_invoices(books, session):
        if invoice.id == form.get("invoice"):
            decline = collect(books, invoice)
            if decline is not None:
                raise decline.error()
            return True
    return False


def _switch(books: Books, subscription: Record, features: Body, price: str) -> bool:
    if price not in {choice["id"] for choice in _choices(books, features)}:
        return False
    item = subscription.body["items"]["data"][0]
    parameters = {
        "items": [{"id": item["id"], "price": price}],
        "payment_behavior": "error_if_incomplete",
        "proration_behavior": features["subscription_update"]["proration_behavior"],
    }
    update(Call(books, parameters, subscription.id))
    return True


def _end(books: Books, subscription: Record, mode: str, *, is_cancelled: bool) -> None:
    if is_cancelled and mode == "immediately":
        cancel(books, subscription, reason="cancellation_requested")
        return
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
