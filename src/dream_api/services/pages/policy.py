"""The Content Security Policy of pages: nothing inline, nothing from elsewhere, Trusted Types.

``form-action`` also governs where a form's redirect may lead (Chromium), so Stripe's hosts must
stand in it, or "Pay" would fail silently.
"""

from collections.abc import Iterable

from dream_api.kit.errors import ValidationFailed
from dream_api.services.http.urls import origin_of

_RETURN_ORIGINS_MAX = 50


def content_security_policy(form_targets: Iterable[str]) -> str:
    """Build the policy of a page whose forms may lead to *form_targets* besides ourselves.

    Args:
        form_targets: stored and validated origins only, never a value of the request.
    """
    targets = " ".join(dict.fromkeys(["'self'", *form_targets]))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
        f"object-src 'none'; frame-ancestors 'none'; form-action {targets}; "
        "require-trusted-types-for 'script'; trusted-types dream"
    )


def origins_of(urls: Iterable[str]) -> tuple[str, ...]:
    """Reduce stored URLs to their origins; what is no clean http(s) address is left out."""
    origins = dict.fromkeys(origin for url in urls if (origin := _origin_of(url)) is not None)
    return tuple(origins)[:_RETURN_ORIGINS_MAX]


def _origin_of(url: str) -> str | None:
    try:
        origin = origin_of(url, param="url")
    except ValidationFailed:
        return None
    return origin if origin.startswith(("https://", "http://")) else None
