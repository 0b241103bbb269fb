"""An account's page: what its owner would do in Stripe's dashboard."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from stripe_simulator.billing.life import DUNNING, DUNNING_DEFAULT
from stripe_simulator.billing.reversals import OPEN_STATUSES, decide, dispute, refund
from stripe_simulator.books import Books
from stripe_simulator.connect import disconnect
from stripe_simulator.errors import StripeError
from stripe_simulator.pages.forms import read_form
from stripe_simulator.pages.rendering import message, page, see_other
from stripe_simulator.resources.accounts import rename, set_billing, set_charges_enabled
from stripe_simulator.resources.prices import discard
from stripe_simulator.shapes import Body
from stripe_simulator.simulator import Simulator
from stripe_simulator.store import Page, Record, Store

NAME_CHARACTERS_MAX = 100
TAX_PERCENT_MAX = 100
CHARGES_SHOWN_MAX = 20
PRODUCTS_SHOWN_MAX = 50

Form = dict[str, str]


async def show(request: Request) -> Response:
    """Show the account."""
    simulator: Simulator = request.app.state.simulator
    account_id = request.path_params["id"]
    values = await simulator.work(lambda store: _values(store, account_id))
    if values is None:
        return message("No such account", "Check the address.", status=HTTPStatus.NOT_FOUND)
    return page("account.html", **values)


async def submit(request: Request) -> Response:
    """Do what a button says: to the account, to its settings, or to one of its charges."""
    simulator: Simulator = request.app.state.simulator
    account_id = request.path_params["id"]
    form = await read_form(request)

    def change(store: Store) -> bool | StripeError:
        try:
            return _change(simulator, store, account_id, form)
        except StripeError as error:
            return error

    done = await simulator.work(change)
    if isinstance(done, StripeError):
        return message("Not possible", done.message, status=done.status)
    if not done:
        return message("Nothing chosen", "Go back and choose a button.", status=400)
    return see_other(f"/accounts/{account_id}")


def _values(store: Store, account_id: str) -> Body | None:
    record = store.find_anywhere("account", account_id)
    if record is None:
        return None
    charges, _ = store.page(account_id, "charge", Page(limit=CHARGES_SHOWN_MAX))
    disputes, _ = store.page(account_id, "dispute", Page(limit=CHARGES_SHOWN_MAX))
    products, _ = store.page(account_id, "product", Page(limit=PRODUCTS_SHOWN_MAX))
    prices, _ = store.page(account_id, "price", Page(limit=PRODUCTS_SHOWN_MAX))
    return {
        "account": record.body,
        "hidden": {"dunning": DUNNING_DEFAULT, "tax_percent": None} | record.hidden,
        "dunning": DUNNING,
        "charges": [charge.body for charge in charges],
        "disputes": {one.body["charge"]: one.body for one in disputes},
        "open_statuses": OPEN_STATUSES,
        "products": [product.body for product in products],
        "prices": [price.body for price in prices],
    }


def _change(simulator: Simulator, store: Store, account_id: str, form: Form) -> bool:
    books = simulator.books_of(store, account_id)
    if books is None:
        return False
    own = books.of(books.application.account_id)
    account = own.get("account", account_id)
    action = form.get("action", "")
    if action in _TO_ACCOUNTS:
        _TO_ACCOUNTS[action](own, account, form)
    elif action in _TO_CHARGES:
        _TO_CHARGES[action](books, books.get("charge", form.get("charge", "")), form)
    elif action in _TO_CATALOGUE:
        kind, remove = _TO_CATALOGUE[action]
        remove(books, books.get(kind, form.get(kind, "")))
    else:
        return False
    return True


def _rename(own: Books, account: Record, form: Form) -> None:
    name = form.get("business_name", "").strip()[:NAME_CHARACTERS_MAX]
    rename(own, account, name or None)


def _set_billing(own: Books, account: Record, form: Form) -> None:
    dunning, percent = form.get("dunning", DUNNING_DEFAULT), form.get("tax_percent", "").strip()
    if dunning not in DUNNING:
        raise StripeError("Choose what happens when every retry has failed.")
    try:
        tax_percent = float(percent) if percent else None
    except ValueError as error:
        raise StripeError("The tax rate is a number of percent, or empty.") from error
    if tax_percent is not None and not 0 <= tax_percent <= TAX_PERCENT_MAX:
        raise StripeError("The tax rate lies between 0 and 100 percent.")
    set_billing(own, account, dunning=dunning, tax_percent=tax_percent)


def _refund(books: Books, charge: Record, form: Form) -> None:
    amount = form.get("amount", "").strip()
    if amount and not amount.isdigit():
        raise StripeError("The amount is a whole number of minor units, or empty for all of it.")
    refund(books, charge, int(amount) if amount else None, reason="requested_by_customer")


def _dispute(books: Books, charge: Record, _: Form) -> None:
    dispute(books, charge)


def _decide(books: Books, charge: Record, status: str) -> None:
    found = books.all("dispute", charge=charge.id)
    if not found:
        raise StripeError("Nobody disputes this charge.")
    decide(books, found[0], status)


def _delete_product(books: Books, product: Record) -> None:
    """Delete a product with its prices, which the API alone cannot."""
    for price in books.all("price", product=product.id):
        discard(books, price)
    books.store.delete(product)
    books.emit("product.deleted", product.body)


_TO_ACCOUNTS: dict[str, Callable[[Books, Record, Form], None]] = {
    "rename": _rename,
    "billing": _set_billing,
    "enable_charges": lambda own, account, _: set_charges_enabled(own, account, is_enabled=True),
    "disable_charges": lambda own, account, _: set_charges_enabled(own, account, is_enabled=False),
    "disconnect": lambda own, account, _: disconnect(own, account),
}
_TO_CHARGES: dict[str, Callable[[Books, Record, Form], None]] = {
    "refund": _refund,
    "dispute": _dispute,
    "win": lambda books, charge, _: _decide(books, charge, "won"),
    "lose": lambda books, charge, _: _decide(books, charge, "lost"),
}
_TO_CATALOGUE: dict[str, tuple[str, Callable[[Books, Record], None]]] = {
    "delete_price": ("price", discard),
    "delete_product": ("product", _delete_product),
}
