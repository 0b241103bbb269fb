"""The verbs of the catalogue, each a submit of the whole list.

The order: intent and turn (developers' world) → Stripe → what Stripe made (developers' world) →
tiers and the first key, one transaction (customers' world) → the key's copy, the end of the intent
(developers' world) → what was given up comes off sale → answer. A crash anywhere leaves an open
intent: the next submit, or the worker, goes on from it under the same idempotency keys.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from dream_api.bridge.catalog import store as rows
from dream_api.bridge.catalog.errors import LastTier, TierExists, TierLimitReached
from dream_api.bridge.catalog.model import (
    TIERS_MAX,
    CatalogTier,
    NewTier,
    Published,
    check_tier,
    check_tiers,
)
from dream_api.bridge.catalog.plan import Plan, build_plan
from dream_api.bridge.catalog.publication import Publication, Workplace
from dream_api.bridge.catalog.shelf import look
from dream_api.bridge.catalog.store import Intent, State
from dream_api.bridge.connect import NotConnected, PaymentRequired
from dream_api.bridge.keys import Keys, Turn
from dream_api.customers.platforms import TierConfig, read_connection, read_tiers
from dream_api.developers.accounts import find_platform_ids
from dream_api.gateways.clock import Clock
from dream_api.gateways.stripe import StripeModes
from dream_api.kit.errors import DreamError, NotFound, ValidationFailed
from dream_api.kit.keys import Mode
from dream_api.stores import Connection, FrontAuthApiBindings

Choose = Callable[[TierConfig], Sequence[NewTier]]
"""Turns the tiers that are on sale now into the whole list that is wanted."""


class Catalog:
    """A developer's tiers, with the rights of front-auth-api.

    Every changing verb raises ``PaymentRequired`` (live mode without the platform subscription),
    ``NotConnected``, what the gateway raises when Stripe refuses or does not answer (then nothing
    has changed for end users, and the same call later makes nothing twice), and ``TiersChanged``.

    Args:
        bindings: what front-auth-api may touch.
        stripes: our gateway of each mode.
        clock: dates intents.
        keys: issues the first secret key.
        is_paid: whether a developer's platform subscription runs, which live mode needs.
        subscribers: the number of end users on each tier of a platform.
    """

    def __init__(
        self,
        bindings: FrontAuthApiBindings,
        stripes: StripeModes,
        clock: Clock,
        *,
        keys: Keys,
        is_paid: Callable[[str], Awaitable[bool]],
        subscribers: Callable[[str], Awaitable[Mapping[str, int]]],
    ) -> None:
        self._bindings = bindings
        self._keys = keys
        self._is_paid = is_paid
        self._subscribers = subscribers
        self._workplace = Workplace(bindings, stripes, clock, keys)

    async def create_products(
        self, developer_id: str, mode: Mode, tiers: Sequence[NewTier]
    ) -> Published:
        """Publish a list of tiers in place of the one before, and issue the first key.

        A tier left out is archived. The secret key is in the answer as long as none of this
        platform was ever shown, and never again.

        Raises:
            ValidationFailed: naming every field that is wrong.
            TierInUse: a tier with end users is left out, or turns from free to paid or back.
        """
        check_tiers(tiers)
        return await self._submit(developer_id, mode, lambda _current: tiers, issues_key=True)

    async def promote(self, developer_id: str) -> Published:
        """Publish the tiers of the test platform on the live one.

        Raises:
            NotFound: the test platform has no tiers.
            TierInUse: a live tier with end users is not among them.
        """
        if not await self._is_paid(developer_id):
            raise PaymentRequired
        test_id = await self._find_platform(developer_id, Mode.TEST)
        tiers = _on_sale(await self._read_tiers(test_id)) if test_id else []
        if not tiers:
            raise NotFound("The test platform has no tiers. Submit them with ?mode=test first.")
        return await self.create_products(developer_id, Mode.LIVE, tiers)

    async def list_tiers(self, developer_id: str, mode: Mode) -> tuple[CatalogTier, ...]:
        """List the tiers in their order, archived ones last; none before the first submit."""
        platform_id = await self._find_platform(developer_id, mode)
        if platform_id is None:
            return ()
        config = await self._read_tiers(platform_id)
        counts = await self._subscribers(platform_id)
        listed = [CatalogTier(tier, counts.get(tier.name, 0)) for tier in config.tiers]
        return tuple(sorted(listed, key=lambda listed: listed.tier.archived))

    async def add_tier(self, developer_id: str, mode: Mode, new: NewTier) -> CatalogTier:
        """Put one more tier at the end; an archived name comes back with a new price.

        Raises:
            ValidationFailed: naming every field that is wrong.
            TierExists: a tier of this name is on sale.
            TierLimitReached: the platform has TIERS_MAX tiers.
        """
        check_tier(new)

        def choose(current: TierConfig) -> Sequence[NewTier]:
            tiers = _on_sale(current)
            if any(tier.name == new.name for tier in tiers):
                raise TierExists(new.name)
            if len(tiers) >= TIERS_MAX:
                raise TierLimitReached(f"There are {TIERS_MAX} tiers. Delete one first.")
            _check_one_free([*tiers, new])
            return [*tiers, new]

        return _named(await self._submit(developer_id, mode, choose), new.name)

    async def update_tier(
        self, developer_id: str, mode: Mode, name: str, new: NewTier
    ) -> CatalogTier:
        """Replace a tier; another price, currency or interval is a new price at Stripe.

        Who pays an older price goes on paying it.

        Raises:
            NotFound: no such tier on sale.
            ValidationFailed: naming every field that is wrong; the name cannot change.
            TierInUse: it has end users and would turn from free to paid or back.
        """
        check_tier(new)
        if new.name != name:
            raise ValidationFailed.of("name", "cannot change", f"Send {name!r}, or add a tier.")

        def choose(current: TierConfig) -> Sequence[NewTier]:
            tiers = _on_sale(current)
            _check_on_sale(tiers, name)
            wanted = [new if tier.name == name else tier for tier in tiers]
            _check_one_free(wanted)
            return wanted

        return _named(await self._submit(developer_id, mode, choose), name)

    async def delete_tier(self, developer_id: str, mode: Mode, name: str) -> None:
        """Archive a tier.

        Raises:
            NotFound: no such tier on sale.
            TierInUse: end users are on it.
            LastTier: it is the only one.
        """

        def choose(current: TierConfig) -> Sequence[NewTier]:
            tiers = _on_sale(current)
            _check_on_sale(tiers, name)
            if len(tiers) == 1:
                raise LastTier
            return [tier for tier in tiers if tier.name != name]

        await self._submit(developer_id, mode, choose)

    async def finish_open_intents(self) -> int:
        """Finish submits that a crash interrupted; give how many were looked at. For the worker.

        No key is shown here, so none is issued; the developer's next submit brings it.
        """
        intents = await self._workplace.unfinished()
        for intent in intents:
            # One that cannot be finished now must not keep the others waiting.
            with suppress(DreamError):
                await self._finish(intent.platform_id)
        return len(intents)

    async def _finish(self, platform_id: str) -> None:
        async with self._keys.queue(platform_id):
            publication = await Publication.take_over(self._workplace, platform_id)
            if publication is not None:
                await publication.carry_on()

    async def _submit(
        self, developer_id: str, mode: Mode, choose: Choose, *, issues_key: bool = False
    ) -> Published:
        platform_id = await self._platform(developer_id, mode)
        async with self._keys.queue(platform_id):
            account_id, current = await self._look(platform_id)
            wanted = choose(current)
            counts = await self._subscribers(platform_id)
            shelf = await look(self._workplace.stripes.of(mode), account_id, current)
            seed = Intent.seed(platform_id, developer_id, account_id)

            def plan(begun: Plan | None) -> Plan:
                return build_plan(wanted, current, begun, account_id, counts, shelf.gone)

            turn, intent = await self._begin(seed, plan)
            publication = Publication(self._workplace, turn, intent, current, shelf.off_sale)
            secret = await publication.publish(issues_key=issues_key)
        names = [new.name for new in wanted]
        tiers = [publication.tier(name) for name in names]
        listed = tuple(CatalogTier(tier, counts.get(tier.name, 0)) for tier in tiers)
        return Published(platform_id, secret, listed)

    async def _begin(
        self,
        seed: Intent,
        plan: Callable[[Plan | None], Plan],
    ) -> tuple[Turn, Intent]:
        """Take the turn and write what is going to happen, before Stripe hears of it."""

        def verb(connection: Connection) -> tuple[Turn, Intent]:
            turn = self._keys.open_turn(connection, seed.developer_id, seed.platform_id)
            before = rows.read_intent(connection, seed.platform_id)
            intent = replace(seed, plan=plan(before.plan if before else None), state=State.OPEN)
            rows.write_intent(connection, intent, self._workplace.clock.now())
            return turn, intent

        return await self._bindings.developers.write(verb)

    async def _look(self, platform_id: str) -> tuple[str, TierConfig]:
        """Read the connected account and the tiers in one snapshot."""
        tokens = self._bindings.customer_tokens
        linked, tiers = await self._bindings.customers.of(platform_id).read(
            lambda connection: (
                read_connection(connection, tokens, platform_id),
                read_tiers(connection, tokens, platform_id),
            )
        )
        if linked is None:
            raise NotConnected
        return linked.account_id, tiers

    async def _read_tiers(self, platform_id: str) -> TierConfig:
        tokens = self._bindings.customer_tokens
        return await self._bindings.customers.of(platform_id).read(
            lambda connection: read_tiers(connection, tokens, platform_id)
        )

    async def _platform(self, developer_id: str, mode: Mode) -> str:
        if mode is Mode.LIVE and not await self._is_paid(developer_id):
            raise PaymentRequired
        platform_id = await self._find_platform(developer_id, mode)
        if platform_id is None:
            raise PaymentRequired
        return platform_id

    async def _find_platform(self, developer_id: str, mode: Mode) -> str | None:
        tokens = self._bindings.platform_tokens
        ids = await self._bindings.developers.read(
            lambda connection: find_platform_ids(connection, tokens, developer_id)
        )
        return None if ids is None else ids.of(mode)


def _on_sale(config: TierConfig) -> list[NewTier]:
    return [NewTier.of(tier) for tier in config.tiers if not tier.archived]


def _check_on_sale(tiers: Sequence[NewTier], name: str) -> None:
    if all(tier.name != name for tier in tiers):
        raise NotFound("No such tier. GET /platform/tiers lists them.")


def _check_one_free(tiers: Sequence[NewTier]) -> None:
    if sum(tier.is_free for tier in tiers) > 1:
        raise ValidationFailed.of("priceCents", "is 0, but one tier is free already")


def _named(published: Published, name: str) -> CatalogTier:
    return next(listed for listed in published.tiers if listed.tier.name == name)
