"""A developer with both platforms, a simulator, and the rooms of the bridge."""

from collections.abc import AsyncIterator, Iterator

import pytest

from dream_api.developers.accounts import mint_platform
from dream_api.gateways.clock import MovableClock
from dream_api.gateways.stripe import StripeModes
from dream_api.kit.keys import Mode
from dream_api.stores import Bindings, Connection
from tests.integration.bridge.shop import Shop
from tests.stripe_server import TEST_KEY, gateway, serving, simulator


@pytest.fixture(scope="session")
def stripe_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the simulator for the whole run; each test connects accounts of its own."""
    with serving(simulator(tmp_path_factory.mktemp("stripe"))) as url:
        yield url


@pytest.fixture
async def stripes(stripe_url: str) -> AsyncIterator[StripeModes]:
    """Open a gateway for each mode."""
    async with gateway(stripe_url) as live, gateway(stripe_url, TEST_KEY) as test:
        yield StripeModes(live, test)


@pytest.fixture
async def shop(
    bindings: Bindings, stripes: StripeModes, clock: MovableClock, stripe_url: str
) -> Shop:
    """Open a shop whose developer has paid and connected nothing."""
    return await open_shop(Shop(bindings, stripes, clock, stripe_url))


@pytest.fixture
async def connected(shop: Shop) -> Shop:
    """Connect an account to the shop's live platform."""
    await shop.connect_account()
    return shop


async def open_shop(shop: Shop) -> Shop:
    """Mint both platforms of the shop's developer."""
    bindings = shop.bindings.front_auth_api

    def mint(connection: Connection) -> dict[Mode, str]:
        return {
            mode: mint_platform(connection, bindings.platform_tokens, shop.developer_id, mode)
            for mode in Mode
        }

    shop.platform_ids = await bindings.developers.write(mint)
    return shop
