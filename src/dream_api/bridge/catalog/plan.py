"""From what is and what was begun to what shall be: the plan that an intent holds.

Nothing is made twice: a tier keeps the price and the product it has, or those that an unfinished
plan was about to make, under the same idempotency keys. Nothing made is left on sale: what no tier
uses any more is in ``retired``. A price that was given up is never sold again: going back to an
earlier amount is a new revision and so a new price.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from dream_api.bridge.catalog.errors import TierInUse
from dream_api.bridge.catalog.model import NewTier
from dream_api.customers.platforms import Tier, TierConfig

ARCHIVED_TIERS_MAX = 80
"""Archived tiers kept for those who are still on their prices; the oldest go."""


@dataclass(frozen=True, slots=True)
class PlannedTier:
    """A tier to be, its ids at Stripe filled in as they come to be.

    Attributes:
        product_revision: the revision under which its product is made.
        product_name: the name under which it is made. Stripe refuses an idempotency key that comes
            back with another name, so a later one is written by an update.
    """

    tier: Tier
    product_revision: int
    product_name: str

    @property
    def needs_product(self) -> bool:
        """Tell whether Stripe has no product for it yet."""
        return self._is_sold and self.tier.product_id is None

    @property
    def needs_price(self) -> bool:
        """Tell whether Stripe has no price for it yet."""
        return self._is_sold and self.tier.price_id is None

    @property
    def _is_sold(self) -> bool:
        return not self.tier.is_free and not self.tier.archived

    def made(self, *, product_id: str | None = None, price_id: str | None = None) -> Self:
        """Fill in what Stripe has made."""
        tier = replace(
            self.tier,
            product_id=product_id or self.tier.product_id,
            price_id=price_id or self.tier.price_id,
        )
        return replace(self, tier=tier)

    def to_wire(self) -> dict[str, Any]:
        """Give the stored form."""
        return {
            "tier": self.tier.to_wire(),
            "productRevision": self.product_revision,
            "productName": self.product_name,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read the stored form."""
        return cls(Tier.from_wire(wire["tier"]), wire["productRevision"], wire["productName"])


@dataclass(frozen=True, slots=True)
class Retired:
    """Prices and products to take off sale."""

    prices: tuple[str, ...] = ()
    products: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.prices or self.products)

    def to_wire(self) -> dict[str, Any]:
        """Give the stored form."""
        return {"prices": list(self.prices), "products": list(self.products)}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read the stored form."""
        return cls(tuple(wire["prices"]), tuple(wire["products"]))


@dataclass(frozen=True, slots=True)
class Plan:
    """What the catalogue is about to publish on one connected account.

    ``revision`` is the highest that was ever given on the platform.
    """

    account_id: str
    revision: int
    tiers: tuple[PlannedTier, ...] = ()
    retired: Retired = Retired()

    @property
    def config(self) -> TierConfig:
        """Give the tiers as end users will live by them."""
        return TierConfig(tuple(planned.tier for planned in self.tiers))

    def find(self, name: str) -> PlannedTier | None:
        """Find a planned tier by name."""
        return next((planned for planned in self.tiers if planned.tier.name == name), None)


def build_plan(
    wanted: Sequence[NewTier],
    current: TierConfig,
    begun: Plan | None,
    account_id: str,
    in_use: Mapping[str, int],
    gone: frozenset[str] = frozenset(),
) -> Plan:
    """Plan the way from *current* to *wanted*.

    Args:
        wanted: the whole list; what it leaves out is archived.
        current: the tiers that end users live by now.
        begun: the last plan of the platform, finished or not.
        account_id: the connected account. Ids of another account are of no use here.
        in_use: the number of end users on each tier.
        gone: prices and products that were deleted at Stripe: made anew, not found again.

    Raises:
        TierInUse: a tier that has end users is left out, or turns from free to paid or back.
    """
    revision = 1 if begun is None else begun.revision + 1
    before = begun if begun is not None and begun.account_id == account_id else None
    usable = current if before else TierConfig()
    _check_in_use(wanted, current, in_use)
    tiers = [
        _plan_tier(
            _Known.of(usable.find(new.name), before.find(new.name) if before else None, gone),
            new,
            revision,
        )
        for new in wanted
    ]
    tiers += _archived(wanted, current)
    return Plan(
        account_id,
        _revision_used(tiers, begun, revision),
        tuple(tiers),
        _retired(tiers, usable, before),
    )


def idempotency_key(
    plan: Plan,
    platform_id: str,
    planned: PlannedTier,
    verb: Literal["create_product", "create_price"],
) -> str:
    """Give the key under which Stripe makes one thing once, however often it is asked."""
    is_product = verb == "create_product"
    revision = planned.product_revision if is_product else planned.tier.revision
    parts = [plan.account_id, platform_id, planned.tier.name, verb, revision]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _check_in_use(
    wanted: Sequence[NewTier], current: TierConfig, in_use: Mapping[str, int]
) -> None:
    by_name = {new.name: new for new in wanted}
    for tier in current.tiers:
        end_users = in_use.get(tier.name, 0)
        if tier.archived or not end_users:
            continue
        new = by_name.get(tier.name)
        if new is None or new.is_free != tier.is_free:
            raise TierInUse(tier.name, end_users)


@dataclass(frozen=True, slots=True)
class _Known:
    """What there is of one tier: as it is published, and as it was last planned.

    Attributes:
        tiers: both, without a price or a product that is gone.
        has_lost_price: so that none is made under the key of the one that is gone.
        product: how its product came or comes to be; None where it has to be made anew.
    """

    tiers: tuple[Tier, ...]
    has_lost_price: bool
    product: PlannedTier | None

    @classmethod
    def of(cls, current: Tier | None, begun: PlannedTier | None, gone: frozenset[str]) -> Self:
        """Put together what is left."""
        known = [tier for tier in (current, begun.tier if begun else None) if tier is not None]
        has_lost_product = any(tier.product_id in gone for tier in known)
        has_lost_price = has_lost_product or any(tier.price_id in gone for tier in known)
        left = [
            replace(
                tier,
                price_id=None if has_lost_price else tier.price_id,
                product_id=None if has_lost_product else tier.product_id,
            )
            for tier in known
        ]
        return cls(tuple(left), has_lost_price, None if has_lost_product else begun)


def _plan_tier(known: _Known, new: NewTier, revision: int) -> PlannedTier:
    if new.is_free:
        stays = next((tier.revision for tier in known.tiers if tier.is_free), revision)
        return PlannedTier(new.to_tier(revision=stays), stays, new.display_name)
    alike = (tier for tier in known.tiers if _sells_the_same(tier, new))
    sold = None if known.has_lost_price else next(alike, None)
    tier = new.to_tier(
        price_id=sold.price_id if sold else None,
        product_id=next((tier.product_id for tier in known.tiers if tier.product_id), None),
        revision=sold.revision if sold else revision,
    )
    begun = known.product
    if begun is not None and not begun.tier.is_free:
        return PlannedTier(tier, begun.product_revision, begun.product_name)
    return PlannedTier(tier, revision, new.display_name)


def _sells_the_same(tier: Tier, new: NewTier) -> bool:
    return not tier.archived and (tier.price_cents, tier.currency, tier.interval) == (
        new.price_cents,
        new.currency,
        new.interval,
    )


def _archived(wanted: Sequence[NewTier], current: TierConfig) -> list[PlannedTier]:
    names = {new.name for new in wanted}
    left = [tier for tier in current.tiers if tier.name not in names]
    ordered = [tier for tier in left if tier.archived] + [
        replace(tier, archived=True) for tier in left if not tier.archived
    ]
    return [
        PlannedTier(tier, tier.revision, tier.display_name)
        for tier in ordered[-ARCHIVED_TIERS_MAX:]
    ]


def _revision_used(tiers: Sequence[PlannedTier], begun: Plan | None, revision: int) -> int:
    """Raise the platform's revision only if the plan makes use of the new one."""
    is_used = any(
        revision in (planned.tier.revision, planned.product_revision) for planned in tiers
    )
    return revision if begun is None or is_used else begun.revision


def _retired(tiers: Sequence[PlannedTier], current: TierConfig, begun: Plan | None) -> Retired:
    on_sale = [planned.tier for planned in tiers if not planned.tier.archived]
    prices = {tier.price_id for tier in on_sale}
    products = {tier.product_id for tier in on_sale}
    known = [tier for tier in current.tiers if not tier.archived]
    known += [planned.tier for planned in begun.tiers if not planned.tier.archived] if begun else []
    left = begun.retired if begun else Retired()
    return Retired(
        _without([*left.prices, *(tier.price_id for tier in known)], prices),
        _without([*left.products, *(tier.product_id for tier in known)], products),
    )


def _without(ids: Sequence[str | None], kept: set[str | None]) -> tuple[str, ...]:
    """Give each id once, in order, without those that are kept."""
    return tuple(dict.fromkeys(id_ for id_ in ids if id_ is not None and id_ not in kept))
