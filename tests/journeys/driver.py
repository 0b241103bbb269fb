"""Walks the product over HTTP alone, as a developer, an end user and Stripe's visitor would."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from tests.journeys.forms import submit

T = TypeVar("T")

GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
PASSWORD = "correct horse battery staple"

FREE = {"name": "free", "displayName": "Free", "priceCents": 0, "limit": 3}
PRO = {
    "name": "pro", "displayName": "Pro", "priceCents": 2900, "limit": 1000,
    "features": ["Everything"], "popular": True,
}  # fmt: skip

SETTLE_ATTEMPTS = 200
SETTLE_PAUSE_SECONDS = 0.05


@dataclass
class Developer:
    """A signed-in developer and what they have received so far."""

    email: str
    client: httpx.AsyncClient
    user_id: str = ""
    token: str = ""
    platform_id: str = ""
    secret_key: str = ""
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """Authenticate as this developer."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def secret(self) -> dict[str, str]:
        """Authenticate as this developer's server."""
        return {"Authorization": f"Bearer {self.secret_key}"}


class Journey:
    """Steps of the paid flow. Each asserts its own success, so that a test tells its story."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = httpx.AsyncClient(base_url=base_url, timeout=30)

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def code_for(self, email: str) -> str:
        """Read the newest code that was mailed to an address."""

        async def newest() -> str | None:
            mails = (
                await self.http.get("/dev/mailbox", params={"to": email, "format": "json"})
            ).json()
            return next((mail["code"] for mail in reversed(mails) if mail["code"]), None)

        return await eventually(newest)

    async def sign_up(self, email: str | None = None) -> Developer:
        """Sign a developer up and verify the address."""
        address = email or f"dev-{secrets.token_hex(4)}@example.com"
        # Somebody else's browser: signing in over a session ends it.
        self.http.cookies.clear()
        answer = await self.http.post(
            "/platform/sign-up", json={"email": address, "password": PASSWORD, "name": "Ada"}
        )
        assert 201 == answer.status_code, answer.text
        answer = await self.http.post(
            "/platform/verify-email", json={"email": address, "code": await self.code_for(address)}
        )
        assert 200 == answer.status_code, answer.text
        signed_in = answer.json()
        return Developer(address, self.http, signed_in["userId"], signed_in["token"])

    async def pay_with(self, checkout_url: str, card: str = GOOD_CARD) -> httpx.Response:
        """Open a Checkout page, fill the card in and submit. Follows nothing."""
        async with httpx.AsyncClient(timeout=30) as stripe:
            page = await stripe.get(checkout_url)
            assert 200 == page.status_code, page.text
            card_fields = {"card_number": card, "exp": "12/34", "cvc": "123"}
            person = {"email": "person@example.com", "name": "Grace Hopper"}
            return await submit(stripe, page, {**card_fields, **person})

    async def pay(self, developer: Developer) -> None:
        """Pay the platform subscription and come back."""
        answer = await self.http.post(
            "/platform/create-checkout", json={}, headers=developer.headers
        )
        assert 201 == answer.status_code, answer.text
        paid = await self.pay_with(answer.json()["url"])
        assert 303 == paid.status_code, paid.text

        async def plan() -> bool:
            return bool("paid" == (await self.me(developer))["plan"])

        await eventually(plan)

    async def connect(self, developer: Developer, *, action: str = "approve") -> str:
        """Connect a new Stripe account; give where the developer lands."""
        start = await self.http.get("/oauth/authorize", headers=developer.headers)
        assert 302 == start.status_code, start.text
        async with httpx.AsyncClient(timeout=30) as stripe:
            page = await stripe.get(start.headers["location"])
            assert 200 == page.status_code, page.text
            decided = await submit(stripe, page, {}, press=("action", action))
        assert decided.status_code in (302, 303), decided.text
        back = await self.http.get(decided.headers["location"], headers=developer.headers)
        assert 302 == back.status_code, back.text
        return back.headers["location"]

    async def create_products(
        self, developer: Developer, tiers: Sequence[dict[str, Any]] = (FREE, PRO)
    ) -> dict[str, Any]:
        """Submit tiers; keep the keys of the first answer."""
        answer = await self.http.post(
            "/platform/create-products", json={"tiers": list(tiers)}, headers=developer.headers
        )
        assert answer.status_code in (200, 201), answer.text
        created: dict[str, Any] = answer.json()
        developer.platform_id = created["platformId"]
        developer.secret_key = created["secretKey"] or developer.secret_key
        return created

    async def ready_developer(self, tiers: Sequence[dict[str, Any]] = (FREE, PRO)) -> Developer:
        """Walk a developer from sign-up to keys."""
        developer = await self.sign_up()
        await self.pay(developer)
        assert (await self.connect(developer)).endswith("?stripe=connected")
        await self.create_products(developer, tiers)
        return developer

    async def me(self, developer: Developer) -> dict[str, Any]:
        """Read the developer's own state."""
        answer = await self.http.get("/platform/me", headers=developer.headers)
        assert 200 == answer.status_code, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def track(self, developer: Developer, user_id: str, **body: Any) -> dict[str, Any]:
        """Count usage of an end user; give the decision."""
        answer = await self.http.post(
            "/v1/track", json={"userId": user_id, **body}, headers=developer.secret
        )
        assert 200 == answer.status_code, answer.text
        decision: dict[str, Any] = answer.json()
        return decision

    async def checkout(self, developer: Developer, user_id: str, tier: str = "pro") -> str:
        """Start an end user's upgrade; give the Checkout page."""
        answer = await self.http.post(
            "/v1/checkout",
            json={
                "userId": user_id,
                "tier": tier,
                "successUrl": "https://app.example/ok",
                "cancelUrl": "https://app.example/no",
            },
            headers=developer.secret,
        )
        assert 201 == answer.status_code, answer.text
        url: str = answer.json()["url"]
        return url

    async def customer(self, developer: Developer, user_id: str) -> dict[str, Any]:
        """Read an end user's row."""
        answer = await self.http.get(f"/v1/customers/{user_id}", headers=developer.secret)
        assert 200 == answer.status_code, answer.text
        row: dict[str, Any] = answer.json()
        return row


async def eventually(probe: Callable[[], Coroutine[Any, Any, T | None]]) -> T:
    """Ask until the answer is true: deliveries between two servers take real time."""
    for _ in range(SETTLE_ATTEMPTS):
        if found := await probe():
            return found
        await asyncio.sleep(SETTLE_PAUSE_SECONDS)
    message = f"{probe.__qualname__} did not come true"
    raise AssertionError(message)
