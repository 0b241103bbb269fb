"""One developer's side of the bridge, and what can be seen of it from outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx

from dream_api.bridge.catalog import Catalog, NewTier
from dream_api.bridge.connect import Connect
from dream_api.bridge.keys import Keys, SecretKey
from dream_api.bridge.keys.store import read_rows
from dream_api.customers.platforms import StripeConnection, TierConfig, read_connection, read_tiers
from dream_api.gateways.clock import Clock
from dream_api.gateways.stripe import StripeModes
from dream_api.kit.ids import new_id
from dream_api.kit.keys import Mode, hash_key
from dream_api.stores import Bindings, Connection, FrontAuthApiBindings
from tests.stripe_server import LIVE_KEY, approve

CALLBACK = "http://localhost/oauth/callback"

FREE = NewTier("free", "Free", 0, 100)
PRO = NewTier("pro", "Pro", 2900, 10_000)
MAX = NewTier("max", "Max", 9900, None, interval="year")

T = TypeVar("T")


@dataclass
class Shop:
    """A developer who sells, with the whole bridge behind them."""

    bindings: Bindings
    stripes: StripeModes
    clock: Clock
    stripe_url: str
    developer_id: str = ""
    platform_ids: dict[Mode, str] = field(default_factory=dict)
    has_paid: bool = True
    end_users: dict[str, int] = field(default_factory=dict)
    account_id: str = ""

    def __post_init__(self) -> None:
        """Give the developer an id."""
        self.developer_id = self.developer_id or new_id("dev", self.clock.now())

    @property
    def platform_id(self) -> str:
        """The live platform."""
        return self.platform_ids[Mode.LIVE]

    async def is_paid(self, _developer_id: str) -> bool:
        """Tell whether the developer pays us."""
        return self.has_paid

    async def subscribers(self, _platform_id: str) -> Mapping[str, int]:
        """Count end users on each tier."""
        return self.end_users

    def keys(self, bindings: FrontAuthApiBindings | None = None) -> Keys:
        """Open the keys room, as a fresh process would."""
        return Keys(bindings or self.bindings.front_auth_api, self.clock)

    def catalog(
        self,
        bindings: FrontAuthApiBindings | None = None,
        stripes: StripeModes | None = None,
    ) -> Catalog:
        """Open the catalogue, as a fresh process would."""
        bound = bindings or self.bindings.front_auth_api
        return Catalog(
            bound,
            stripes or self.stripes,
            self.clock,
            keys=self.keys(bound),
            is_paid=self.is_paid,
            subscribers=self.subscribers,
        )

    def connect(self) -> Connect:
        """Open the connect room."""
        return Connect(
            self.bindings.oauth_api,
            self.stripes,
            self.clock,
            redirect_uri=CALLBACK,
            is_paid=self.is_paid,
        )

    async def visit_stripe(
        self, mode: Mode = Mode.LIVE, *, action: str = "approve", account: str = "new"
    ) -> dict[str, str | None]:
        """Go to Stripe, decide there, and give what comes back to our callback."""
        url = await self.connect().authorize(self.developer_id, mode, "ada@example.com")
        back = await approve(url, action, account)
        query = parse_qs(urlsplit(back.headers["location"]).query)
        return {name: query.get(name, [None])[0] for name in ("code", "state", "error")}

    async def connect_account(self, mode: Mode = Mode.LIVE, *, account: str = "new") -> None:
        """Connect an account all the way."""
        back = await self.visit_stripe(mode, account=account)
        await self.connect().callback(self.developer_id, **back)
        linked = await self.linked(mode)
        assert linked is not None
        self.account_id = linked.account_id

    async def linked(self, mode: Mode = Mode.LIVE) -> StripeConnection | None:
        """Read the connected account."""
        return await self._read(read_connection, mode)

    async def tiers(self, mode: Mode = Mode.LIVE) -> TierConfig:
        """Read the tiers that end users live by."""
        return await self._read(read_tiers, mode)

    async def rows(self) -> list[SecretKey]:
        """Read the live platform's keys where they count."""
        return await self._read(read_rows, Mode.LIVE)

    async def usable(self) -> set[str]:
        """Give the ids of keys that open something."""
        now = self.clock.now()
        return {key.id for key in await self.rows() if key.is_live(now)}

    async def works(self, secret: str) -> bool:
        """Tell whether a secret opens the platform."""
        now, wanted = self.clock.now(), hash_key(secret)
        return any(key.is_live(now) for key in await self.rows() if key.key_hash == wanted)

    async def known(self) -> set[str]:
        """Give the ids of keys that the developers' world holds a copy of."""
        bindings = self.bindings.front_auth_api
        copies = await bindings.developers.read(
            lambda connection: bindings.platform_tokens.get(
                connection, f"user:{self.developer_id}:apiKey"
            )
        )
        return {copy["id"] for copy in copies or ()}

    async def version(self) -> int:
        """Read the live platform's version."""
        bindings = self.bindings.front_auth_api
        found = await bindings.customers.read(
            lambda connection: bindings.customer_tokens.get(
                connection, f"platform:{self.platform_id}:version"
            )
        )
        return int(found or 0)

    async def at_stripe(self, noun: str) -> list[dict[str, Any]]:
        """List what stands on the developer's account: ``products`` or ``prices``."""
        headers = {"Authorization": f"Bearer {LIVE_KEY}", "Stripe-Account": self.account_id}
        async with httpx.AsyncClient(base_url=self.stripe_url, headers=headers) as client:
            answer = await client.get(f"/v1/{noun}", params={"limit": 100})
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    async def on_sale(self) -> dict[str, list[int]]:
        """Give the amounts on sale at Stripe by the name of their product, both active."""
        products = {
            product["id"]: product["name"]
            for product in await self.at_stripe("products")
            if product["active"]
        }
        amounts: dict[str, list[int]] = {}
        for price in await self.at_stripe("prices"):
            if price["active"] and price["product"] in products:
                amounts.setdefault(products[price["product"]], []).append(price["unit_amount"])
        return amounts

    async def _read(self, verb: Callable[[Connection, Any, str], T], mode: Mode) -> T:
        bindings = self.bindings.front_auth_api
        return await bindings.customers.read(
            lambda connection: verb(connection, bindings.customer_tokens, self.platform_ids[mode])
        )
