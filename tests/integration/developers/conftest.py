"""A developer who may pay us, with the simulator as our Stripe account."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from dream_api.developers.accounts import find_platform_ids, mint_platform
from dream_api.developers.platform_subscription import Checkout, Offer, PlatformSubscription
from dream_api.gateways.clock import MovableClock
from dream_api.gateways.stripe import Stripe
from dream_api.kit.ids import new_id
from dream_api.kit.keys import Mode
from dream_api.stores import Bindings
from tests.journeys.forms import submit
from tests.stripe_server import gateway, serving, simulator

GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"


@dataclass
class Payer:
    """One developer in front of the till."""

    developer_id: str
    bindings: Bindings
    stripe: Stripe
    clock: MovableClock

    def room(self) -> PlatformSubscription:
        """Open the room, as a fresh process would."""
        offer = Offer(1500, None, "http://localhost:8787")
        return PlatformSubscription(self.bindings.front_auth_api, self.stripe, self.clock, offer)

    async def open_checkout(self) -> Checkout:
        """Ask for the page where one pays."""
        return await self.room().create_checkout(self.developer_id, "ada@example.com")

    async def fill_in(self, checkout: Checkout, card: str = GOOD_CARD) -> httpx.Response:
        """Pay on Stripe's page."""
        card_fields = {
            "card_number": card, "exp": "12/40", "cvc": "123",
            "email": "ada@example.com", "name": "Ada",
        }  # fmt: skip
        async with httpx.AsyncClient() as browser:
            return await submit(browser, await browser.get(checkout.url), card_fields)

    async def pay(self) -> str:
        """Subscribe all the way; give the session that was paid."""
        checkout = await self.open_checkout()
        await self.fill_in(checkout)
        await self.room().settle_checkout(self.developer_id, checkout.session_id)
        return checkout.session_id

    async def subscriptions(self) -> list[dict[str, Any]]:
        """List what Stripe charges this developer for."""
        checkout = await self.bindings.front_auth_api.developers.read(
            lambda connection: connection.exec_driver_sql(
                "SELECT stripe_customer_id FROM platform_subscriptions WHERE developer_id = ?",
                (self.developer_id,),
            ).scalar_one()
        )
        return await self.stripe.list_subscriptions(None, str(checkout))

    async def live_platform(self) -> str | None:
        """Give the developer's live platform."""
        bindings = self.bindings.front_auth_api
        ids = await bindings.developers.read(
            lambda connection: find_platform_ids(
                connection, bindings.platform_tokens, self.developer_id
            )
        )
        return None if ids is None else ids.live


@pytest.fixture(scope="session")
def stripe_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the simulator."""
    with serving(simulator(tmp_path_factory.mktemp("stripe"))) as url:
        yield url


@pytest.fixture
async def stripe(stripe_url: str) -> AsyncIterator[Stripe]:
    """Give a gateway to our own account."""
    async with gateway(stripe_url) as opened:
        yield opened


@pytest.fixture
async def payer(bindings: Bindings, stripe: Stripe, clock: MovableClock) -> Payer:
    """Give a developer who has signed up and not paid."""
    developer = Payer(new_id("dev", clock.now()), bindings, stripe, clock)
    given = bindings.front_auth_api
    await given.developers.write(
        lambda connection: mint_platform(
            connection, given.platform_tokens, developer.developer_id, Mode.TEST
        )
    )
    return developer
