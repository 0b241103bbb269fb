"""The owner of the connected account, at work in Stripe's own dashboard and API."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.journeys.forms import submit
from tests.stripe_server import TEST_KEY


@dataclass(frozen=True)
class Owner:
    """Does what a developer does at Stripe, without us."""

    url: str
    account_id: str

    async def ask(self, method: str, path: str, **parameters: Any) -> dict[str, Any]:
        """Call Stripe's API on the account; nested parameters are spelt as Stripe does."""
        headers = {"Authorization": f"Bearer {TEST_KEY}", "Stripe-Account": self.account_id}
        is_reading = method == "GET"
        async with httpx.AsyncClient(base_url=self.url, headers=headers) as stripe:
            answer = await stripe.request(
                method,
                path,
                params=parameters if is_reading else None,
                data=None if is_reading else parameters,
            )
        assert 200 == answer.status_code, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def press(self, action: str, **fields: str) -> None:
        """Press a button on the account's page."""
        async with httpx.AsyncClient() as browser:
            page = await browser.get(f"{self.url}/accounts/{self.account_id}")
            answer = await submit(browser, page, fields, press=("action", action))
        assert 303 == answer.status_code, answer.text

    async def charges(self) -> list[dict[str, Any]]:
        """List the account's charges, newest first."""
        found: list[dict[str, Any]] = (await self.ask("GET", "/v1/charges"))["data"]
        return found

    async def item_of(self, subscription_id: str) -> dict[str, Any]:
        """Read the only item of a subscription."""
        found = await self.ask("GET", f"/v1/subscriptions/{subscription_id}")
        item: dict[str, Any] = found["items"]["data"][0]
        return item


async def press_in_portal(url: str, action: str, **fields: str) -> httpx.Response:
    """Press a button of the customer portal, as the end user."""
    async with httpx.AsyncClient() as browser:
        return await submit(browser, await browser.get(url), fields, press=("action", action))
