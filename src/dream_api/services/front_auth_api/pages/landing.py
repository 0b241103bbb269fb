"""The first page: what this is, how it looks, what it costs, and the call it comes down to."""

from fastapi import APIRouter, Request, Response

from dream_api.kit.money import format_money
from dream_api.services.front_auth_api.pages.snippets import call_snippets
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.http.callers import find_developer
from dream_api.services.pages.brands import OURS
from dream_api.services.pages.charts import Point
from dream_api.services.pages.deltas import Delta
from dream_api.services.pages.rendering import count, render
from dream_api.services.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_STATS = (
    ("Monthly recurring revenue", "$69,444", Delta("+7.9%", "good")),
    ("End users", "5,000", Delta("+12.1%", "good")),
    ("Calls", "379,724", Delta("+8.6%", "good")),
)
_REVENUE = (
    ("Dec", 1_096), ("Jan", 4_265), ("Feb", 7_903), ("Mar", 14_068), ("Apr", 19_351),
    ("May", 25_220), ("Jun", 30_790), ("Jul", 38_212), ("Aug", 46_930), ("Sep", 58_704),
    ("Oct", 65_101), ("Nov", 69_444),
)  # fmt: skip
"""The year that `dream-api demo` makes up."""


@router.get("/")
async def landing(request: Request) -> Response:
    """Show the landing page."""
    rooms = rooms_of(request)
    _, example = call_snippets(rooms.settings.public_url, None)[0]
    return render(
        request,
        "landing.html",
        brand=OURS,
        is_signed_in=await find_developer(request) is not None,
        price=format_money(rooms.settings.platform_price_cents, "usd"),
        example=example,
        stats=_STATS,
        revenue=[Point(month, cents, f"${count(cents)}") for month, cents in _REVENUE],
    )
