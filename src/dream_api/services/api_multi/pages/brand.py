"""A platform's colour as a stylesheet of its own: the policy allows nothing inline."""

from fastapi import APIRouter, Request, Response

from dream_api.services.api_multi.pages.host import rooms_of
from dream_api.services.pages.brand import brand_css
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/p/{platform_id}", route_class=PageRoute, include_in_schema=False)

PREVIEW_SCOPE = ".brand-preview"
_CACHING = "public, max-age=300"


@router.get("/brand.css")
async def stylesheet(request: Request, platform_id: str) -> Response:
    """Send the tokens of the platform's colour; an unknown platform gets the default ones.

    ``?scope=preview`` gives them to previews alone, for the console's own pages.
    """
    branding = await rooms_of(request).platforms.branding(platform_id)
    is_preview = request.query_params.get("scope") == "preview"
    css = brand_css(branding.color, PREVIEW_SCOPE if is_preview else ":root")
    return Response(css, headers={"Cache-Control": _CACHING}, media_type="text/css")
