"""A developer connects a Stripe account, comes back, or disconnects it.

The first two are visited by a browser: they answer with redirects, and every refusal of the way
back lands on the page of the tiers, which says what happened.
"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dream_api.bridge.connect import ConnectRefused, PaymentRequired
from dream_api.gateways.stripe import StripeNotConfigured, StripeUnavailable
from dream_api.kit.keys import Mode
from dream_api.services.http.callers import Developer, ModeQuery
from dream_api.services.http.refusals import refusals
from dream_api.services.oauth_api.rooms import Rooms
from dream_api.services.pages.routing import is_sender

LANDING_PATH = "/api-tier-config"
SETTINGS_PATH = "/dashboard/settings"

router = APIRouter(prefix="/oauth")

StripesWord = Annotated[str | None, Query(description="As Stripe sends it back.")]


@router.get(
    "/authorize",
    status_code=302,
    response_class=RedirectResponse,
    responses=refusals(PaymentRequired, StripeNotConfigured),
)
async def authorize(developer: Developer, rooms: Rooms, mode: ModeQuery) -> RedirectResponse:
    """Go to Stripe and choose the account that your end users shall pay."""
    url = await rooms.connect.authorize(developer.developer_id, mode, developer.email)
    return _redirect(url)


@router.get("/callback", status_code=302, response_class=RedirectResponse)
async def callback(
    developer: Developer,
    rooms: Rooms,
    code: StripesWord = None,
    state: StripesWord = None,
    error: StripesWord = None,
) -> RedirectResponse:
    """Come back from Stripe: the page of your tiers says `?stripe=connected` or why not."""
    try:
        mode = await rooms.connect.callback(
            developer.developer_id, code=code, state=state, error=error
        )
    except ConnectRefused as refused:
        return _landing(refused.reason, refused.mode)
    return _landing("connected", mode)


@router.post(
    "/disconnect", status_code=204, response_class=Response, responses=refusals(StripeUnavailable)
)
async def disconnect(
    request: Request, developer: Developer, rooms: Rooms, mode: ModeQuery
) -> Response:
    """Give our access to your Stripe account back. Usage goes on; checkout needs an account."""
    if not is_sender(request, developer.developer_id):
        return RedirectResponse(f"{SETTINGS_PATH}?notice=other-account", status_code=303)
    await rooms.connect.disconnect(developer.developer_id, mode)
    if "text/html" in request.headers.get("accept", ""):
        # A browser's form goes on to a page; a program wants nothing.
        query = urlencode({"mode": mode.value, "notice": "disconnected"})
        return RedirectResponse(f"{SETTINGS_PATH}?{query}", status_code=303)
    return Response(status_code=204)


def _landing(outcome: str, mode: Mode | None) -> RedirectResponse:
    query = {"stripe": outcome}
    if mode is Mode.TEST:
        query["mode"] = mode.value
    return _redirect(f"{LANDING_PATH}?{urlencode(query)}")


def _redirect(url: str) -> RedirectResponse:
    # The addresses on this way carry codes and states.
    return RedirectResponse(
        url,
        status_code=302,
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )
