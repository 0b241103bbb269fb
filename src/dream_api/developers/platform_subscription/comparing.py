"""Asking Stripe about developers without being told to: an event may be lost, a day may not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from dream_api.developers.platform_subscription import store as rows
from dream_api.developers.platform_subscription.model import Record
from dream_api.gateways.clock import Clock
from dream_api.gateways.stripe import StripeUnavailable
from dream_api.kit.money import format_money
from dream_api.stores import Store

TRUSTED_FOR = timedelta(hours=24)
"""How long we believe what we keep; then Stripe is asked again, whether an event came or not."""
SWEEP_MAX = 50
PAGE = 100

Publish = Callable[[str], Awaitable[None]]
"""Tells the customers' world how a developer stands."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PlatformDrift:
    """One developer whose subscription was not as Stripe says; it is now."""

    developer_id: str
    before: str | None
    after: str | None
    mrr_cents: int
    currency: str = "usd"

    def describe(self) -> str:
        """Write it as one line for the operator."""
        sign = "-" if self.mrr_cents < 0 else "+"
        money = f"{sign}{format_money(abs(self.mrr_cents), self.currency)} a month"
        return f"{self.developer_id}: platform subscription {self.before} → {self.after} ({money})"


@dataclass(frozen=True, slots=True)
class PlatformsCompared:
    """What a comparison with Stripe came to."""

    asked: int
    drifts: tuple[PlatformDrift, ...]


class Comparing:
    """Re-reads developers' subscriptions.

    Args:
        store: the developers' store.
        clock: tells for how long nobody has asked.
        refresh: asks Stripe about one developer and writes what it says.
        price_cents: what a developer pays a month, which a drift is told with.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        refresh: Callable[[Record], Awaitable[None]],
        price_cents: int,
    ) -> None:
        self._store = store
        self._clock = clock
        self._refresh = refresh
        self._price_cents = price_cents

    async def sweep(self, publish: Publish, limit: int) -> int:
        """Ask about those whom nobody has asked about for TRUSTED_FOR; give how many."""
        before = self._clock.now() - TRUSTED_FOR
        stale = await self._store.read(
            lambda connection: rows.list_stale(connection, before, limit)
        )
        for asked, record in enumerate(stale):
            try:
                await self._compare(record, publish)
            except StripeUnavailable as error:
                _log.warning("platform_subscription.sweep_stopped", code=error.code)
                return asked
        return len(stale)

    async def compare(self, publish: Publish) -> PlatformsCompared:
        """Ask about everybody, in the order of their ids."""
        asked, drifts, after = 0, list[PlatformDrift](), ""
        while page := await self._page(after):
            for record in page:
                drift = await self._compare(record, publish)
                drifts += [drift] if drift is not None else []
            asked, after = asked + len(page), page[-1].developer_id
        return PlatformsCompared(asked, tuple(drifts))

    async def _page(self, after: str) -> list[Record]:
        return await self._store.read(
            lambda connection: rows.list_customers(connection, after, PAGE)
        )

    async def _compare(self, before: Record, publish: Publish) -> PlatformDrift | None:
        await self._refresh(before)
        await publish(before.developer_id)
        after = await self._store.read(
            lambda connection: rows.find_record(connection, before.developer_id)
        )
        if after is None or after.status == before.status:
            return None
        paid = after.standing().is_paid - before.standing().is_paid
        drift = PlatformDrift(
            before.developer_id, before.status, after.status, paid * self._price_cents
        )
        _log.warning(
            "platform_subscription.drift_healed",
            developer_id=drift.developer_id,
            status_before=drift.before,
            status=drift.after,
            mrr_cents=drift.mrr_cents,
        )
        return drift
