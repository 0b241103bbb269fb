"""The first page: what this is, what it costs, and the call that it comes down to."""

from fastapi import APIRouter, Request, Response

from dream_api.kit.money import format_money
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.http.callers import find_developer
from dream_api.services.pages.brands import OURS
from dream_api.services.pages.rendering import render
from dream_api.services.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_EXAMPLE = """curl {url}/v1/track \\
  -H "Authorization: Bearer $SECRET_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{{"userId": "ada"}}'

{{
  "allowed": true, "reason": null,
  "userId": "ada", "plan": "pro",
  "usage": 42, "limit": 1000, "remaining": 958,
  …
}}"""


@router.get("/")
async def landing(request: Request) -> Response:
    """Show the landing page."""
    rooms = rooms_of(request)
    return render(
        request,
        "landing.html",
        brand=OURS,
        is_signed_in=await find_developer(request) is not None,
        price=format_money(rooms.settings.platform_price_cents, "usd"),
        example=_EXAMPLE.format(url=rooms.settings.public_url),
    )
