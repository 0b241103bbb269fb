"""The theme: a cookie that the server reads, so that no page flashes in the wrong colours."""

from fastapi import APIRouter, Request, Response

from dream_api.services.pages.forms import read_form
from dream_api.services.pages.links import local_path
from dream_api.services.pages.rendering import THEME_COOKIE, THEMES, see_other
from dream_api.services.pages.routing import PageRoute, door_settings

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_YEAR_SECONDS = 31_536_000


@router.post("/theme")
async def choose_theme(request: Request) -> Response:
    """Remember a choice of theme and go back to where it was made."""
    form = await read_form(request)
    answer = see_other(local_path(form.value("next"), "/"))
    if form.value("theme") in THEMES:
        answer.set_cookie(
            THEME_COOKIE,
            form.value("theme"),
            max_age=_YEAR_SECONDS,
            secure=door_settings(request).is_https,
            samesite="lax",
        )
    return answer
