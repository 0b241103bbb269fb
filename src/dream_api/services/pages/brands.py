"""Whose name a page carries: ours, or a platform's."""

import hashlib
from dataclasses import dataclass

from dream_api.customers.platforms import Branding

_HASH_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Brand:
    """Name, mark and colour of a page."""

    name: str
    home: str
    logo_url: str | None = None
    css_url: str | None = None
    is_ours: bool = False


BRAND_STATE = "page_brand"
"""Where a request keeps whose page it is for, once that is known."""

OURS = Brand(name="dream-api", home="/", is_ours=True)


def hosted_base(platform_id: str) -> str:
    """Give the path under which a platform's hosted pages stand."""
    return f"/p/{platform_id}"


def logo_url(platform_id: str, branding: Branding) -> str | None:
    """Give the address of a platform's logo; its hash is part of it, so it is cached for ever."""
    if branding.logo is None:
        return None
    return f"{hosted_base(platform_id)}/logo/{branding.logo}"


def platform_brand(platform_id: str, branding: Branding, home: str | None = None) -> Brand:
    """Build the brand of a platform's hosted pages."""
    version = hashlib.sha256(branding.color.encode()).hexdigest()[:_HASH_CHARACTERS]
    base = hosted_base(platform_id)
    return Brand(
        name=branding.app_name or "Your app",
        home=home or f"{base}/pricing",
        logo_url=logo_url(platform_id, branding),
        css_url=f"{base}/brand.css?v={version}",
    )
