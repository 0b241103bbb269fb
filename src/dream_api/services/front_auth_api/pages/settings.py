"""Settings of one platform: look, addresses, the connected Stripe account, the embed."""

from fastapi import APIRouter, Request, Response

from dream_api.customers.platforms import PlatformSettings
from dream_api.kit.errors import DreamError, NotFound, ValidationFailed
from dream_api.kit.keys import Mode
from dream_api.services.front_auth_api.pages.branding import branding_form, save_branding
from dream_api.services.front_auth_api.pages.console import (
    Console,
    SignedInConsole,
    metered,
    stripe_targets,
)
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.front_auth_api.settings import ADDRESSES_MAX, check_settings
from dream_api.services.pages.forms import Form, read_form_with_file
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/dashboard/settings", route_class=PageRoute, include_in_schema=False)

_EMBED = """<script type="module" src="{url}/embed/v1/dream.js"></script>
<dream-pricing-table publishable-key="{platform_id}">
  <a href="{url}/p/{platform_id}/pricing">See our plans</a>
</dream-pricing-table>"""


@router.get("")
async def show_settings(request: Request, console: SignedInConsole) -> Response:
    """Show the settings."""
    return await _show(request, console, Form())


@router.post("")
async def change_settings(request: Request, console: SignedInConsole) -> Response:
    """Save one part of the page: the button says which."""
    form, logo = await read_form_with_file(request, "logo")
    try:
        notice = await _act(request, console, form, logo)
    except DreamError as refusal:
        # Lists are refused by their line (redirectUrls[0]); the form has one field for all lines.
        names = {error.param: error.param.partition("[")[0] for error in refusal.errors}
        return await _show(request, console, form.refused(refusal, names), status=refusal.status)
    return see_other(console.link("/dashboard/settings"), notice=notice)


async def _act(request: Request, console: Console, form: Form, logo: bytes) -> str:
    rooms = rooms_of(request)
    match form.value("action"):
        case "branding":
            await save_branding(request, console, [_platform(console)], form, logo)
        case "remove-logo":
            async with metered(request, console):
                await rooms.editor.save_logo(_platform(console), None)
            return "logo-removed"
        case "addresses":
            settings = _read_addresses(
                form,
                allow_loopback=rooms.settings.development or console.mode is Mode.TEST,
                present=await rooms.platforms.settings(_platform(console)),
            )
            async with metered(request, console):
                await rooms.editor.save_settings(_platform(console), settings)
        case _:
            raise ValidationFailed("Use one of the buttons of this page.")
    return "saved"


async def _show(request: Request, console: Console, form: Form, *, status: int = 200) -> Response:
    rooms = rooms_of(request)
    saved = dict(branding_form(console).values)
    if console.platform_id is not None:
        settings = await rooms.platforms.settings(console.platform_id)
        saved["allowedOrigins"] = "\n".join(settings.allowed_origins)
        saved["redirectUrls"] = "\n".join(settings.redirect_urls)
    return render(
        request,
        "console/settings.html",
        Answering(status, stripe_targets(request)),
        console=console,
        form=form.over(saved),
        embed=_EMBED.format(url=rooms.settings.public_url, platform_id=console.platform_id),
    )


def _platform(console: Console) -> str:
    if console.platform_id is None:
        raise NotFound("The live platform is made with your first payment. Pay on /configure.")
    return console.platform_id


def _read_addresses(
    form: Form, *, allow_loopback: bool, present: PlatformSettings
) -> PlatformSettings:
    return check_settings(
        _lines(form, "allowedOrigins"),
        _lines(form, "redirectUrls"),
        allow_loopback=allow_loopback,
        present=present,
    )


def _lines(form: Form, name: str) -> list[str]:
    lines = [line.strip() for line in form.value(name).splitlines() if line.strip()]
    if len(lines) > ADDRESSES_MAX:
        raise ValidationFailed.of(name, f"must be at most {ADDRESSES_MAX} lines")
    return lines
