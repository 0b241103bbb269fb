"""A simulator for the whole run; each test connects an account of its own."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from dream_api.gateways.stripe import Stripe
from tests.stripe_server import approve, gateway, serving, simulator

CALLBACK = "http://localhost/oauth/callback"


@pytest.fixture(scope="session")
def stripe_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the simulator."""
    with serving(simulator(tmp_path_factory.mktemp("stripe"))) as url:
        yield url


@pytest.fixture
async def stripe(stripe_url: str) -> AsyncIterator[Stripe]:
    """Give a gateway to the simulator."""
    async with gateway(stripe_url) as opened:
        yield opened


@pytest.fixture
async def code(stripe: Stripe) -> str:
    """Let a developer allow us onto a new account; give the code that comes back."""
    back = await approve(stripe.authorize_url(state="s", redirect_uri=CALLBACK))
    return parse_qs(urlsplit(back.headers["location"]).query)["code"][0]


@pytest.fixture
async def account(stripe: Stripe, code: str) -> str:
    """Connect a new account; give its id."""
    return (await stripe.exchange_code(code)).account_id
