"""Settings of one platform: look, addresses, Checkout, Stripe, the embed, its data."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from dream_api.customers.dashboard import DAYS_MAX
from dream_api.customers.platforms import PlatformSettings
from dream_api.kit.errors import DreamError, NotFound, ValidationFailed
from dream_api.kit.keys import Mode
from dream_api.kit.periods import rfc3339
from dream_api.services.front_auth_api.pages.branding import branding_form, save_branding
from dream_api.services.front_auth_api.pages.console import (
    Console,
    SignedInConsole,
    metered,
    stripe_targets,
)
from dream_api.services.front_auth_api.rooms import FrontAuthApi, rooms_of
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


@router.get("/export.json")
async def export(request: Request, console: SignedInConsole) -> Response:
    """Stream everything that this platform knows as one JSON document."""
    return StreamingResponse(
        _export(rooms_of(request), _platform(console), console),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="platform-{console.mode}.json"'},
    )


async def _export(rooms: FrontAuthApi, platform_id: str, console: Console) -> AsyncIterator[str]:
    settings = await rooms.platforms.settings(platform_id)
    usage = await rooms.dashboard.metrics(platform_id, DAYS_MAX)
    head = {
        "platformId": platform_id,
        "mode": console.mode.value,
        "exportedAt": rfc3339(rooms.clock.now()),
        "branding": console.branding.to_wire(),
        "settings": settings.to_wire(),
        "tiers": [tier.to_wire() for tier in console.tiers.tiers],
        "usageByDay": [day.to_wire() for day in usage.usage_by_day],
    }
    yield json.dumps(head, ensure_ascii=False).removesuffix("}") + ', "users": '
    async for piece in rooms.dashboard.stream_json(platform_id):
        yield piece
    yield "}\n"


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
        case "checkout":
            present = await rooms.platforms.settings(_platform(console))
            settings = replace(
                present,
                allow_promotion_codes=form.is_checked("allowPromotionCodes"),
                automatic_tax=form.is_checked("automaticTax"),
            )
            async with metered(request, console):
                await rooms.editor.save_settings(_platform(console), settings)
        case _:
            raise ValidationFailed("Use one of the buttons of this page.")
    return "saved"


async def _show(request: Request, console: Console, form: Form, *, status: int = 200) -> Response:
    rooms = rooms_of(request)
    saved = dict(branding_form(console).values)
    checkout = PlatformSettings()
    if console.platform_id is not None:
        settings = await rooms.platforms.settings(console.platform_id)
        saved["allowedOrigins"] = "\n".join(settings.allowed_origins)
        saved["redirectUrls"] = "\n".join(settings.redirect_urls)
        checkout = settings
    return render(
        request,
        "console/settings.html",
        Answering(status, stripe_targets(request)),
        console=console,
        form=form.over(saved),
        checkout=checkout,
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
