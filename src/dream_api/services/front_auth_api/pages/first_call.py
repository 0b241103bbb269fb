"""After the keys: the first call, and the moment when it comes in."""

from fastapi import APIRouter, Request, Response

from dream_api.kit.errors import NotFound
from dream_api.services.front_auth_api.pages.console import SignedInConsole
from dream_api.services.front_auth_api.pages.snippets import call_snippets
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.rendering import render
from dream_api.services.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/dashboard/first-call")
async def show_first_call(request: Request, console: SignedInConsole) -> Response:
    """Show how to call, and the last call once there is one."""
    if console.platform_id is None:
        raise NotFound("The live platform is made with your first payment. Pay on /configure.")
    rooms = rooms_of(request)
    return render(
        request,
        "onboarding/first_call.html",
        console=console,
        snippets=call_snippets(rooms.settings.public_url, None),
        call=await rooms.dashboard.latest_call(console.platform_id),
        now=rooms.clock.now(),
        section="/dashboard/keys",
    )
