"""One plan on its way: to Stripe, to the customers' world, and back to the developers'."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from dream_api.bridge.catalog import store as rows
from dream_api.bridge.catalog.errors import TiersChanged
from dream_api.bridge.catalog.making import Making
from dream_api.bridge.catalog.store import Intent, State
from dream_api.bridge.keys import Change, Issued, Keys, SecretKey, Turn, first_key, no_key
from dream_api.customers.platforms import (
    Tier,
    TierConfig,
    read_connection,
    read_tiers,
    write_tiers,
)
from dream_api.developers.accounts import audit
from dream_api.gateways.clock import Clock
from dream_api.gateways.stripe import StripeModes, StripeUnavailable
from dream_api.kit.errors import DreamError
from dream_api.kit.keys import mode_of
from dream_api.stores import Connection, FrontAuthApiBindings

FINISH_AFTER = timedelta(seconds=60)
"""Longer than any submit may take, so that the worker never works on one in flight."""
INTENTS_A_SWEEP_MAX = 20


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a publication needs to get its work done."""

    bindings: FrontAuthApiBindings
    stripes: StripeModes
    clock: Clock
    keys: Keys

    async def unfinished(self) -> list[Intent]:
        """List intents that nobody has worked on for FINISH_AFTER, oldest first."""
        changed_before = self.clock.now() - FINISH_AFTER
        return await self.bindings.developers.read(
            lambda connection: rows.unfinished_intents(
                connection, changed_before, INTENTS_A_SWEEP_MAX
            )
        )


class Publication:
    """Carries one intent to its end. Use it once, inside the platform's queue.

    Args:
        workplace: stores, gateways and keys.
        turn: the right to change the platform.
        intent: what is to be published; it stands in the developers' world already.
        current: the tiers that end users live by now.
        off_sale: prices and products of theirs that somebody archived at Stripe.
    """

    def __init__(
        self,
        workplace: Workplace,
        turn: Turn,
        intent: Intent,
        current: TierConfig,
        off_sale: frozenset[str] = frozenset(),
    ) -> None:
        self._workplace = workplace
        self._bindings = workplace.bindings
        self._turn = turn
        self._intent = intent
        self._current = current
        stripe = workplace.stripes.of(mode_of(turn.platform_id))
        self._making = Making(stripe, turn.platform_id, off_sale)

    @classmethod
    async def take_over(cls, workplace: Workplace, platform_id: str) -> Self | None:
        """Take a submit over that nobody works on any more; None if there is nothing left to do.

        One on an account that is not connected any more is given up.
        """
        bindings, tokens = workplace.bindings, workplace.bindings.customer_tokens
        linked, current = await bindings.customers.of(platform_id).read(
            lambda connection: (
                read_connection(connection, tokens, platform_id),
                read_tiers(connection, tokens, platform_id),
            )
        )
        now = workplace.clock.now()

        def verb(connection: Connection) -> tuple[Turn, Intent] | None:
            intent = rows.read_intent(connection, platform_id)
            if intent is None or intent.state not in (State.OPEN, State.RETIRING):
                return None
            is_linked = linked is not None and linked.account_id == intent.plan.account_id
            if not is_linked:
                rows.write_intent(connection, replace(intent, state=State.ABANDONED), now)
                return None
            # Dated anew, so that a Stripe that is away is asked once a minute.
            rows.write_intent(connection, intent, now)
            turn = workplace.keys.open_turn(connection, intent.developer_id, platform_id)
            return turn, intent

        taken = await bindings.developers.write(verb)
        return None if taken is None else cls(workplace, *taken, current)

    def tier(self, name: str) -> Tier:
        """Give a tier as it was published."""
        planned = self._intent.plan.find(name)
        assert planned is not None, "every wanted tier is planned"
        return planned.tier

    async def carry_on(self) -> None:
        """Bring an interrupted submit to its end, whatever that is; the intent says which.

        What Stripe refuses is given up. While Stripe does not answer, the intent stays open.

        Raises:
            DreamError: as ``publish`` does.
        """
        if self._intent.state is State.RETIRING:
            await self._retire()
            return
        await self.publish(issues_key=False, is_answered=False)

    async def publish(self, *, issues_key: bool, is_answered: bool = True) -> str | None:
        """Make it true; give the first secret key if this is the moment for it.

        Args:
            issues_key: issue one if none of this platform was ever shown.
            is_answered: a developer hears of a failure, so that the worker need not go on.

        Raises:
            DreamError: what Stripe refused; nothing has changed for end users.
            TiersChanged: another process has published meanwhile.
            KeysChanged: another process has taken the turn; the key must not be shown.
        """
        await self._make(is_answered=is_answered)
        should_issue = issues_key and not self._turn.was_shown
        try:
            issued, dead = await self._write_customers(first_key if should_issue else no_key)
        except TiersChanged:
            self._intent = replace(self._intent, state=State.ABANDONED)
            await self._bindings.developers.write(self._remember)
            raise
        await self._settle(issued, dead)
        if self._intent.plan.retired:
            await self._retire()
        return None if issued is None else issued.secret

    async def _make(self, *, is_answered: bool) -> None:
        """Let Stripe make what is missing, and remember it before anything is built on it."""
        before = self._intent.plan
        tiers, refusal = await self._making.make(before, self._current)
        state = State.OPEN
        if refusal is not None and (is_answered or not isinstance(refusal, StripeUnavailable)):
            state = State.ABANDONED
        self._intent = replace(self._intent, plan=replace(before, tiers=tuple(tiers)), state=state)
        if self._intent.plan != before or state is not State.OPEN:
            await self._bindings.developers.write(self._remember)
        if refusal is not None:
            raise refusal

    def _remember(self, connection: Connection) -> None:
        self._workplace.keys.check_turn(connection, self._turn)
        rows.write_intent(connection, self._intent, self._workplace.clock.now())

    async def _write_customers(self, change: Change) -> tuple[Issued | None, tuple[SecretKey, ...]]:
        """Publish tiers and key in one transaction, which is the moment that counts."""
        platform_id, tokens = self._turn.platform_id, self._bindings.customer_tokens
        config = self._intent.plan.config

        def verb(connection: Connection) -> tuple[Issued | None, tuple[SecretKey, ...]]:
            if read_tiers(connection, tokens, platform_id) != self._current:
                raise TiersChanged
            if config != self._current:
                write_tiers(connection, tokens, platform_id, config)
            return self._workplace.keys.change_rows(connection, self._turn, change)

        return await self._bindings.customers.of(platform_id).write(verb)

    async def _settle(self, issued: Issued | None, dead: tuple[SecretKey, ...]) -> None:
        state = State.RETIRING if self._intent.plan.retired else State.DONE
        self._intent = replace(self._intent, state=state)
        detail = {
            "platformId": self._turn.platform_id,
            "tiers": [tier.name for tier in self._intent.plan.config.tiers if not tier.archived],
            "revision": self._intent.plan.revision,
        }

        def verb(connection: Connection) -> None:
            now = self._workplace.clock.now()
            self._workplace.keys.close_turn(connection, self._turn, issued=issued, dead=dead)
            rows.write_intent(connection, self._intent, now)
            audit(connection, self._turn.developer_id, "catalog.published", detail, now)

        await self._bindings.developers.write(verb)

    async def _retire(self) -> None:
        """Take what was given up off sale; if Stripe is away, the worker does it later."""
        plan = self._intent.plan
        try:
            await self._making.retire(plan)
        except DreamError:
            # The tiers are published; a price that nobody is offered can wait.
            return
        await self._bindings.developers.write(
            lambda connection: rows.finish_retiring(connection, self._turn.platform_id, plan)
        )
