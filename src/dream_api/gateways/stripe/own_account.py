"""Our own account: the price of the platform subscription, our endpoints, and who we are."""

import json
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import cast

import stripe

from dream_api.gateways.stripe import platform_price
from dream_api.gateways.stripe.calls import answer
from dream_api.gateways.stripe.errors import StripeUnavailable
from dream_api.gateways.stripe.model import (
    API_VERSION,
    CONNECTED_ACCOUNTS,
    HEARS,
    OWN_ACCOUNT,
    ConnectedAccount,
    WebhookEndpoint,
)
from dream_api.gateways.stripe.parameters import portal_configuration
from dream_api.gateways.stripe.reading import (
    plain_object,
    read_connected_account,
    read_webhook_endpoint,
)
from dream_api.gateways.stripe.transport import Transport

ENDPOINTS_MAX = 100
"""One page; Stripe allows sixteen endpoints."""
CONFIGURATIONS_MAX = 100
UNDELIVERED_MAX = 100
PORTAL_FOR = "dreamapi_portal_for"
DEVELOPERS = "developers"
REFUSAL_CHARACTERS_MAX = 300


class OwnAccount:
    """What our key may do on our own account alone. Raises what ``Stripe`` raises."""

    def __init__(self, client: stripe.StripeClient, http: Transport) -> None:
        self._client = client
        self._http = http

    async def read(self) -> ConnectedAccount:
        """Read our own account, which also proves the key."""
        call = self._client.v1.accounts.retrieve_current_async()
        return read_connected_account(plain_object(await answer(call)))

    async def read_clock(self) -> datetime:
        """Read what time it is at Stripe, to the second."""
        account = await answer(self._client.v1.accounts.retrieve_current_async())
        headers = account.last_response.headers if account.last_response else {}
        try:
            return parsedate_to_datetime(headers["Date"])
        except (KeyError, ValueError) as error:
            raise StripeUnavailable("Stripe's answer carried no date.") from error

    async def check_redirect(self, redirect_uri: str) -> str | None:
        """Ask whether OAuth may lead back to an address; give Stripe's refusal, None for yes.

        Nobody is signed in: the page that would ask a developer is looked at and left.
        """
        url = self._client.oauth.authorize_url(
            {"scope": "read_write", "state": "doctor", "redirect_uri": redirect_uri}
        )
        body, status, _ = await answer(self._http.request_async("GET", url, {}))
        if status < HTTPStatus.BAD_REQUEST:
            return None
        try:
            said = json.loads(body)
            return str(said.get("error_description") or said["error"])[:REFUSAL_CHARACTERS_MAX]
        except (ValueError, KeyError, AttributeError, TypeError):
            return f"status {status}"

    async def count_undelivered(self, since: datetime, until: datetime) -> int:
        """Count events of our own account that some endpoint has not taken, up to a page of them.

        Those that wait for their next attempt count too.
        """
        call = self._client.v1.events.list_async(
            {
                "delivery_success": False,
                "created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())},
                "limit": UNDELIVERED_MAX,
            }
        )
        return len((await answer(call)).data)

    async def ensure_platform_price(self, amount_cents: int, currency: str = "usd") -> str:
        """Give the monthly price of the platform subscription; make it where it is missing."""
        return await platform_price.ensure(self._client, amount_cents, currency)

    async def ensure_portal(self) -> str:
        """Give the portal's settings for developers; make them where they are missing."""
        listed = plain_object(
            await answer(
                self._client.v1.billing_portal.configurations.list_async(
                    {"active": True, "limit": CONFIGURATIONS_MAX}
                )
            )
        )
        for configuration in listed["data"]:
            if (configuration.get("metadata") or {}).get(PORTAL_FOR) == DEVELOPERS:
                return str(configuration["id"])
        created = await answer(
            self._client.v1.billing_portal.configurations.create_async(
                portal_configuration({PORTAL_FOR: DEVELOPERS})
            )
        )
        return created.id

    async def list_webhook_endpoints(self) -> tuple[WebhookEndpoint, ...]:
        """List our endpoints; Stripe allows sixteen. Their secrets are not in the answer."""
        call = self._client.v1.webhook_endpoints.list_async({"limit": ENDPOINTS_MAX})
        return tuple(map(read_webhook_endpoint, plain_object(await answer(call))["data"]))

    async def create_webhook_endpoint(
        self, url: str, events: list[str], *, connect: bool
    ) -> WebhookEndpoint:
        """Create an endpoint on our account; the answer is the only one with its secret.

        Args:
            url: where Stripe delivers.
            events: the event types, spelt out.
            connect: True to hear the connected accounts instead of our own.
        """
        # The SDK's type spells out every event name; Stripe refuses a wrong one.
        params = cast(
            "stripe.params.WebhookEndpointCreateParams",
            {
                "url": url,
                "enabled_events": events,
                "api_version": API_VERSION,
                "metadata": {HEARS: CONNECTED_ACCOUNTS if connect else OWN_ACCOUNT},
            },
        )
        if connect:
            params["connect"] = True
        call = self._client.v1.webhook_endpoints.create_async(params)
        return read_webhook_endpoint(plain_object(await answer(call)))

    async def update_webhook_endpoint(
        self, endpoint_id: str, events: list[str], *, enabled: bool = True
    ) -> WebhookEndpoint:
        """Change what an endpoint hears, or switch it on or off. URL and secret stay."""
        params = cast(
            "stripe.params.WebhookEndpointUpdateParams",
            {"enabled_events": events, "disabled": not enabled},
        )
        call = self._client.v1.webhook_endpoints.update_async(endpoint_id, params)
        return read_webhook_endpoint(plain_object(await answer(call)))

    async def delete_webhook_endpoint(self, endpoint_id: str) -> None:
        """Remove an endpoint whose secret is lost; a new one gets a new secret."""
        await answer(self._client.v1.webhook_endpoints.delete_async(endpoint_id))
