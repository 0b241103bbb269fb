"""How a platform looks to its end users."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.requests import Request

from dream_api.bridge.connect import PaymentRequired
from dream_api.customers.platforms import Branding
from dream_api.developers.accounts import PlatformIds
from dream_api.developers.management_usage import ManagementLimitReached
from dream_api.kit.errors import FieldError, ValidationFailed
from dream_api.services.front_auth_api.logos import encode_logo
from dream_api.services.front_auth_api.platform import Owned, metered
from dream_api.services.front_auth_api.rooms import FrontAuthApi, Rooms
from dream_api.services.http.errors import BodyTooLarge
from dream_api.services.http.limits import RAW_BYTES_MAX
from dream_api.services.http.refusals import refusals
from dream_api.services.http.wire import Answer, Body

router = APIRouter(prefix="/platform/branding", responses=refusals(PaymentRequired))

APP_NAME_CHARACTERS_MAX = 60


_COLOR = re.compile(r"#[0-9a-f]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Look:
    """A name and a colour that may be shown."""

    app_name: str
    color: str


class ChangeBranding(Body):
    """The app's name and its colour."""

    app_name: Annotated[
        str, Field(description=f"1 to {APP_NAME_CHARACTERS_MAX} characters.", examples=["Acme"])
    ]
    color: Annotated[str, Field(description="`#rrggbb`.", examples=["#3355ff"])]


class BrandingAnswer(Answer):
    """How the platform looks; ``logoUrl`` is an image that we encoded and serve."""

    app_name: str
    color: str
    logo_url: str | None


@router.get("")
async def get_branding(platform: Owned, rooms: Rooms) -> BrandingAnswer:
    """Show name, colour and logo."""
    branding = await rooms.platforms.branding(platform.platform_id)
    return _answer(rooms, platform.platform_id, branding)


@router.put("", responses=refusals(ManagementLimitReached))
async def change_branding(body: ChangeBranding, platform: Owned, rooms: Rooms) -> BrandingAnswer:
    """Change name and colour."""
    look = check_look(body.app_name, body.color)
    async with metered(rooms, platform.developer_id):
        branding = await rooms.editor.save_look(platform.platform_id, look.app_name, look.color)
    return _answer(rooms, platform.platform_id, branding)


@router.put(
    "/logo",
    responses=refusals(ManagementLimitReached, ValidationFailed, BodyTooLarge),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media_type: {"schema": {"type": "string", "format": "binary"}}
                for media_type in ("image/png", "image/jpeg", "image/webp")
            },
        }
    },
)
async def put_logo(request: Request, platform: Owned, rooms: Rooms) -> BrandingAnswer:
    """Upload a logo: PNG, JPEG or WebP, at most 256 KB; it is encoded anew."""
    logo = await encode_logo(await _read_upload(request))
    async with metered(rooms, platform.developer_id):
        branding = await rooms.editor.save_logo(platform.platform_id, logo)
    return _answer(rooms, platform.platform_id, branding)


@router.delete("/logo", responses=refusals(ManagementLimitReached))
async def delete_logo(platform: Owned, rooms: Rooms) -> BrandingAnswer:
    """Remove the logo."""
    async with metered(rooms, platform.developer_id):
        branding = await rooms.editor.save_logo(platform.platform_id, None)
    return _answer(rooms, platform.platform_id, branding)


def check_look(app_name: str, color: str) -> Look:
    """Check a name and a colour.

    Raises:
        ValidationFailed: names both where both are wrong.
    """
    errors = []
    is_named = 1 <= len(app_name) <= APP_NAME_CHARACTERS_MAX and app_name == app_name.strip()
    if not is_named or not app_name.isprintable():
        errors.append(
            FieldError("appName", f"must be one line of 1 to {APP_NAME_CHARACTERS_MAX} characters")
        )
    if not _COLOR.fullmatch(color.lower()):
        errors.append(FieldError("color", "must be a colour", "For example #3355ff."))
    if errors:
        raise ValidationFailed(
            "Correct the name or the colour.", param=errors[0].param, errors=tuple(errors)
        )
    return Look(app_name, color.lower())


async def carry_look_over(rooms: FrontAuthApi, ids: PlatformIds) -> None:
    """Give the live platform, once there is one, the look that was chosen in test mode."""
    if ids.live is not None:
        await rooms.editor.copy_look(ids.test, ids.live)


async def _read_upload(request: Request) -> bytes:
    """Read the image: the body itself, or the first file of a form."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    async with request.form(max_files=1, max_fields=1) as form:
        files = [part for part in form.values() if isinstance(part, UploadFile)]
        upload = await files[0].read() if files else b""
    if len(upload) > RAW_BYTES_MAX:
        raise BodyTooLarge(f"Send a logo of at most {RAW_BYTES_MAX:,} bytes.")
    return upload


def _answer(rooms: FrontAuthApi, platform_id: str, branding: Branding) -> BrandingAnswer:
    logo_url = None
    if branding.logo is not None:
        logo_url = f"{rooms.settings.public_url}/p/{platform_id}/logo/{branding.logo}"
    return BrandingAnswer(app_name=branding.app_name, color=branding.color, logo_url=logo_url)
