"""Errors for people: the same status and words as the problem document, as a page."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from dream_api.services.http.problems import Problem
from dream_api.services.pages.brands import BRAND_STATE, OURS
from dream_api.services.pages.policy import content_security_policy
from dream_api.services.pages.rendering import draw


def render_problem(scope: Scope, problem: Problem) -> Response:
    """Draw an error page. It reads nothing but the request, so it works when all else fails.

    It carries the name of the platform whose page the person was on, where that had been found.
    """
    brand = getattr(Request(scope).state, BRAND_STATE, OURS)
    body = draw(Request(scope), "problem.html", problem=problem, brand=brand)
    policy = content_security_policy(())
    return HTMLResponse(body, problem.status, {"Content-Security-Policy": policy})
