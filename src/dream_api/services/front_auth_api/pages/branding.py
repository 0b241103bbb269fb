"""Name, colour and logo: shared by the first page of setting up and by the settings."""

from collections.abc import Sequence

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from dream_api.kit.colors import is_color
from dream_api.kit.errors import NotFound
from dream_api.services.front_auth_api.branding import ChangeBranding
from dream_api.services.front_auth_api.logos import encode_logo
from dream_api.services.front_auth_api.pages.console import Console, metered
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.http.problems import from_validation
from dream_api.services.pages.brand import DEFAULT_COLOR
from dream_api.services.pages.forms import Form


def branding_form(console: Console) -> Form:
    """Fill the fields with what is saved."""
    color = console.branding.color
    return Form(
        {
            "appName": console.branding.app_name,
            "color": color if is_color(color) else DEFAULT_COLOR,
        }
    )


async def save_branding(
    request: Request, console: Console, platform_ids: Sequence[str], form: Form, logo: bytes
) -> None:
    """Save what the fields hold; an empty file field leaves the logo as it is.

    Raises:
        ValidationFailed: name, colour or image; nothing was saved.
        NotFound: there is no platform to save for.
    """
    if not platform_ids:
        raise NotFound("There is no platform yet. Verify your address first.")
    look = _read_look(form)
    image = await encode_logo(logo) if logo else None
    editor = rooms_of(request).editor
    async with metered(request, console):
        for platform_id in platform_ids:
            await editor.save_look(platform_id, look.app_name, look.color.lower())
            if image is not None:
                await editor.save_logo(platform_id, image)


def _read_look(form: Form) -> ChangeBranding:
    """Read name and colour by the same rules as the JSON door."""
    fields = {"appName": form.value("appName").strip(), "color": form.value("color").strip()}
    try:
        return ChangeBranding.model_validate(fields)
    except ValidationError as error:
        raise from_validation(RequestValidationError(error.errors())) from error
