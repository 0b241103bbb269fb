"""A shop for each test: real SQLite, and the simulator over HTTP with the same clock."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from dream_api.app.doors import build_doors
from dream_api.app.rooms import build_house, build_outside
from dream_api.customers.dashboard import Dashboard
from dream_api.customers.end_users import EndUsers
from dream_api.customers.metering import Metering
from dream_api.customers.platforms import Platforms, write_key
from dream_api.customers.subscriptions import Subscriptions
from dream_api.gateways.clock import MovableClock
from dream_api.gateways.stripe import Stripe, StripeModes
from dream_api.kit.crypto import new_master_key
from dream_api.kit.keys import Mode, hash_key, issue_key
from dream_api.kit.periods import rfc3339
from dream_api.kit.services import ServiceName
from dream_api.settings import Settings
from dream_api.shared.inbox import Inbox
from dream_api.stores import Bindings
from stripe_simulator import APPLICATIONS_DEFAULT
from tests.integration.customers.door import CONNECT_SECRET, Door
from tests.integration.customers.owner import Owner
from tests.integration.customers.shop import BASIC, FREE, PRO, TEAM, TRIAL, Shop
from tests.stripe_server import TEST_KEY, BrokenStripe, approve, gateway, serving, simulator

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
def owner(shop: Shop, stripe_url: str) -> Owner:
    """Give the owner of the shop's account, at work in Stripe's own dashboard."""
    return Owner(stripe_url, shop.account_id)


@pytest.fixture
async def shop_without_stripe(shop: Shop) -> AsyncIterator[Shop]:
    """Give the shop while Stripe answers nothing but errors of its own."""
    with serving(BrokenStripe(500, '{"error": {"type": "api_error"}}')) as url:
        async with gateway(url, TEST_KEY) as broken:
            yield shop.without_stripe(broken)


@pytest.fixture
def dashboard(bindings: Bindings, clock: MovableClock) -> Dashboard:
    """Open the dashboard with the developers' door's bindings, which read only."""
    mine = bindings.front_auth_api
    return Dashboard(mine.customers, mine.customer_tokens, clock)


def _settings(data_dir: Path, stripe_url: str) -> Settings:
    return Settings(
        data_dir=data_dir,
        public_url=PUBLIC_URL,
        master_key=Settings.read_list(new_master_key()),
        stripe_api_base=stripe_url,
        stripe_test_secret_key=SecretStr(TEST_KEY),
        stripe_test_client_id=APPLICATIONS_DEFAULT[TEST_KEY].client_id,
        stripe_test_connect_webhook_secrets=(SecretStr(CONNECT_SECRET),),
    )


@pytest.fixture
async def door(
    shop: Shop, bindings: Bindings, data_dir: Path, stripe_url: str
) -> AsyncIterator[Door]:
    """Serve the customers' door in front of the shop."""
    outside = build_outside(_settings(data_dir, stripe_url), shop.clock)
    house = build_house(bindings, outside)
    asgi = build_doors(
        house, outside, services=frozenset({ServiceName.API_MULTI}), development=True, checks={}
    )
    secret_key = issue_key("sk", Mode.TEST)
    record: dict[str, Any] = {
        "platformId": shop.platform_id,
        "keyId": "key_1",
        "scopes": [],
        "createdAt": rfc3339(shop.clock.now()),
        "expiresAt": None,
        "revokedAt": None,
        "lastUsedAt": None,
    }
    tokens = shop.bindings.customer_tokens
    await shop.bindings.customers.write(
        lambda c: write_key(c, tokens, shop.platform_id, hash_key(secret_key), record)
    )
    transport = httpx.ASGITransport(app=asgi)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
        yield Door(http, shop, house.customers, secret_key, outside.vault)
    await house.customers.metering.close()
    await outside.close()
