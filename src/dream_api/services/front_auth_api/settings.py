"""Where a platform's pages may be embedded, where end users may be sent, what Checkout offers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from dream_api.bridge.connect import PaymentRequired
from dream_api.customers.platforms import PlatformSettings
from dream_api.developers.management_usage import ManagementLimitReached
from dream_api.kit.errors import FieldError, ValidationFailed
from dream_api.kit.keys import Mode
from dream_api.services.front_auth_api.platform import Owned, metered
from dream_api.services.front_auth_api.rooms import Rooms
from dream_api.services.http.refusals import refusals
from dream_api.services.http.urls import check_url, origin_of
from dream_api.services.http.wire import Answer, Body, Omittable, Url

router = APIRouter(prefix="/platform/settings", responses=refusals(PaymentRequired))

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
    allow_promotion_codes: Annotated[
        Omittable[bool],
        Field(description="Checkout takes promotion codes of your Stripe account."),
    ] = None
    automatic_tax: Annotated[
        Omittable[bool],
        Field(description="Checkout adds tax; set Stripe Tax up on your Stripe account first."),
    ] = None


class SettingsAnswer(Answer):
    """A platform's settings. Test mode with no origin set allows http://localhost on any port."""

    allowed_origins: list[str]
    redirect_urls: list[str]
    allow_promotion_codes: bool
    automatic_tax: bool


@router.get("")
async def get_settings(platform: Owned, rooms: Rooms) -> SettingsAnswer:
    """Show the settings."""
    return _answer(await rooms.platforms.settings(platform.platform_id))


@router.put("", responses=refusals(ManagementLimitReached))
async def change_settings(body: ChangeSettings, platform: Owned, rooms: Rooms) -> SettingsAnswer:
    """Change the settings."""
    current = await rooms.platforms.settings(platform.platform_id)
    origins, urls = body.allowed_origins, body.redirect_urls
    settings = check_settings(
        current.allowed_origins if origins is None else origins,
        current.redirect_urls if urls is None else urls,
        allow_loopback=rooms.settings.development or platform.mode is Mode.TEST,
        present=current,
    )
    codes, tax = body.allow_promotion_codes, body.automatic_tax
    settings = replace(
        settings,
        allow_promotion_codes=current.allow_promotion_codes if codes is None else codes,
        automatic_tax=current.automatic_tax if tax is None else tax,
    )
    async with metered(rooms, platform.developer_id):
        await rooms.editor.save_settings(platform.platform_id, settings)
    return _answer(settings)


def check_settings(
    origins: Sequence[str], urls: Sequence[str], *, allow_loopback: bool, present: PlatformSettings
) -> PlatformSettings:
    """Check both lists, and put them in place of the present ones; repetitions are dropped.

    Raises:
        ValidationFailed: names every address that may not stand there.
    """
    errors = [
        *_errors_of(origins, "allowedOrigins", _check_origin, allow_loopback=allow_loopback),
        *_errors_of(urls, "redirectUrls", _check_redirect, allow_loopback=allow_loopback),
    ]
    if errors:
        raise ValidationFailed(
            "Correct the addresses that errors names.", param=errors[0].param, errors=tuple(errors)
        )
    return replace(
        present,
        allowed_origins=tuple(dict.fromkeys(origins)),
        redirect_urls=tuple(dict.fromkeys(urls)),
    )


def _errors_of(
    addresses: Sequence[str], name: str, check: Callable[[str, str], None], *, allow_loopback: bool
) -> list[FieldError]:
    if len(addresses) > ADDRESSES_MAX:
        return [FieldError(name, f"must hold at most {ADDRESSES_MAX} addresses")]
    errors: list[FieldError] = []
    for index, address in enumerate(addresses):
        param = f"{name}[{index}]"
        try:
            check_url(address, param=param, allow_loopback=allow_loopback)
            check(address, param)
        except ValidationFailed as refusal:
            errors += refusal.errors
    return errors


def _check_origin(origin: str, param: str) -> None:
    """Refuse what no browser would send as ``Origin``: a path, a default port, capitals."""
    exact = origin_of(origin, param=param)
    if origin != exact:
        raise ValidationFailed.of(param, "must be an exact origin", f"Write it as {exact}.")


def _check_redirect(url: str, param: str) -> None:
    if "#" in url:
        raise ValidationFailed.of(param, "must not have a fragment", "Leave out what follows #.")


def _answer(settings: PlatformSettings) -> SettingsAnswer:
    return SettingsAnswer(
        allowed_origins=list(settings.allowed_origins),
        redirect_urls=list(settings.redirect_urls),
        allow_promotion_codes=settings.allow_promotion_codes,
        automatic_tax=settings.automatic_tax,
    )
