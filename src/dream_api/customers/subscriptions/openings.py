"""Checkout sessions whose answer was lost: remembered before they are asked for, found after.

Stripe may have made a session although we never heard its name. Nobody has its address then, but
it stands open for a day beside the one that the person pays.
"""

from collections.abc import Sequence
from datetime import timedelta

from dream_api.customers.end_users import EndUser
from dream_api.customers.subscriptions import store as rows
from dream_api.customers.subscriptions.desk import Account, Desk
from dream_api.customers.subscriptions.model import PLATFORM_KEY, USER_KEY, Opening
from dream_api.gateways.stripe import StripeCheckout
from dream_api.kit.ids import new_id

LOST_AFTER = timedelta(minutes=10)
"""From then on no answer comes any more, and Stripe has made the session or never will."""
CLOCKS_APART = timedelta(minutes=5)
"""By how much our clock and Stripe's may differ."""
PAGE = 100
PAGES_MAX = 10
"""Pages of sessions that stand open of one quarter of an hour, on one account."""


class Openings:
    """Remembers what was asked for, and finds what came of it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def begin(self, account: Account, user: EndUser) -> Opening:
        """Remember, before Stripe is asked, that a session may come to stand open there."""
        now = self._desk.clock.now()
        opening = Opening(
            platform_id=user.platform_id,
            attempt_id=new_id("checkout", now),
            user_id=user.user_id,
            account_id=account.id,
            begun_at=now,
        )
        await self._desk.store.of(user.platform_id).write(
            lambda connection: rows.add_opening(connection, user.platform_id, opening)
        )
        return opening

    async def forget(self, opening: Opening) -> None:
        """Forget an opening that left nothing open."""
        platform_id = opening.platform_id
        await self._desk.store.of(platform_id).write(
            lambda connection: rows.drop_opening(connection, platform_id, opening.attempt_id)
        )

    async def list_of(self, platform_id: str, user_id: str) -> list[Opening]:
        """List what was asked for a user and never answered."""
        return await self._desk.store.of(platform_id).read(
            lambda connection: rows.list_openings(connection, platform_id, user_id)
        )

    async def list_lost(self, limit: int) -> list[Opening]:
        """List what was asked for on any platform and will not be answered any more."""
        before = self._desk.clock.now() - LOST_AFTER
        return await self._desk.store.read(
            lambda connection: rows.list_lost_openings(connection, before, limit)
        )

    def is_lost(self, opening: Opening) -> bool:
        """Tell whether looking once is enough; before that, Stripe may still be at work on it."""
        return opening.begun_at + LOST_AFTER <= self._desk.clock.now()

    async def find(self, account: Account, opening: Opening) -> list[str]:
        """List sessions that stand open for the user since an opening, and that have no row."""
        if opening.account_id != account.id:
            return []  # Another account is connected since; that one is closed to us.
        found, after = list[str](), None
        for _ in range(PAGES_MAX):
            page = await account.stripe.list_opened_between(
                account.id,
                opening.begun_at - CLOCKS_APART,
                opening.begun_at + LOST_AFTER + CLOCKS_APART,
                after,
            )
            found += await self._unnamed(opening, page)
            if len(page) < PAGE:
                break
            after = page[-1].id
        return found

    async def _unnamed(self, opening: Opening, page: Sequence[StripeCheckout]) -> list[str]:
        platform_id = opening.platform_id
        theirs = [one.id for one in page if _whose(one) == (platform_id, opening.user_id)]
        return await self._desk.store.of(platform_id).read(
            lambda connection: [
                session_id
                for session_id in theirs
                if rows.find_checkout(connection, platform_id, session_id) is None
            ]
        )


def _whose(session: StripeCheckout) -> tuple[str | None, str | None]:
    return session.metadata.get(PLATFORM_KEY), session.metadata.get(USER_KEY)
