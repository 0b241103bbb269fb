"""Cross-site request forgery: what a cookie signs must come from our own pages.

Browsers say where a request comes from by ``Sec-Fetch-Site``, older ones by ``Origin``; a page of
another site can forge neither.
"""

from starlette.requests import Request

from dream_api.services.http.errors import CrossSiteRequest
from dream_api.services.http.settings import DoorSettings

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


def check_same_origin(request: Request, settings: DoorSettings) -> None:
    """Refuse a changing request that a browser sent from elsewhere.

    Call it for whatever a cookie authenticates, and for every form: sign-in forms too, since a
    stranger could sign somebody into the stranger's account.

    Raises:
        CrossSiteRequest: nothing was changed.
    """
    if request.method in _SAFE_METHODS:
        return
    fetch_site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetch_site is not None:
        is_ours = fetch_site in _OWN_SITE
    elif origin is not None:
        is_ours = origin.lower() in _own_origins(request, settings)
    else:
        # No browser leaves out both on a form, so this is a program; other sites cannot make a
        # browser send JSON without asking us first (CORS preflight).
        is_ours = not request.headers.get("content-type", "").startswith(_FORM_TYPES)
    if not is_ours:
        raise CrossSiteRequest(
            "Send this from our own pages, or with Authorization: Bearer instead of a cookie. "
            "Programs that post forms name our address in Origin."
        )


def comes_from_browser(request: Request) -> bool:
    """Tell whether a changing request says where it comes from, as every browser does."""
    return "sec-fetch-site" in request.headers or "origin" in request.headers


def _own_origins(request: Request, settings: DoorSettings) -> set[str]:
    """Give our origin; in development also the loopback name that the browser used."""
    own = {settings.public_origin}
    if settings.development:
        own.add(f"http://{request.headers.get('host', '').lower()}")
    return own
