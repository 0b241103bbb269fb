"""A year into the stores, through what each room takes: people, usage, and Stripe's events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from dream_api.cli.demo.log import write_log
from dream_api.cli.demo.opening import END_USER_EMAIL, END_USER_NAME, Opened
from dream_api.cli.demo.records import ADA, Records
from dream_api.cli.demo.story_clock import StoryClock
from dream_api.cli.demo.usage import Stretch, events_of_month, plan_months
from dream_api.cli.demo.year import YEAR, Life, Stay, make_lives
from dream_api.customers import metering
from dream_api.customers.end_users import Changes, EndUsers, add_users
from dream_api.customers.metering import Metering
from dream_api.customers.platforms import read_connection, touch_key
from dream_api.customers.subscriptions import add_movements, add_subscriptions, trust_account
from dream_api.kit.keys import hash_key
from dream_api.shared.inbox import Inbox
from dream_api.stores import ApiMultiBindings, Connection

LIVES_AT_ONCE = 500
ROLLED_AT_ONCE = 500_000
UNITS_OF_EVENT = 1
FREE_PLAN = "free"
NOBODY_ASKS_FOR = timedelta(days=3_650)
"""The worker asks Stripe about what nobody asked for lately; these are not there to be found."""

Advance = Callable[[int], None]
"""Tells how much more is done."""


@dataclass(frozen=True, slots=True)
class Year:
    """What is to be filled in."""

    seed: int
    until: datetime
    lives: Sequence[Life]
    months: Sequence[Sequence[Stretch]]

    @property
    def events(self) -> int:
        """How many events there are."""
        return sum(int(stretch.events) for month in self.months for stretch in month)


def make_year(seed: int, users: int, events: int, until: datetime) -> Year:
    """Make a year up; its first end user is Ada, who stays and pays for Pro."""
    lives = make_lives(seed, users, until)
    lives[0] = replace(
        lives[0],
        number=ADA,
        name=END_USER_NAME,
        email=END_USER_EMAIL,
        stays=(Stay("free", until - YEAR, until - YEAR / 2), Stay("pro", until - YEAR / 2, until)),
        status="active",
        paid_from=until - YEAR / 2,
        left_at=None,
        is_ending=False,
        is_blocked=False,
        grant=None,
        awake_until=None,
        zeal=1.0,
    )
    return Year(seed, until, lives, plan_months(lives, events))


class Filling:
    """Fills one platform.

    Args:
        bindings: what api-multi may touch.
        opened: what the walk through the doors left behind.
        until: when the year ends.
    """

    def __init__(self, bindings: ApiMultiBindings, opened: Opened, until: datetime) -> None:
        clock = StoryClock(until)
        self._store = bindings.customers
        self._tokens = bindings.customer_tokens
        self._platform_id = opened.platform_id
        self._end_users = EndUsers(self._store, self._tokens, clock)
        self._metering = Metering(bindings, clock)
        self._clock = clock
        price_ids = {tier.name: tier.price_id for tier in opened.tiers}
        self._records = Records(opened.platform_id, price_ids, opened.end_user_id, until)

    async def add_people(self, lives: Sequence[Life], advance: Advance) -> None:
        """Write users, subscriptions, grants and blocks. Ada, who is there, keeps her row."""
        for start in range(0, len(lives), LIVES_AT_ONCE):
            some = lives[start : start + LIVES_AT_ONCE]
            await self._store.write(partial(self._write, lives=some))
            advance(len(some))
        await self._store.write(self._trust_account)
        for life in lives:
            if life.grant is not None or life.is_blocked:
                changes = Changes(plan=life.grant, blocked=life.is_blocked)
                await self._end_users.patch(self._platform_id, self._records.user_id(life), changes)

    async def add_usage(self, year: Year, advance: Advance) -> None:
        """Write the ledger month by month, roll it up, and count from it what is kept of a user."""
        ids = {life.number: self._records.user_id(life) for life in year.lives}
        for month in year.months:
            events = [
                (ids[number], UNITS_OF_EVENT, at_ms)
                for at_ms, number in events_of_month(year.seed, month)
            ]
            await self._store.write(
                partial(metering.add_events, platform_id=self._platform_id, events=events)
            )
            while await self._metering.roll_up(ROLLED_AT_ONCE):
                pass
            advance(len(events))
        await self._store.write(
            lambda connection: metering.recount(connection, self._platform_id, year.until)
        )

    async def add_log(self, year: Year, secret_key: str) -> None:
        """Write what Stripe told of the last days, and when the key was last used."""
        inbox = Inbox(self._store, self._clock)
        await write_log(inbox, self._clock, self._records, year.lives)
        key_hash, used_at = hash_key(secret_key), year.until - timedelta(minutes=2)
        await self._store.write(
            lambda connection: touch_key(
                connection, self._tokens, self._platform_id, key_hash, used_at
            )
        )

    def _trust_account(self, connection: Connection) -> None:
        linked = read_connection(connection, self._tokens, self._platform_id)
        assert linked is not None, "the walk through the doors has connected one"
        until = self._records.until + NOBODY_ASKS_FOR
        trust_account(connection, self._platform_id, linked.account_id, until)

    def _write(self, connection: Connection, lives: Sequence[Life]) -> None:
        records, platform_id = self._records, self._platform_id
        users = [records.user(life) for life in lives]
        add_users(connection, platform_id, users, plan=FREE_PLAN)
        subscribers = [life for life in lives if life.status is not None]
        add_subscriptions(
            connection,
            platform_id,
            [records.subscription(life) for life in subscribers],
            records.until + NOBODY_ASKS_FOR,
        )
        movements = [one for life in subscribers for one in records.movements(life)]
        add_movements(connection, platform_id, movements)
        for life in subscribers:
            self._end_users.set_plan(
                connection, platform_id, records.user_id(life), records.standing(life)
            )
