"""A visitor of our doors and of Stripe's pages: fills forms in, as a person with a browser does."""

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx
from typing_extensions import override  # typing has it only since Python 3.12.

from dream_api.services.http import Application

TIMEOUT_SECONDS = 30.0


class DoorClosed(RuntimeError):
    """A door answered something else than the story expects; its words are in the message."""


class Visitor:
    """Calls our doors within this process, and Stripe's pages over the network.

    Args:
        doors: the product.
        public_url: the address by which the product knows itself.
    """

    def __init__(self, doors: Application, public_url: str) -> None:
        transport = httpx.ASGITransport(app=doors)
        self._doors = httpx.AsyncClient(transport=transport, base_url=public_url)
        self._stripe = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._doors.aclose()
        await self._stripe.aclose()

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Call one of our doors; give the JSON that it answers.

        Raises:
            DoorClosed: it refused.
        """
        answer = await self._doors.request(method, path, json=body, headers=dict(headers or {}))
        if answer.is_error:
            raise DoorClosed(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    async def look(self, url: str, headers: Mapping[str, str]) -> None:
        """Open one of our pages, for what opening it does.

        Raises:
            DoorClosed: it refused.
        """
        answer = await self._doors.get(url, headers={"Accept": "text/html", **headers})
        if not answer.is_success:
            raise DoorClosed(f"GET {url}: {answer.status_code}")

    async def follow(self, path: str, headers: Mapping[str, str]) -> str:
        """Open one of our addresses that leads elsewhere; give where.

        Raises:
            DoorClosed: it leads nowhere.
        """
        answer = await self._doors.get(path, headers=dict(headers))
        if not answer.is_redirect:
            raise DoorClosed(f"GET {path}: {answer.status_code} {answer.text}")
        return answer.headers["location"]

    async def fill_in(self, url: str, fields: Mapping[str, str]) -> str:
        """Open a page of Stripe's, fill its form in and submit it; give where it leads.

        Raises:
            DoorClosed: the page keeps us, for example since the card was declined.
        """
        page = await self._stripe.get(url)
        form = _Form()
        form.feed(page.text)
        target = urljoin(url, form.action or url)
        origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
        answer = await self._stripe.post(
            target,
            data={**form.fields, **fields},
            headers={"Origin": origin, "Sec-Fetch-Site": "same-origin"},
        )
        if not answer.is_redirect:
            raise DoorClosed(f"POST {target}: {answer.status_code}")
        return answer.headers["location"]


class _Form(HTMLParser):
    """The first form of a page: where it goes, and what it sends untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = given.get("action", "")
        if tag == "input" and self.action is not None and "name" in given:
            is_choice = given.get("type") in ("radio", "checkbox")
            if not is_choice or "checked" in given:
                self.fields.setdefault(given["name"], given.get("value", ""))
