"""The first page after signing up: what the app is called and how it looks."""

from fastapi import APIRouter, Request, Response

from dream_api.kit.errors import DreamError
from dream_api.services.front_auth_api.pages.branding import branding_form, save_branding
from dream_api.services.front_auth_api.pages.console import Console, SignedInConsole
from dream_api.services.pages.forms import Form, read_form_with_file
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/setup")
async def show_setup(request: Request, console: SignedInConsole) -> Response:
    """Ask for name, colour and logo."""
    return _show(request, console, branding_form(console))


@router.post("/setup")
async def setup(request: Request, console: SignedInConsole) -> Response:
    """Save them for both platforms and go on."""
    form, logo = await read_form_with_file(request, "logo")
    try:
        await save_branding(request, console, _platforms(console), form, logo)
    except DreamError as refusal:
        return _show(request, console, form.refused(refusal), status=refusal.status)
    return see_other(console.link("/configure"))


def _show(request: Request, console: Console, form: Form, *, status: int = 200) -> Response:
    return render(
        request, "onboarding/setup.html", Answering(status), console=console, form=form, section=""
    )


def _platforms(console: Console) -> list[str]:
    """Both platforms: a name given before paying is not asked for again after it."""
    return [one for one in (console.ids.test, console.ids.live) if one is not None]
