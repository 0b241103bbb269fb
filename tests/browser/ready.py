"""A developer who has been through all of it; shared by tests that add their own users and keys."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import StorageState

from tests.browser import steps

TIERS = (
    {"name": "free", "displayName": "Free", "priceCents": 0, "limit": 3},
    {"name": "pro", "displayName": "Pro", "priceCents": 2900, "limit": 100_000, "popular": True},
)


@dataclass(frozen=True)
class Cookie:
    """One cookie of the signed-in developer."""

    name: str
    value: str


@dataclass(frozen=True)
class Ready:
    """The keys, and what makes a browser be signed in."""

    keys: steps.Keys
    cookies: list[Cookie]

    def state(self, base_url: str) -> StorageState:
        """Give the state of a browser in which the developer is signed in."""
        return {
            "cookies": [
                {
                    "name": cookie.name,
                    "value": cookie.value,
                    "domain": str(urlsplit(base_url).hostname),
                    "path": "/",
                    "expires": -1,
                    "httpOnly": True,
                    "secure": False,
                    "sameSite": "Lax",
                }
                for cookie in self.cookies
            ],
            "origins": [],
        }
