"""The log of Stripe's events of one platform: what each carried, what became of it, replay."""

import json

from fastapi import APIRouter, Request, Response

from dream_api.kit.errors import DreamError, NotFound
from dream_api.services.front_auth_api.pages.console import Console, SignedInConsole
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/dashboard/webhooks", route_class=PageRoute, include_in_schema=False)

_EVENTS_A_PAGE = 50


@router.get("")
async def show_webhooks(request: Request, console: SignedInConsole) -> Response:
    """List what Stripe told us, newest first."""
    return await _show(request, console, Form())


@router.get("/{event_id}")
async def show_event(request: Request, console: SignedInConsole, event_id: str) -> Response:
    """Show one event: what it carried, and what became of it."""
    rooms = rooms_of(request)
    event = await rooms.console.event(_platform(console), event_id)
    return render(
        request,
        "console/webhook.html",
        console=console,
        event=event,
        payload=json.dumps(event.payload, indent=2, ensure_ascii=False),
        now=rooms.clock.now(),
    )


@router.post("")
async def replay(request: Request, console: SignedInConsole) -> Response:
    """Handle an event again; handling it twice changes nothing."""
    form = await read_form(request)
    try:
        await rooms_of(request).console.replay(_platform(console), form.value("event"))
    except DreamError as refusal:
        return await _show(request, console, form.refused(refusal), status=refusal.status)
    return see_other(console.link("/dashboard/webhooks"), notice="event-replayed")


async def _show(request: Request, console: Console, form: Form, *, status: int = 200) -> Response:
    rooms = rooms_of(request)
    cursor = request.query_params.get("cursor")
    page = None
    if console.platform_id is not None:
        page = await rooms.console.events(console.platform_id, _EVENTS_A_PAGE, cursor)
    return render(
        request,
        "console/webhooks.html",
        Answering(status),
        console=console,
        events=page.events if page else (),
        next_cursor=page.next_cursor if page else None,
        is_later_page=cursor is not None,
        form=form,
        now=rooms.clock.now(),
    )


def _platform(console: Console) -> str:
    if console.platform_id is None:
        raise NotFound("There is no live platform yet, so there are no events.")
    return console.platform_id
