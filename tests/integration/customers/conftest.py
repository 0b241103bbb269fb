"""A shop for each test: real SQLite, and the simulator over HTTP with the same clock."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from dream_api.customers.dashboard import Dashboard
from dream_api.customers.end_users import EndUsers
from dream_api.customers.metering import Metering
from dream_api.customers.platforms import Platforms
from dream_api.customers.subscriptions import Subscriptions
from dream_api.gateways.clock import MovableClock
from dream_api.gateways.stripe import Stripe, StripeModes
from dream_api.kit.keys import Mode, issue_key
from dream_api.shared.inbox import Inbox
from dream_api.stores import Bindings
from tests.integration.customers.shop import BASIC, FREE, PRO, TEAM, TRIAL, Shop
from tests.stripe_server import TEST_KEY, approve, gateway, serving, simulator

PUBLIC_URL = "http://localhost:8787"


@pytest.fixture
def stripe_url(data_dir: Path) -> Iterator[str]:
    """Serve the simulator on the clock of the test."""
    with serving(simulator(data_dir / "stripe", data_dir / "clock.json")) as url:
        yield url


@pytest.fixture
async def stripe(stripe_url: str) -> AsyncIterator[Stripe]:
    """Give a gateway to the simulator."""
    async with gateway(stripe_url, TEST_KEY) as opened:
        yield opened


@pytest.fixture
async def account_id(stripe: Stripe) -> str:
    """Connect a new account; give its id."""
    redirect_uri = f"{PUBLIC_URL}/oauth/callback"
    back = await approve(stripe.authorize_url(state="s", redirect_uri=redirect_uri))
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    return (await stripe.exchange_code(code)).account_id


@pytest.fixture
async def closed_shop(
    bindings: Bindings, clock: MovableClock, stripe: Stripe, account_id: str
) -> AsyncIterator[Shop]:
    """Give a platform that is not connected and sells nothing."""
    mine = bindings.api_multi
    platforms = Platforms(mine.customers, mine.customer_tokens)
    end_users = EndUsers(mine.customers, mine.customer_tokens, clock)
    stripes = StripeModes(live=None, test=stripe)
    metering = Metering(mine, clock)
    yield Shop(
        platform_id=issue_key("pk", Mode.TEST),
        account_id=account_id,
        stripe=stripe,
        bindings=mine,
        clock=clock,
        end_users=end_users,
        metering=metering,
        subscriptions=Subscriptions(
            mine.customers, platforms, end_users, stripes, clock, PUBLIC_URL
        ),
        inbox=Inbox(mine.customers, clock),
    )
    await metering.close()


@pytest.fixture
async def shop(closed_shop: Shop) -> Shop:
    """Give a connected platform with a free tier and four that cost something."""
    await closed_shop.connect()
    await closed_shop.sell(FREE, BASIC, PRO, TEAM, TRIAL)
    return closed_shop


@pytest.fixture
def dashboard(bindings: Bindings, clock: MovableClock) -> Dashboard:
    """Open the dashboard with the developers' door's bindings, which read only."""
    mine = bindings.front_auth_api
    return Dashboard(mine.customers, mine.customer_tokens, clock)
