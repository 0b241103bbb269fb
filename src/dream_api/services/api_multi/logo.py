"""A platform's logo, as the image that we encoded."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from dream_api.kit.errors import NotFound
from dream_api.services.api_multi.rooms import Rooms

router = APIRouter(include_in_schema=False)

_CACHING = "public, max-age=31536000, immutable"
"""The digest in the address stands for these bytes for ever."""


@router.get("/p/{platform_id}/logo/{digest}")
async def logo(
    platform_id: Annotated[str, Path(max_length=64)], digest: str, rooms: Rooms
) -> Response:
    """Serve the logo for everybody; a browser never guesses another type than ours."""
    found = await rooms.platforms.logo(platform_id)
    if found is None or found.digest != digest:
        raise NotFound("There is no such logo.")
    headers = {"Cache-Control": _CACHING, "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(found.image, media_type=found.media_type, headers=headers)
