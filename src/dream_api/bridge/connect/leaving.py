"""Accounts that nobody here uses any more: our access goes back, however long Stripe is away."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import structlog

from dream_api.bridge.connect import store as rows
from dream_api.gateways.clock import Clock
from dream_api.gateways.stripe import (
    AccountGone,
    OauthRefused,
    Onboarding,
    StripeRefused,
    StripeUnavailable,
)
from dream_api.kit.keys import Mode, mode_of
from dream_api.stores import Connection, KeyValue, Store

REMEMBERED = timedelta(days=30)
"""For how long it is tried; its owner can still disconnect us at Stripe afterwards."""
BATCH_MAX = 100

_log = structlog.get_logger()


class Leaving:
    """Gives accounts back, and remembers them until Stripe has taken them.

    Args:
        customers: the customers' store.
        customer_tokens: its namespace, where the memory is kept.
        clock: tells until when it is tried.
        onboarding: the way accounts are connected, of each mode.
    """

    def __init__(
        self,
        customers: Store,
        customer_tokens: KeyValue,
        clock: Clock,
        onboarding: Callable[[Mode], Onboarding],
    ) -> None:
        self._customers = customers
        self._customer_tokens = customer_tokens
        self._clock = clock
        self._onboarding = onboarding

    def remember(self, connection: Connection, platform_id: str, account_id: str) -> None:
        """Note, with the change that makes it so, that a platform has left an account."""
        expires_at = self._clock.now() + REMEMBERED
        rows.put_leaving(connection, self._customer_tokens, platform_id, account_id, expires_at)

    async def give_back(self, platform_id: str, account_id: str) -> bool:
        """Give the access to an account back; tell whether nothing is left to do.

        Quiet while Stripe is away: it is tried again. An account that somebody has connected
        meanwhile stays open.
        """
        if not await self._is_connected(platform_id, account_id):
            try:
                await self.deauthorize(mode_of(platform_id), account_id)
            except StripeUnavailable as error:
                _log.warning("connect.account_stays_open", account=account_id, code=error.code)
                return False
        await self._customers.of(platform_id).write(
            lambda connection: rows.drop_leaving(
                connection, self._customer_tokens, platform_id, account_id
            )
        )
        return True

    async def give_back_remembered(self) -> int:
        """Give back what could not be given back at once, on every platform; give how many."""
        waiting = await self._customers.read(
            lambda connection: rows.list_leaving(connection, self._customer_tokens, BATCH_MAX)
        )
        given = [await self.give_back(*one) for one in waiting]
        return sum(given)

    async def deauthorize(self, mode: Mode, account_id: str) -> None:
        """Give the access to an account back now.

        Raises:
            StripeUnavailable: nobody knows whether Stripe has taken it.
        """
        # If Stripe refuses, it has taken our access back before, which is what was asked for.
        with contextlib.suppress(OauthRefused, StripeRefused, AccountGone):
            await self._onboarding(mode).deauthorize(account_id)

    async def _is_connected(self, platform_id: str, account_id: str) -> bool:
        mode = mode_of(platform_id)
        return await self._customers.of(platform_id).read(
            lambda connection: rows.is_linked(connection, self._customer_tokens, mode, account_id)
        )
