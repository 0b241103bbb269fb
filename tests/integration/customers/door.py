"""The customers' door over HTTP, in front of the shop of a test."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

import httpx

from dream_api.app.rooms import CustomerRooms
from dream_api.customers.platforms import PlatformSettings, write_settings
from dream_api.kit.crypto import Vault
from dream_api.shared.identity import MAIL_KIND
from dream_api.shared.outbox import deliver_mail
from tests.integration.customers.shop import Shop

PASSWORD = "violet anchor sandwich"
CONNECT_SECRET = "whsec_invented_for_tests"
ORIGIN = "http://localhost:8787"


@dataclass
class Door:
    """A developer's server in front of the product; the shop lies behind."""

    http: httpx.AsyncClient
    shop: Shop
    rooms: CustomerRooms
    secret_key: str
    vault: Vault

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """Call with the secret key."""
        headers = {"Authorization": f"Bearer {self.secret_key}"}
        return await self.http.request(method, path, json=body, params=query, headers=headers)

    async def call_as(
        self, credentials: dict[str, str], method: str, path: str, body: Any = None
    ) -> httpx.Response:
        """Call with other credentials."""
        return await self.http.request(method, path, json=body, headers=credentials)

    async def allow(self, *redirect_urls: str) -> None:
        """Set where end users may be sent."""
        tokens, platform_id = self.shop.bindings.customer_tokens, self.shop.platform_id
        settings = PlatformSettings(redirect_urls=redirect_urls)
        await self.shop.bindings.customers.write(
            lambda c: write_settings(c, tokens, platform_id, settings)
        )

    async def sign_in(self, email: str) -> tuple[str, dict[str, str]]:
        """Sign an end user up; give their id and credentials."""
        realm, platform_id = self.rooms.realm, self.shop.platform_id
        await realm.sign_up(platform_id, email, PASSWORD, None)
        delivery = {MAIL_KIND: deliver_mail(self.rooms.mailbox.send)}
        await self.rooms.outbox.deliver_due(self.shop.clock, delivery)
        code = (await self.rooms.mailbox.list(email))[-1].mail.code
        assert code is not None, "the newest mail carries a code"
        signed_in = await realm.verify_email(platform_id, email, code)
        return signed_in.user_id, {
            "X-Publishable-Key": platform_id,
            "Authorization": f"Bearer {signed_in.token}",
        }

    async def deliver(
        self,
        event: Any,
        *,
        secret: str = CONNECT_SECRET,
        age_seconds: int = 0,
        body: bytes | None = None,
    ) -> httpx.Response:
        """Deliver an event as Stripe does."""
        raw = json.dumps(event).encode() if body is None else body
        signed_at = int(self.shop.clock.now().timestamp()) - age_seconds
        signature = hmac.new(secret.encode(), f"{signed_at}.".encode() + raw, hashlib.sha256)
        headers = {"Stripe-Signature": f"t={signed_at},v1={signature.hexdigest()}"}
        return await self.http.post("/webhook/stripe", content=raw, headers=headers)

    def event(self, **changes: Any) -> dict[str, Any]:
        """Give an event of the connected account."""
        return {
            "id": "evt_1",
            "object": "event",
            "type": "customer.subscription.updated",
            "account": self.shop.account_id,
            "livemode": False,
            "created": int(self.shop.clock.now().timestamp()),
            "data": {"object": {"id": "sub_1", "object": "subscription"}},
        } | changes
