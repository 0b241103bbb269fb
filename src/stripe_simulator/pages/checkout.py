"""The page on which a customer pays."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from stripe_simulator.billing.cards import CHALLENGE_FAILED, read_card
from stripe_simulator.billing.checkout import Payer, pay, success_url
from stripe_simulator.billing.lines import price_text
from stripe_simulator.books import Books
from stripe_simulator.clock import SECONDS_PER_DAY
from stripe_simulator.errors import StripeError
from stripe_simulator.pages.forms import read_form
from stripe_simulator.pages.rendering import message, page, see_other
from stripe_simulator.shapes import Body
from stripe_simulator.simulator import Simulator
from stripe_simulator.store import Record, Store

FIELD_CHARACTERS_MAX = 512
_FIELDS = ("card_number", "exp", "cvc", "email", "name", "promotion_code")


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows of a session."""

    session: Body
    lines: list[Body]
    business_name: str
    known_email: str | None
    trial_end: int | None

    @property
    def status(self) -> str:
        """The session's status."""
        return str(self.session["status"])


@dataclass(frozen=True, slots=True)
class Paid:
    """The session is paid now: send the person here."""

    url: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """The bank wants the person to approve."""

    view: View


async def show(request: Request) -> Response:
    """Show what is sold and ask for a card."""
    simulator: Simulator = request.app.state.simulator
    session_id = request.path_params["id"]
    view = await simulator.work(lambda store: _view(simulator, store, session_id))
    if view is None:
        return _not_found()
    if view.status != "open":
        return _over(view, status=HTTPStatus.OK)
    return _form(view)


async def submit(request: Request) -> Response:
    """Try to pay."""
    simulator: Simulator = request.app.state.simulator
    session_id = request.path_params["id"]
    posted = await read_form(request)
    form = {name: value[:FIELD_CHARACTERS_MAX] for name, value in posted.items()}
    try:
        outcome = await simulator.work(lambda store: _attempt(simulator, store, session_id, form))
    except StripeError as error:
        view = await simulator.work(lambda store: _view(simulator, store, session_id))
        if view is None:
            return _not_found()
        return _form(view, form, error=error.message, status=error.status)
    match outcome:
        case Paid(url):
            return see_other(url)
        case Challenge(view):
            carried = {name: form.get(name, "") for name in _FIELDS}
            return page("challenge.html", view=view, carried=carried)
        case View():
            return _over(outcome, status=HTTPStatus.CONFLICT)
        case None:
            return _not_found()


def _attempt(
    simulator: Simulator, store: Store, session_id: str, form: dict[str, str]
) -> Paid | Challenge | View | None:
    view = _view(simulator, store, session_id)
    if view is None or view.status != "open":
        return view
    record = store.find_anywhere("checkout.session", session_id)
    assert record is not None, "it has just been viewed"
    books = simulator.books_of(store, record.account)
    assert books is not None, "every session belongs to an account"
    books = books.under(record.clock)
    card = read_card(
        form.get("card_number", ""), form.get("exp", ""), form.get("cvc", ""), now=books.now
    )
    email = view.known_email or form.get("email", "").strip()
    if "@" not in email.strip("@"):
        raise StripeError("Your email is incomplete.", status=HTTPStatus.PAYMENT_REQUIRED)
    if card.test_card.asks_for_approval and form.get("action") not in ("approve", "deny"):
        return Challenge(view)
    if card.test_card.asks_for_approval and form["action"] == "deny":
        raise CHALLENGE_FAILED.error()
    name = form.get("name", "").strip() or None
    pay(books, record, Payer(card, email, name, form.get("promotion_code", "")))
    return Paid(success_url(record))


def _view(simulator: Simulator, store: Store, session_id: str) -> View | None:
    record = store.find_anywhere("checkout.session", session_id)
    if record is None:
        return None
    books = simulator.books_of(store, record.account)
    assert books is not None, "every session belongs to an account"
    books = books.under(record.clock)
    account = books.of(books.application.account_id).get("account", record.account)
    return View(
        session=record.body,
        lines=record.hidden["line_items"],
        business_name=account.body["business_profile"]["name"] or "",
        known_email=_known_email(books, record.body),
        trial_end=_trial_end(record, books.now),
    )


def _known_email(books: Books, session: Body) -> str | None:
    """The email that the page shows and does not ask for."""
    if session["customer"] is None:
        asked: str | None = session["customer_email"]
        return asked
    customer: str | None = books.get("customer", session["customer"]).body.get("email")
    return customer


def _trial_end(record: Record, now: int) -> int | None:
    days = record.hidden["trial_period_days"]
    end: int | None = record.hidden["trial_end"]
    return end if days is None else now + int(days) * SECONDS_PER_DAY


def _form(
    view: View,
    form: dict[str, str] | None = None,
    *,
    error: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    values: dict[str, Any] = {name: (form or {}).get(name, "") for name in _FIELDS}
    prices = [price_text({"price": line["price"]}) for line in view.lines]
    return page(
        "checkout.html", status=status, view=view, values=values, error=error, prices=prices
    )


def _over(view: View, *, status: int) -> Response:
    back = view.session["success_url"] if view.status == "complete" else view.session["cancel_url"]
    if view.status == "complete":
        title, text = "Already paid", "This checkout has been completed; nothing more is charged."
    else:
        title, text = "This checkout has expired", "Go back and start again."
    url = (back or "").replace("{CHECKOUT_SESSION_ID}", view.session["id"])
    return message(title, text, status=status, link=url, label=f"Return to {view.business_name}")


def _not_found() -> Response:
    return message("No such checkout", "Check the address.", status=HTTPStatus.NOT_FOUND)
