"""What a platform sells, for pricing pages."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from dream_api.services.api_multi.rooms import Rooms
from dream_api.services.http.callers import PublishableOrSecretKey
from dream_api.services.http.wire import Answer
from dream_api.services.pages.brands import logo_url

router = APIRouter(prefix="/v1")


class PublicTier(Answer):
    """A tier on sale. Money in minor units; ``limit`` is units a month, null is unlimited."""

    name: str
    display_name: str
    price_cents: int = Field(examples=[2900])
    currency: str
    interval: Literal["month", "year"]
    limit: int | None
    rate_limit_per_minute: int | None
    features: list[str]
    popular: bool
    trial_days: int
    price_id: str | None
    product_id: str | None
    archived: bool


class PublicBranding(Answer):
    """How the platform looks."""

    app_name: str
    color: str
    logo_url: str | None = Field(examples=[None])


class TiersAnswer(Answer):
    """Tiers in the order their developer gave them."""

    tiers: list[PublicTier]
    branding: PublicBranding


@router.get("/tiers", response_model=TiersAnswer)
async def list_tiers(caller: PublishableOrSecretKey, rooms: Rooms) -> dict[str, Any]:
    """List the tiers on sale, and how the platform looks."""
    tiers = await rooms.platforms.tiers(caller.platform_id)
    branding = await rooms.platforms.branding(caller.platform_id)
    logo_path = logo_url(caller.platform_id, branding)
    return {
        "tiers": [tier.to_wire() for tier in tiers.tiers if not tier.archived],
        "branding": {
            "appName": branding.app_name,
            "color": branding.color,
            "logoUrl": f"{rooms.settings.public_url}{logo_path}" if logo_path else None,
        },
    }
