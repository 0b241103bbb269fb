"""The hosted page of an invoice, to read."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from stripe_simulator.pages.rendering import message, page
from stripe_simulator.simulator import Simulator


async def show(request: Request) -> Response:
    """Show what was billed."""
    simulator: Simulator = request.app.state.simulator
    identifier = request.path_params["id"]
    record = await simulator.work(lambda store: store.find_anywhere("invoice", identifier))
    if record is None or record.body["status"] == "draft":
        return message("No such invoice", "Check the address.", status=HTTPStatus.NOT_FOUND)
    return page("invoice.html", invoice=record.body)
