"""A developer who has been through all of it; shared by tests that add their own users and keys."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import StorageState

from tests.browser import steps
from tests.journeys.driver import Journey

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
    email: str
    """Whose password is ``steps.PASSWORD``."""

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


def make_ready(base_url: str) -> Ready:
    """Walk a new developer to keys, over HTTP."""

    async def walk() -> Ready:
        journey = Journey(base_url)
        developer = await journey.ready_developer(TIERS)
        cookies = [Cookie(one.name, str(one.value)) for one in journey.http.cookies.jar]
        await journey.close()
        keys = steps.Keys(developer.platform_id, developer.secret_key)
        return Ready(keys, cookies, developer.email)

    # A thread of its own, since Playwright's loop may occupy this one.
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, walk()).result()
