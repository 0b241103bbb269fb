"""Errors for people: the same status and words as the problem document, as a page."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from dream_api.services.http.problems import Problem
from dream_api.services.pages.brands import BRAND_STATE, OURS, Brand
from dream_api.services.pages.links import with_query
from dream_api.services.pages.policy import content_security_policy
from dream_api.services.pages.rendering import draw

_CONSOLE_PREFIXES = ("/dashboard", "/oauth/", "/configure", "/setup", "/api-tier-config")


def render_problem(scope: Scope, problem: Problem) -> Response:
    """Draw an error page. It reads nothing but the request, so it works when all else fails.

    It carries the name of the platform whose page the person was on, where that had been found.
    """
    request = Request(scope)
    brand = getattr(request.state, BRAND_STATE, OURS)
    body = draw(
        request,
        "problem.html",
        problem=problem,
        brand=brand,
        way_on=_way_on(request, problem, brand),
        is_page=request.method == "GET",
    )
    policy = content_security_policy(())
    return HTMLResponse(body, problem.status, {"Content-Security-Policy": policy})


def _way_on(request: Request, problem: Problem, brand: Brand) -> tuple[str, str]:
    """Say where the person goes from here: the words of the button, and its address."""
    path = request.url.path
    is_console = brand.is_ours and path.startswith(_CONSOLE_PREFIXES)
    if problem.status == HTTPStatus.UNAUTHORIZED and is_console:
        wanted = f"{path}?{request.url.query}" if request.method == "GET" else "/dashboard"
        return "Sign in", with_query("/sign-in", next=wanted)
    if is_console:
        return "Go to the dashboard", "/dashboard"
    return "Go to the start", brand.home
