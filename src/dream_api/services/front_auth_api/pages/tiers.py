"""The tiers as they are: price, limits, and how many people are on each."""

from fastapi import APIRouter, Request, Response

from dream_api.kit.errors import DreamError
from dream_api.services.front_auth_api.pages.console import (
    Console,
    SignedInConsole,
    metered,
)
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/dashboard/tiers")
async def show_tiers(request: Request, console: SignedInConsole) -> Response:
    """List the tiers, archived ones last."""
    return await _show(request, console, Form())


@router.post("/dashboard/tiers")
async def archive_tier(request: Request, console: SignedInConsole) -> Response:
    """Take a tier off sale."""
    form = await read_form(request)
    catalog = rooms_of(request).catalog
    try:
        async with metered(request, console):
            await catalog.delete_tier(console.developer_id, console.mode, form.value("tier"))
    except DreamError as refusal:
        return await _show(request, console, form.refused(refusal), status=refusal.status)
    return see_other(console.link("/dashboard/tiers"), notice="tier-archived")


async def _show(request: Request, console: Console, form: Form, *, status: int = 200) -> Response:
    listed = await rooms_of(request).catalog.list_tiers(console.developer_id, console.mode)
    return render(
        request,
        "console/tiers.html",
        Answering(status),
        console=console,
        tiers=[(one.tier, one.subscribers) for one in listed],
        form=form,
    )
