"""A platform's colour and logo, as files of their own: the policy allows nothing inline."""

from fastapi import APIRouter, Request, Response

from dream_api.kit.errors import NotFound
from dream_api.services.api_multi.pages.host import rooms_of
from dream_api.services.pages.brand import brand_css
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/p/{platform_id}", route_class=PageRoute, include_in_schema=False)

_CACHING = "public, max-age=300"
_FOREVER = "public, max-age=31536000, immutable"


@router.get("/brand.css")
async def stylesheet(request: Request, platform_id: str) -> Response:
    """Send the tokens of the platform's colour; an unknown platform gets the default ones."""
    branding = await rooms_of(request).platforms.branding(platform_id)
    css = brand_css(branding.color)
    return Response(css, headers={"Cache-Control": _CACHING}, media_type="text/css")


@router.get("/logo/{digest}")
async def logo(request: Request, platform_id: str, digest: str) -> Response:
    """Send the platform's logo as we encoded it; a new logo has a new address.

    Any site may show it: the pricing table is embedded on sites of the platform's choice.
    """
    found = await rooms_of(request).platforms.logo(platform_id)
    if found is None or found.digest != digest:
        raise NotFound("There is no such logo. GET /v1/tiers gives the present address.")
    headers = {"Cache-Control": _FOREVER, "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(found.image, headers=headers, media_type=found.media_type)
