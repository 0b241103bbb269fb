"""Tiers, connection, branding, settings and standing of a platform: values and pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Self

from dream_api.kit.keys import Mode, mode_of
from dream_api.kit.periods import rfc3339, to_milliseconds

GRACE = timedelta(days=7)
"""How long ``/v1/*`` works on after the platform subscription has ended."""
GRACE_MS = int(GRACE.total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class Tier:
    """What an end user can be on; ``name`` is the user's plan. Money in minor units.

    ``limit`` is units a month and ``rate_limit_per_minute`` is calls; None is unlimited.
    ``revision`` is raised by each change that Stripe must hear of.
    """

    name: str
    display_name: str
    price_cents: int
    currency: str = "usd"
    interval: str = "month"
    limit: int | None = None
    rate_limit_per_minute: int | None = None
    features: tuple[str, ...] = ()
    popular: bool = False
    trial_days: int = 0
    price_id: str | None = None
    product_id: str | None = None
    archived: bool = False
    revision: int = 1

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing and has no product on Stripe."""
        return self.price_cents == 0

    def to_wire(self) -> dict[str, Any]:
        """Give the stored and answered form."""
        return {
            "name": self.name,
            "displayName": self.display_name,
            "priceCents": self.price_cents,
            "currency": self.currency,
            "interval": self.interval,
            "limit": self.limit,
            "rateLimitPerMinute": self.rate_limit_per_minute,
            "features": list(self.features),
            "popular": self.popular,
            "trialDays": self.trial_days,
            "priceId": self.price_id,
            "productId": self.product_id,
            "archived": self.archived,
            "revision": self.revision,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read the stored form."""
        return cls(
            name=wire["name"],
            display_name=wire["displayName"],
            price_cents=wire["priceCents"],
            currency=wire["currency"],
            interval=wire["interval"],
            limit=wire["limit"],
            rate_limit_per_minute=wire["rateLimitPerMinute"],
            features=tuple(wire["features"]),
            popular=wire["popular"],
            trial_days=wire["trialDays"],
            price_id=wire["priceId"],
            product_id=wire["productId"],
            archived=wire["archived"],
            revision=wire["revision"],
        )


@dataclass(frozen=True)
class TierConfig:
    """A platform's tiers in the order their developer gave, archived ones included."""

    tiers: tuple[Tier, ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, Tier]:
        return {tier.name: tier for tier in self.tiers}

    @cached_property
    def _free(self) -> Tier | None:
        return next((tier for tier in self.tiers if tier.is_free and not tier.archived), None)

    def find(self, name: str) -> Tier | None:
        """Find a tier by name, archived ones too: who is on one keeps it."""
        return self._by_name.get(name)

    def free(self) -> Tier | None:
        """Find the free tier that people without a subscription fall back to."""
        return self._free

    def by_price(self, price_id: str) -> Tier | None:
        """Find the tier that now sells at a Stripe price. Older prices of it are not known here."""
        return next((tier for tier in self.tiers if tier.price_id == price_id), None)

    def to_wire(self) -> dict[str, Any]:
        """Give the stored form."""
        return {"tiers": [tier.to_wire() for tier in self.tiers]}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any] | None) -> Self:
        """Read the stored form; nothing stored is no tiers."""
        return cls(tuple(Tier.from_wire(tier) for tier in wire["tiers"]) if wire else ())


@dataclass(frozen=True, slots=True)
class StripeConnection:
    """A developer's own Stripe account, as OAuth left it. No credential of theirs is kept."""

    account_id: str
    scope: str
    livemode: bool
    connected_at: datetime

    def to_wire(self) -> dict[str, Any]:
        """Give the stored form."""
        return {
            "stripeUserId": self.account_id,
            "scope": self.scope,
            "livemode": self.livemode,
            "connectedAt": rfc3339(self.connected_at),
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read the stored form."""
        return cls(
            account_id=wire["stripeUserId"],
            scope=wire["scope"],
            livemode=wire["livemode"],
            connected_at=datetime.fromisoformat(wire["connectedAt"]),
        )


@dataclass(frozen=True, slots=True)
class Branding:
    """How a platform looks to its end users. ``logo`` is the hash of a stored image of ours."""

    app_name: str = ""
    color: str = "#4f46e5"
    logo: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Give the stored form."""
        return {"appName": self.app_name, "color": self.color, "logo": self.logo}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any] | None) -> Self:
        """Read the stored form; nothing stored is the default look."""
        if wire is None:
            return cls()
        return cls(app_name=wire["appName"], color=wire["color"], logo=wire.get("logo"))


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """Where a platform's pages may be embedded, where end users may be sent, what Checkout offers.

    Attributes:
        allow_promotion_codes: Checkout takes promotion codes of the connected account.
        automatic_tax: Checkout adds tax, which Stripe Tax of the connected account works out.
    """

    allowed_origins: tuple[str, ...] = ()
    redirect_urls: tuple[str, ...] = ()
    allow_promotion_codes: bool = False
    automatic_tax: bool = False

    def allows_origin(self, origin: str, mode: Mode) -> bool:
        """Tell whether pages of an origin may call.

        Exact origins only; in test mode, where none is set, ``http://localhost`` on any port.
        """
        if not self.allowed_origins and mode is Mode.TEST:
            name, _, port = origin.removeprefix("http://").partition(":")
            is_local = name == "localhost" and (not port or port.isdecimal())
            return origin.startswith("http://") and is_local
        return origin in self.allowed_origins

    def to_wire(self) -> dict[str, Any]:
        """Give the stored form."""
        return {
            "allowedOrigins": list(self.allowed_origins),
            "redirectUrls": list(self.redirect_urls),
            "allowPromotionCodes": self.allow_promotion_codes,
            "automaticTax": self.automatic_tax,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any] | None) -> Self:
        """Read the stored form; nothing stored allows nothing."""
        if wire is None:
            return cls()
        return cls(
            tuple(wire["allowedOrigins"]),
            tuple(wire["redirectUrls"]),
            allow_promotion_codes=wire.get("allowPromotionCodes", False),
            automatic_tax=wire.get("automaticTax", False),
        )


@dataclass(frozen=True, slots=True)
class PlatformState:
    """What a decision needs to know of a platform, true as long as ``version`` is current."""

    platform_id: str
    version: int
    tiers: TierConfig = field(default_factory=TierConfig)
    active_until_ms: int | None = None

    def is_inactive(self, now_ms: int) -> bool:
        """Tell whether ``/v1/*`` answers 402: live, ended, and the days of grace are over."""
        if self.active_until_ms is None or mode_of(self.platform_id) is not Mode.LIVE:
            return False
        return now_ms >= self.active_until_ms + GRACE_MS


@dataclass(frozen=True, slots=True)
class Access:
    """What a secret key opens. ``version`` is the platform's when the key was last read."""

    platform_id: str
    key_id: str
    key_hash: str
    scopes: tuple[str, ...]
    expires_at_ms: int | None
    version: int

    def is_live(self, now_ms: int) -> bool:
        """Tell whether the key has not expired."""
        return self.expires_at_ms is None or now_ms < self.expires_at_ms


def access_from_wire(key_hash: str, wire: Mapping[str, Any], version: int) -> Access | None:
    """Read the stored form of a key; None once it is revoked."""
    if wire.get("revokedAt") is not None:
        return None
    expires_at = wire.get("expiresAt")
    return Access(
        platform_id=wire["platformId"],
        key_id=wire["keyId"],
        key_hash=key_hash,
        scopes=tuple(wire.get("scopes") or ()),
        expires_at_ms=milliseconds_of(expires_at),
        version=version,
    )


def milliseconds_of(moment: str | None) -> int | None:
    """Read an RFC 3339 moment as Unix milliseconds."""
    return None if moment is None else to_milliseconds(datetime.fromisoformat(moment))
