"""Render a page with the headers that every page carries."""

from functools import lru_cache
from http import HTTPStatus
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from stripe_simulator.billing.lines import day_text, moment_text, money_text

# No script, no frame, no foreign content. form-action is left open on purpose: Chromium applies
# it to redirects as well, and a payment ends with a redirect to the shop's own origin.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def page(template: str, *, status: int = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    """Render *template*; every value is escaped."""
    text = _environment().get_template(template).render(**values)
    return HTMLResponse(text, status_code=status, headers=_HEADERS)


def message(title: str, text: str, *, status: int, link: str = "", label: str = "") -> HTMLResponse:
    """Render a page that only says something, with one way on."""
    return page("message.html", status=status, title=title, text=text, link=link, label=label)


def see_other(url: str) -> RedirectResponse:
    """Send the browser on after a form post."""
    return RedirectResponse(url, status_code=HTTPStatus.SEE_OTHER)


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("stripe_simulator", "pages/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": day_text, "moment": moment_text}
    environment.globals |= {"money": money_text}
    return environment
