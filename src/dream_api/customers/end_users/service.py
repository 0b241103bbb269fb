"""The verbs on end users. Each keeps ``users`` and the usage row together, in one transaction."""

from collections.abc import Callable
from datetime import datetime

from dream_api.customers import metering
from dream_api.customers.end_users import store as rows
from dream_api.customers.end_users.errors import UserExists
from dream_api.customers.end_users.model import (
    KEEP,
    Changes,
    EndUser,
    Row,
    SubscriptionStanding,
    check_profile,
    had_access,
    plan_in_force,
    row_of,
)
from dream_api.customers.platforms import TierConfig, read_tiers
from dream_api.gateways.clock import Clock
from dream_api.kit.errors import NotFound, ValidationFailed
from dream_api.shared.identity import Claims, Identity
from dream_api.stores import Connection, KeyValue, Store

FOLDED_MAX = 1_000
"""Rows of counts that one transaction folds."""

AnnouncePlan = Callable[[Connection, str, str], None]


class EndUsers:
    """End users, a platform at a time.

    Args:
        store: the customers' store.
        customer_tokens: the namespace with tiers and profiles.
        clock: tells when things happen.
    """

    def __init__(self, store: Store, customer_tokens: KeyValue, clock: Clock) -> None:
        self._store = store
        self._tokens = customer_tokens
        self._clock = clock
        self._announce: AnnouncePlan | None = None

    def announce_plans(self, announce: AnnouncePlan) -> None:
        """Have *announce* called in each transaction that may have changed a user's plan."""
        self._announce = announce

    async def create(
        self, platform_id: str, user_id: str, *, email: str | None = None, name: str | None = None
    ) -> Row:
        """Make a user on the platform's free tier, or on none.

        Raises:
            ValidationFailed: a field cannot be accepted.
            UserExists: the platform has a user of this id; nothing was changed.
        """
        check_profile(user_id=user_id, email=email, name=name)
        now = self._clock.now()

        def verb(connection: Connection) -> Row:
            tiers = read_tiers(connection, self._tokens, platform_id)
            plan = plan_in_force(None, tiers)
            if not rows.ensure_user(connection, platform_id, user_id, plan=plan, now=now):
                raise UserExists(
                    f"User {user_id} exists. Change it with PATCH /v1/customers/{{userId}}.",
                    param="userId",
                )
            rows.update_user(connection, platform_id, user_id, clerk_email=email, clerk_name=name)
            return self._show(connection, platform_id, user_id, tiers)

        return await self._store.of(platform_id).write(verb)

    async def get(self, platform_id: str, user_id: str) -> Row:
        """Show a user.

        Raises:
            NotFound: the platform has no such user.
        """

        def verb(connection: Connection) -> Row:
            tiers = read_tiers(connection, self._tokens, platform_id)
            return self._show(connection, platform_id, user_id, tiers)

        return await self._store.of(platform_id).read(verb)

    async def find(self, platform_id: str, user_id: str) -> EndUser | None:
        """Find a user with everything that the store knows of them."""
        return await self._store.of(platform_id).read(
            lambda connection: rows.find_user(connection, platform_id, user_id)
        )

    async def patch(self, platform_id: str, user_id: str, changes: Changes) -> Row:
        """Change a user; all or nothing.

        A plan given here is a grant: it beats the subscription until it is taken back with None.

        Raises:
            NotFound: the platform has no such user.
            ValidationFailed: a field cannot be accepted, or no such tier is on sale.
        """
        check_profile(
            email=None if changes.email is KEEP else changes.email,
            name=None if changes.name is KEEP else changes.name,
        )
        now = self._clock.now()

        def verb(connection: Connection) -> Row:
            tiers = read_tiers(connection, self._tokens, platform_id)
            user = _require(connection, platform_id, user_id)
            _change_profile(connection, user, changes)
            if changes.blocked is not KEEP:
                _change_block(connection, user, now if changes.blocked else None)
            if changes.plan is not KEEP:
                _change_grant(connection, user, changes.plan, tiers)
                self._tell_plan(connection, platform_id, user_id)
            return self._show(connection, platform_id, user_id, tiers)

        return await self._store.of(platform_id).write(verb)

    async def erase(self, platform_id: str, user_id: str) -> None:
        """Erase what we know of a user: the row goes, the ledger keeps counts under a pseudonym.

        Subscription and identity go before (``Subscriptions.erase`` does all of it in order).
        Repeating it is harmless.
        """
        await self._store.of(platform_id).write(
            lambda connection: self._erase(connection, platform_id, user_id)
        )

    async def fold_counts(self) -> int:
        """Fold the counts that transactions left, of all platforms; give how many rows.

        Sums are exact before, during and after; this keeps them few. SQLite leaves none.
        """
        if not await self._store.read(rows.has_unfolded):
            return 0
        return await self._store.write(lambda c: rows.fold_counts(c, FOLDED_MAX))

    def claims(self, connection: Connection, platform_id: str, user_id: str) -> Claims:
        """Say what a user's token may hint at: the platform, and the plan to show."""
        user = rows.find_user(connection, platform_id, user_id)
        tiers = read_tiers(connection, self._tokens, platform_id)
        return Claims(platform_id, plan_in_force(user.plan if user else None, tiers))

    def on_verified(self, connection: Connection, platform_id: str, identity: Identity) -> None:
        """Make or rename the user of an identity, in the transaction that verified it."""
        user_id, now = identity.user_id, self._clock.now()
        plan = plan_in_force(None, read_tiers(connection, self._tokens, platform_id))
        rows.ensure_user(connection, platform_id, user_id, plan=plan, now=now)
        rows.update_user(
            connection,
            platform_id,
            user_id,
            clerk_email=identity.email or None,
            clerk_name=identity.name,
        )
        profile = {"email": identity.email or None, "name": identity.name}
        self._tokens.put(connection, f"clerkuser:{user_id}:profile", profile)

    def on_deleted(self, connection: Connection, platform_id: str, user_id: str) -> None:
        """Erase the user of an identity, in the transaction that deletes the identity."""
        self._erase(connection, platform_id, user_id)
        self._tokens.delete(connection, f"clerkuser:{user_id}:profile")

    def set_plan(
        self, connection: Connection, platform_id: str, user_id: str, standing: SubscriptionStanding
    ) -> None:
        """Write what a user's subscriptions come to; a grant by hand still beats them.

        ``users`` and the usage row change in the caller's transaction. A missing user stays
        missing: nothing that Stripe says makes one.
        """
        user = rows.find_user(connection, platform_id, user_id)
        if user is None:
            return
        tiers = read_tiers(connection, self._tokens, platform_id)
        entitled = user.plan_grant or standing.plan
        rows.update_user(
            connection,
            platform_id,
            user_id,
            plan=plan_in_force(entitled, tiers),
            stripe_customer_id=standing.customer_id or user.stripe_customer_id,
            subscription_status=standing.status,
            mrr_cents=standing.mrr_cents,
            currency=standing.currency,
            subscription_plan=standing.plan,
            subscription_flag=standing.flag,
            stripe_subscription_id=standing.subscription_id,
            current_period_end=standing.current_period_end,
            cancel_at_period_end=int(standing.cancel_at_period_end),
        )
        metering.set_entitlement(
            connection,
            platform_id,
            user_id,
            plan=entitled,
            had_subscription=had_access(standing.status),
        )
        self._tell_plan(connection, platform_id, user_id)

    def _tell_plan(self, connection: Connection, platform_id: str, user_id: str) -> None:
        if self._announce is not None:
            self._announce(connection, platform_id, user_id)

    def _erase(self, connection: Connection, platform_id: str, user_id: str) -> None:
        if rows.delete_user(connection, platform_id, user_id):
            rows.put_tombstone(connection, platform_id, user_id, self._clock.now())
        metering.erase(connection, platform_id, user_id)

    def _show(
        self, connection: Connection, platform_id: str, user_id: str, tiers: TierConfig
    ) -> Row:
        return row_of(_require(connection, platform_id, user_id), tiers, self._clock.now())


def _require(connection: Connection, platform_id: str, user_id: str) -> EndUser:
    user = rows.find_user(connection, platform_id, user_id)
    if user is None:
        raise NotFound("No such user. Create it with POST /v1/customers, or track its first call.")
    return user


def _change_profile(connection: Connection, user: EndUser, changes: Changes) -> None:
    values = {
        column: value
        for column, value in (("clerk_email", changes.email), ("clerk_name", changes.name))
        if value is not KEEP
    }
    rows.update_user(connection, user.platform_id, user.user_id, **values)


def _change_block(connection: Connection, user: EndUser, blocked_at: datetime | None) -> None:
    if blocked_at is not None and user.blocked_at is not None:
        return  # Blocked since then, not since now.
    rows.update_user(connection, user.platform_id, user.user_id, blocked_at=blocked_at)
    metering.set_blocked(connection, user.platform_id, user.user_id, blocked=blocked_at is not None)


def _change_grant(
    connection: Connection, user: EndUser, grant: str | None, tiers: TierConfig
) -> None:
    tier = tiers.find(grant) if grant is not None else None
    if grant is not None and (tier is None or tier.archived):
        on_sale = ", ".join(tier.name for tier in tiers.tiers if not tier.archived) or "none"
        raise ValidationFailed.of(
            "plan", f"No such tier is on sale. The tiers are: {on_sale}.", "Use one, or null."
        )
    entitled = grant or user.subscription_plan
    rows.update_user(
        connection,
        user.platform_id,
        user.user_id,
        plan_grant=grant,
        plan=plan_in_force(entitled, tiers),
    )
    metering.set_entitlement(
        connection,
        user.platform_id,
        user.user_id,
        plan=entitled,
        had_subscription=user.had_subscription,
    )
