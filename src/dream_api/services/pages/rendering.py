"""Templates into pages: one environment, one way to answer, the same headers on every page."""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from dream_api.kit.money import format_money
from dream_api.kit.periods import rfc3339
from dream_api.services.pages.charts import chart, short_number
from dream_api.services.pages.devices import device_name
from dream_api.services.pages.links import with_parameters, with_query
from dream_api.services.pages.policy import content_security_policy
from dream_api.services.pages.static_files import static_url

THEME_COOKIE = "theme"
THEMES = ("light", "dark")

_SCRIPTS = "<!-- scripts -->"
"""Where the skeleton leaves room for the modules that a page needs."""
_MODULES = (
    ("data-copy", "copy.js"),
    ("<dialog", "dialogs.js"),
    ("popovertarget", "menus.js"),
    ('class="chart"', "charts.js"),
    ("data-live-form", "live.js"),
    ("data-live-edit", "editing.js"),
    ('type="color"', "brand.js"),
    ("data-waiting", "waiting.js"),
)
"""What a page holds, and the module that looks for it: nobody loads what their page cannot use."""

_SECONDS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_DAYS_AGO_MAX = 30
_GZIP_LEVEL = 5


@dataclass(frozen=True, slots=True)
class Answering:
    """How a page is answered, beside what it shows."""

    status: int = 200
    form_targets: Iterable[str] = ()
    """Origins outside ours that this page's forms may lead to."""

    holds_secret: bool = False
    """A page with a secret is not compressed: its length would tell of what it holds."""


def render(
    request: Request, template: str, answering: Answering | None = None, /, **context: Any
) -> HTMLResponse:
    """Answer with a page. Pages are never cached: they show what is true for one person now."""
    answering = answering or Answering()
    headers = {
        "Content-Security-Policy": content_security_policy(answering.form_targets),
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding",
    }
    body = draw(request, template, **context).encode()
    if not answering.holds_secret and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return HTMLResponse(body, answering.status, headers)


def draw(request: Request, template: str, /, **context: Any) -> str:
    """Turn a template into HTML, with what every page knows: its theme, address and notice."""
    theme = request.cookies.get(THEME_COOKIE)
    query = request.url.query
    page = (
        environment()
        .get_template(template)
        .render(
            theme=theme if theme in THEMES else None,
            here=request.url.path + (f"?{query}" if query else ""),
            here_path=request.url.path,
            notice=NOTICES.get(request.query_params.get("notice", "")),
            **context,
        )
    )
    return page.replace(_SCRIPTS, _script_tags(page), 1)


def _script_tags(page: str) -> str:
    return "\n".join(
        f'<script type="module" src="{static_url(name)}"></script>'
        for mark, name in _MODULES
        if mark in page
    )


def see_other(url: str, **query: str | int | None) -> Response:
    """Answer a form post: the browser goes on with a GET, so that a reload repeats nothing."""
    return RedirectResponse(with_query(url, **query), 303, {"Cache-Control": "no-store"})


NOTICES = {
    "signed-out": "You are signed out.",
    "signed-out-everywhere": "You are signed out on every device.",
    "password-reset": "Your password is changed. Sign in with the new one.",
    "password-changed": "Your password is changed. Every other session is signed out.",
    "code-sent": "If that address has an account, a code is on its way.",
    "saved": "Saved.",
    "tiers-saved": "Your tiers are saved.",
    "tiers-promoted": "Your test tiers are now live.",
    "tier-archived": "The tier is archived.",
    "key-revoked": "The key is revoked. It stopped working just now.",
    "user-saved": "The end user is updated.",
    "user-erased": "The end user is erased.",
    "usage-adjusted": "The usage is adjusted.",
    "event-replayed": "The event will be handled again in a moment.",
    "other-account": "Nothing was changed: you are signed in as somebody else now.",
    "disconnected": "Your Stripe account is disconnected.",
    "logo-removed": "The logo is removed.",
    "session-ended": "That session is signed out.",
    "account-deleted": "Your account is deleted.",
    "checkout-canceled": "Nothing was charged. You can try again whenever you like.",
    "subscribed": "Thank you! Your plan is active.",
    "plan-changed": "Your plan is changed.",
    "email-changed": "Your email address is changed.",
}
"""What a page may say after a redirect: the address carries a name from here, never a text."""


@cache
def environment() -> Environment:
    """Build the template environment once: autoescape on, an unknown name is an error."""
    built = Environment(
        loader=PackageLoader("dream_api.services.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    built.globals |= {
        "static_url": static_url,
        "with_query": with_query,
        "with_parameters": with_parameters,
        "chart": chart,
    }
    built.filters |= {
        "ago": ago,
        "count": count,
        "date": date,
        "device": device_name,
        "initials": initials,
        "instant": rfc3339,
        "moment": moment,
        "money": format_money,
        "short_number": short_number,
    }
    # A macro that every template needs, imports included; a table draws the same one many times.
    built.globals["icon"] = cache(built.get_template("icons.html").make_module().icon)  # type: ignore[attr-defined]
    return built


def count(number: int | None) -> str:
    """Write a whole number for people: ``12,345``; no limit is ``Unlimited``."""
    return "Unlimited" if number is None else f"{number:,}"


def date(when: datetime) -> str:
    """Write the day of a moment: ``22 Nov 2026``."""
    return f"{when.day} {when:%b %Y}"


def moment(when: datetime) -> str:
    """Write a moment to the minute: ``22 Nov 2026, 17:31 UTC``."""
    return f"{when.day} {when:%b %Y, %H:%M} UTC"


def ago(when: datetime | None, now: datetime) -> str:
    """Write how long ago something was; beyond a month the day itself; None is ``Never``."""
    if when is None:
        return "Never"
    seconds = int((now - when).total_seconds())
    if seconds >= _DAYS_AGO_MAX * 86_400:
        return date(when)
    for unit, size in _SECONDS:
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "Just now"


def initials(name: str) -> str:
    """Give one or two letters that stand for a person or an app."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"
