"""The index and the log of events with their deliveries."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from stripe_simulator.delivery import resend
from stripe_simulator.pages.rendering import message, page, see_other
from stripe_simulator.simulator import Simulator
from stripe_simulator.store import Page, Store

EVENTS_SHOWN_MAX = 100
ACCOUNTS_SHOWN_MAX = 50
ENDPOINTS_SHOWN_MAX = 16


async def show_index(request: Request) -> Response:
    """Show which applications, accounts and endpoints there are."""
    simulator: Simulator = request.app.state.simulator
    applications = await simulator.work(lambda store: _applications(simulator, store))
    return page("index.html", applications=applications, now=simulator.clock.now())


async def show_events(request: Request) -> Response:
    """Show the latest events, each with what was delivered and what came back."""
    simulator: Simulator = request.app.state.simulator
    return page("events.html", events=await simulator.work(_events))


async def resend_delivery(request: Request) -> Response:
    """Deliver an event to its endpoint once more."""
    simulator: Simulator = request.app.state.simulator
    sequence = request.path_params["delivery"]
    now = simulator.clock.now()
    if not await simulator.work(lambda store: resend(store, sequence, now=now)):
        return message("No such delivery", "Check the address.", status=HTTPStatus.NOT_FOUND)
    return see_other("/events")


def _applications(simulator: Simulator, store: Store) -> list[dict[str, Any]]:
    shown = []
    for application in simulator.configuration.applications.values():
        own = application.account_id
        accounts, _ = store.page(own, "account", Page(limit=ACCOUNTS_SHOWN_MAX))
        endpoints, _ = store.page(own, "webhook_endpoint", Page(limit=ENDPOINTS_SHOWN_MAX))
        shown.append(
            {
                "client_id": application.client_id,
                "own": own,
                "accounts": accounts,
                "endpoints": endpoints,
            }
        )
    return shown


def _events(store: Store) -> list[dict[str, Any]]:
    rows = store.execute(
        "SELECT account, id, body FROM objects WHERE kind = 'event' ORDER BY sequence DESC LIMIT ?",
        EVENTS_SHOWN_MAX,
    ).fetchall()
    return [_shown_event(store, row["account"], row["id"]) for row in rows]


def _shown_event(store: Store, account: str, identifier: str) -> dict[str, Any]:
    event = store.find(account, "event", identifier)
    assert event is not None, "it has just been listed in the same transaction"
    deliveries = store.execute(
        "SELECT sequence, endpoint, state, due_at FROM deliveries WHERE event = ?", identifier
    ).fetchall()
    return {
        "account": account,
        "body": event.body,
        "deliveries": [
            dict(delivery)
            | {
                "attempts": store.execute(
                    "SELECT * FROM attempts WHERE delivery = ? ORDER BY number",
                    delivery["sequence"],
                ).fetchall()
            }
            for delivery in deliveries
        ],
    }
