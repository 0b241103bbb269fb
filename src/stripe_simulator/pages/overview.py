"""The index and the log of events with their deliveries."""

from http import HTTPStatus
from sqlite3 import Row
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from stripe_simulator.delivery import resend
from stripe_simulator.pages.rendering import message, page, see_other
from stripe_simulator.simulator import Simulator
from stripe_simulator.store import Page, Store

EVENTS_SHOWN_MAX = 50
TYPE_CHARACTERS_MAX = 100
ACCOUNTS_SHOWN_MAX = 50
ENDPOINTS_SHOWN_MAX = 16


async def show_index(request: Request) -> Response:
    """Show which applications, accounts and endpoints there are."""
    simulator: Simulator = request.app.state.simulator
    applications = await simulator.work(lambda store: _applications(simulator, store))
    return page("index.html", here="/", applications=applications, now=simulator.clock.now())


async def show_events(request: Request) -> Response:
    """Show the latest events, each with what was delivered and what came back.

    ``type`` in the query wants those whose type begins so, ``account`` those of one account.
    """
    simulator: Simulator = request.app.state.simulator
    wanted = {
        "type": request.query_params.get("type", "").strip()[:TYPE_CHARACTERS_MAX],
        "account": request.query_params.get("account", ""),
    }
    values = await simulator.work(lambda store: _events(store, wanted))
    return page("events.html", here="/events", wanted=wanted, **values)


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


def _events(store: Store, wanted: dict[str, str]) -> dict[str, Any]:
    names = {
        account.id: account.body["business_profile"]["name"] or account.id
        for account in store.list_anywhere("account")
    }
    rows = store.execute(
        "SELECT account, id FROM objects WHERE kind = 'event' AND ? IN ('', account)"
        " AND substr(json_extract(body, '$.type'), 1, length(?)) = ?"
        " ORDER BY sequence DESC LIMIT ?",
        wanted["account"],
        wanted["type"],
        wanted["type"],
        EVENTS_SHOWN_MAX,
    ).fetchall()
    events = [_shown_event(store, row["account"], row["id"]) for row in rows]
    return {
        "accounts": sorted(names.items(), key=lambda account: account[1]),
        "events": [event | {"account_name": names[event["account"]]} for event in events],
        "shown_max": EVENTS_SHOWN_MAX,
    }


def _shown_event(store: Store, account: str, identifier: str) -> dict[str, Any]:
    event = store.find(account, "event", identifier)
    assert event is not None, "it has just been listed in the same transaction"
    deliveries = store.execute(
        "SELECT sequence, endpoint, state, is_copy FROM deliveries WHERE event = ?", identifier
    ).fetchall()
    states = {delivery["state"] for delivery in deliveries}
    return {
        "account": account,
        "body": event.body,
        # The worst of them stands for all.
        "state": next((one for one in ("failed", "pending", "delivered") if one in states), "none"),
        "deliveries": [_shown_delivery(store, delivery) for delivery in deliveries],
    }


def _shown_delivery(store: Store, delivery: Row) -> dict[str, Any]:
    endpoint = store.find_anywhere("webhook_endpoint", delivery["endpoint"])
    attempts = store.execute(
        "SELECT * FROM attempts WHERE delivery = ? ORDER BY number", delivery["sequence"]
    ).fetchall()
    url = endpoint.body["url"] if endpoint else f"{delivery['endpoint']}, which is deleted"
    return dict(delivery) | {"url": url, "attempts": attempts}
