"""An account's page: what its owner would do in Stripe's dashboard."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from stripe_simulator.books import Books
from stripe_simulator.connect import disconnect
from stripe_simulator.pages.forms import read_form
from stripe_simulator.pages.rendering import message, page, see_other
from stripe_simulator.resources.accounts import rename, set_charges_enabled
from stripe_simulator.simulator import Simulator
from stripe_simulator.store import Record, Store

NAME_CHARACTERS_MAX = 100


async def show(request: Request) -> Response:
    """Show the account."""
    simulator: Simulator = request.app.state.simulator
    account_id = request.path_params["id"]
    record = await simulator.work(lambda store: store.find_anywhere("account", account_id))
    if record is None:
        return message("No such account", "Check the address.", status=HTTPStatus.NOT_FOUND)
    return page("account.html", account=record.body, hidden=record.hidden)


async def submit(request: Request) -> Response:
    """Rename the account, switch its charges, or disconnect it from the application."""
    simulator: Simulator = request.app.state.simulator
    account_id = request.path_params["id"]
    form = await read_form(request)
    is_done = await simulator.work(lambda store: _change(simulator, store, account_id, form))
    if not is_done:
        return message("Nothing chosen", "Go back and choose a button.", status=400)
    return see_other(f"/accounts/{account_id}")


def _change(simulator: Simulator, store: Store, account_id: str, form: dict[str, str]) -> bool:
    books = simulator.books_of(store, account_id)
    if books is None:
        return False
    own = books.of(books.application.account_id)
    return _apply(own, own.get("account", account_id), form)


def _apply(own: Books, account: Record, form: dict[str, str]) -> bool:
    match form.get("action"):
        case "rename":
            name = form.get("business_name", "").strip()[:NAME_CHARACTERS_MAX]
            rename(own, account, name or None)
        case "enable_charges" | "disable_charges":
            set_charges_enabled(own, account, is_enabled=form["action"] == "enable_charges")
        case "disconnect":
            disconnect(own, account)
        case _:
            return False
    return True
