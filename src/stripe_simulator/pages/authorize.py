"""The page on which a developer connects an account."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stripe_simulator.connect import Authorization, OAuthError, approve, deny, read_authorization
from stripe_simulator.pages.forms import read_form
from stripe_simulator.pages.rendering import message, page, see_other
from stripe_simulator.simulator import Simulator
from stripe_simulator.store import Page, Store

ACCOUNTS_SHOWN_MAX = 50
NAME_CHARACTERS_MAX = 100
_CARRIED = ("response_type", "client_id", "scope", "redirect_uri", "state")


async def show(request: Request) -> Response:
    """Ask the developer which account, and whether."""
    simulator: Simulator = request.app.state.simulator
    parameters = dict(request.query_params)
    try:
        asked = _read(simulator, parameters)
    except OAuthError as error:
        return JSONResponse(error.body(), error.status)
    accounts, name = await simulator.work(lambda store: _choices(simulator, store, asked))
    carried = {key: parameters[key] for key in _CARRIED if key in parameters}
    return page(
        "authorize.html",
        accounts=accounts,
        application_name=name,
        carried=carried,
        suggested_name=parameters.get("stripe_user[business_name]", "My business"),
    )


async def submit(request: Request) -> Response:
    """Take the developer's answer and send them back to the application."""
    simulator: Simulator = request.app.state.simulator
    form = await read_form(request)
    try:
        asked = _read(simulator, form)
    except OAuthError as error:
        return JSONResponse(error.body(), error.status)
    if form.get("action") == "deny":
        return see_other(deny(asked))
    if form.get("action") != "approve":
        return message("Nothing chosen", "Go back and choose a button.", status=400)
    chosen = form.get("account", "")
    business_name = form.get("business_name", "").strip()[:NAME_CHARACTERS_MAX]

    def connect(store: Store) -> str:
        books = simulator.books(store, asked.application)
        return approve(books, asked, "" if chosen == "new" else chosen, business_name)

    return see_other(await simulator.work(connect))


def _read(simulator: Simulator, parameters: dict[str, str]) -> Authorization:
    configuration = simulator.configuration
    applications = list(configuration.applications.values())
    return read_authorization(parameters, applications, configuration.redirect_uris)


def _choices(
    simulator: Simulator, store: Store, asked: Authorization
) -> tuple[list[tuple[str, str]], str]:
    own = simulator.books(store, asked.application)
    records, _ = store.page(own.account, "account", Page(limit=ACCOUNTS_SHOWN_MAX))
    accounts = [
        (record.id, record.body["business_profile"]["name"] or "(no business name)")
        for record in records
        if record.id != own.account
    ]
    name = own.get("account", own.account).body["business_profile"]["name"]
    return accounts, name
