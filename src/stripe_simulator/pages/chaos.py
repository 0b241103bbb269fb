"""Where one asks for trouble: a page for people, and the same as JSON for tests."""

import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stripe_simulator.chaos import Chaos, read_chaos, roll_secret, set_chaos
from stripe_simulator.errors import StripeError
from stripe_simulator.pages.forms import read_body, read_form
from stripe_simulator.pages.rendering import message, page, see_other
from stripe_simulator.simulator import Simulator
from stripe_simulator.store import Store

_JSON = "application/json"
_NUMBERS = ("duplicate", "drop", "wrong_mode", "unknown_account")


async def show(request: Request) -> Response:
    """Show what goes wrong now."""
    simulator: Simulator = request.app.state.simulator
    chaos = await simulator.work(read_chaos)
    if _JSON in request.headers.get("accept", ""):
        return JSONResponse(asdict(chaos))
    endpoints = await simulator.work(lambda store: store.list_anywhere("webhook_endpoint"))
    return page("chaos.html", here="/chaos", chaos=chaos, endpoints=endpoints)


async def submit(request: Request) -> Response:
    """Set what goes wrong from now on; what is left out goes right again."""
    simulator: Simulator = request.app.state.simulator
    is_json = request.headers.get("content-type", "").startswith(_JSON)
    try:
        given = _object(await read_body(request)) if is_json else _read(await read_form(request))
        chaos: Chaos = await simulator.work(lambda store: set_chaos(store, given))
    except StripeError as error:
        if is_json:
            return JSONResponse(error.body(log_url=""), error.status)
        return message("Not possible", error.message, status=error.status)
    return JSONResponse(asdict(chaos)) if is_json else see_other("/chaos")


async def roll(request: Request) -> Response:
    """Give an endpoint a new secret; the old one signs on beside it for a day."""
    simulator: Simulator = request.app.state.simulator
    identifier, now = request.path_params["id"], simulator.clock.now()

    def change(store: Store) -> str | None:
        endpoint = store.find_anywhere("webhook_endpoint", identifier)
        if endpoint is None:
            return None
        secret = roll_secret(endpoint, now=now)
        store.save(endpoint)
        return secret

    secret = await simulator.work(change)
    if secret is None:
        return message("No such endpoint", "Check the address.", status=HTTPStatus.NOT_FOUND)
    if _JSON in request.headers.get("accept", ""):
        return JSONResponse({"id": identifier, "secret": secret})
    return message(
        "The secret was rolled", f"The new secret is {secret}.", status=HTTPStatus.OK,
        link="/chaos", label="Back",
    )  # fmt: skip


def _object(body: str) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError as error:
        raise StripeError("This is no JSON.") from error
    if not isinstance(given, dict):
        raise StripeError("Send a JSON object.")
    return given


def _read(form: dict[str, str]) -> dict[str, Any]:
    if form.get("action") == "calm":
        return {}
    try:
        likelihoods = {name: float(form.get(name) or 0) for name in _NUMBERS}
        numbers = {name: int(form.get(name) or 0) for name in ("delay_seconds", "seed")}
    except ValueError as error:
        raise StripeError("Likelihoods are numbers from 0 to 1, the rest whole numbers.") from error
    return {**likelihoods, **numbers, "shuffle": "shuffle" in form}
