"""Where a platform's pages may be embedded, and where its end users may be sent."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from dream_api.customers.platforms import PlatformSettings
from dream_api.developers.management_usage import ManagementLimitReached
from dream_api.kit.errors import FieldError, ValidationFailed
from dream_api.kit.keys import Mode
from dream_api.services.front_auth_api.platform import Owned, Rooms, metered
from dream_api.services.http.refusals import refusals
from dream_api.services.http.urls import check_url, origin_of
from dream_api.services.http.wire import Answer, Body, Omittable, Url

router = APIRouter(prefix="/platform/settings")

ADDRESSES_MAX = 50


class ChangeSettings(Body):
    """Each list replaces the one before; a list left out stays."""

    allowed_origins: Annotated[
        Omittable[list[Url]],
        Field(
            max_length=ADDRESSES_MAX, description="Exact origins, for example https://app.example."
        ),
    ] = None
    redirect_urls: Annotated[
        Omittable[list[Url]],
        Field(max_length=ADDRESSES_MAX, description="Their origins are where people may be sent."),
    ] = None


class SettingsAnswer(Answer):
    """A platform's settings. Test mode with no origin set allows http://localhost on any port."""

    allowed_origins: list[str]
    redirect_urls: list[str]


@router.get("")
async def get_settings(platform: Owned, rooms: Rooms) -> SettingsAnswer:
    """Show the settings."""
    return _answer(await rooms.platforms.settings(platform.platform_id))


@router.put("", responses=refusals(ManagementLimitReached))
async def change_settings(body: ChangeSettings, platform: Owned, rooms: Rooms) -> SettingsAnswer:
    """Change the settings."""
    allow_loopback = rooms.settings.development or platform.mode is Mode.TEST
    current = await rooms.platforms.settings(platform.platform_id)
    settings = PlatformSettings(
        allowed_origins=current.allowed_origins
        if body.allowed_origins is None
        else checked_origins(body.allowed_origins, allow_loopback=allow_loopback),
        redirect_urls=current.redirect_urls
        if body.redirect_urls is None
        else checked_redirects(body.redirect_urls, allow_loopback=allow_loopback),
    )
    async with metered(rooms, platform.developer_id):
        await rooms.editor.save_settings(platform.platform_id, settings)
    return _answer(settings)


def checked_origins(origins: list[str], *, allow_loopback: bool) -> tuple[str, ...]:
    """Check and order origins; each as a browser writes it, nothing after the port.

    Raises:
        ValidationFailed: names the first that is none.
    """
    for index, origin in enumerate(origins):
        param = f"allowedOrigins[{index}]"
        check_url(origin, param=param, allow_loopback=allow_loopback)
        exact = origin_of(origin, param=param)
        if origin != exact:
            wrong = FieldError(param, "must be an exact origin", f"Write it as {exact}.")
            raise ValidationFailed(f"{param} must be an exact origin.", errors=(wrong,))
    return tuple(dict.fromkeys(origins))


def checked_redirects(urls: list[str], *, allow_loopback: bool) -> tuple[str, ...]:
    """Check addresses that people may be sent to.

    Raises:
        ValidationFailed: names the first that may not stand there.
    """
    for index, url in enumerate(urls):
        param = f"redirectUrls[{index}]"
        check_url(url, param=param, allow_loopback=allow_loopback)
        if "#" in url:
            raise ValidationFailed.of(
                param, "must not have a fragment", "Leave out what follows #."
            )
    return tuple(dict.fromkeys(urls))


def _answer(settings: PlatformSettings) -> SettingsAnswer:
    return SettingsAnswer(
        allowed_origins=list(settings.allowed_origins), redirect_urls=list(settings.redirect_urls)
    )
