"""Random histories on both engines: the store's answers equal a naive model's, step by step."""

import asyncio
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from typing_extensions import override  # typing has it only since Python 3.12.

from dream_api.customers.metering import (
    Decision,
    IdempotencyConflict,
    Metering,
    TrackEvent,
    UsageBelowZero,
    set_blocked,
    set_entitlement,
)
from dream_api.customers.platforms import Tier
from dream_api.gateways.clock import Clock
from dream_api.kit.errors import NotFound
from dream_api.kit.keys import Mode, issue_key
from dream_api.kit.periods import minute_of, month_of
from dream_api.stores import Bindings
from dream_api.stores.postgres import PostgresStores
from dream_api.stores.sqlite import SqliteStores
from tests.integration.metering.conftest import FixedClock, Look, World, look_into
from tests.postgres_fixtures import Database

T = TypeVar("T")

START = datetime(2026, 11, 29, 23, 58, tzinfo=UTC)
CUT_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
USERS = st.sampled_from(["u_1", "u_2"])
AMOUNTS = st.integers(1, 12)
KEYS = st.none() | st.sampled_from(["k1", "k2", "k3"])
BACK = st.sampled_from([None, timedelta(0), timedelta(hours=1), timedelta(hours=24)])
TIERS = [
    Tier("free", "Free", 0, limit=20, rate_limit_per_minute=3),
    Tier("pro", "Pro", 2900, limit=60),
]


@dataclass
class Model:
    """What the rules say, as plainly as it can be written."""

    counts: dict[tuple[str, datetime], int] = field(default_factory=lambda: defaultdict(int))
    minutes: dict[tuple[str, datetime], int] = field(default_factory=lambda: defaultdict(int))
    answers: dict[str, tuple[TrackEvent, tuple[Any, ...]]] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)
    lapsed: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    tiers: list[Tier] = field(default_factory=lambda: list(TIERS))

    def tier(self, user: str) -> Tier | None:
        """Give the tier that decides."""
        names = [self.plans.get(user), "free"]
        found = [tier for name in names for tier in self.tiers if tier.name == name]
        return found[0] if found else None

    def track(self, event: TrackEvent, now: datetime, *, is_call: bool) -> tuple[Any, ...] | str:
        """Give (allowed, reason, usage, month, replayed), or ``conflict``."""
        if event.idempotency_key in self.answers:
            first, answer = self.answers[event.idempotency_key]
            return (*answer[:4], True) if first == event else "conflict"
        month = month_of(event.timestamp or now)[0]
        minute = minute_of(now)
        reason = self.reason(event.user_id, event.amount, month, minute if is_call else None)
        if self.tier(event.user_id) is not None:
            self.known.add(event.user_id)
        if reason is None:
            self.counts[event.user_id, month] += event.amount
            self.minutes[event.user_id, minute] += is_call
        usage = self.counts[event.user_id, month]
        answer = (reason is None, reason, usage, month, False)
        if reason is None and event.idempotency_key is not None:
            self.answers[event.idempotency_key] = (event, answer)
        return answer

    def reason(
        self, user: str, amount: int, month: datetime, minute: datetime | None
    ) -> str | None:
        """Give why not."""
        tier = self.tier(user)
        if user in self.blocked:
            return "user_blocked"
        if tier is None:
            return "subscription_inactive" if user in self.lapsed else "no_plan"
        if tier.limit is not None and self.counts[user, month] + amount > tier.limit:
            return "usage_limit_reached"
        calls_max = tier.rate_limit_per_minute
        if minute is not None and calls_max is not None:
            return "rate_limited" if self.minutes[user, minute] >= calls_max else None
        return None


class Process(Protocol):
    """A process that counts, and can be killed between two calls."""

    bindings: Bindings

    def look(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into the tables beside it."""
        ...

    async def crash(self) -> None:
        """Kill it, and start another on what is left."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class SqliteProcess:
    """On SQLite a killed process leaves its files, with the last commits in the log beside them."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._crashes = 0
        self._open()

    def _open(self) -> None:
        self._stores = SqliteStores(self._folder, self._clock)
        self.bindings = self._stores.bindings

    def look(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into the files as they are now."""
        return look_into(self._folder)(sql, *parameters)

    async def crash(self) -> None:
        """Take the files as SIGKILL would leave them: nothing flushed, nothing closed."""
        self._crashes += 1
        left = self._folder.with_name(f"crash-{self._crashes}")
        shutil.copytree(self._folder, left, ignore=shutil.ignore_patterns("*-shm", "*.lock"))
        self._stores.close()
        shutil.rmtree(self._folder)
        self._folder = left
        self._open()

    async def close(self) -> None:
        """Close the files."""
        self._stores.close()


class PostgresProcess:
    """On PostgreSQL a killed process leaves nothing but the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.look: Look = database.rows
        self._open()

    def _open(self) -> None:
        self._stores = PostgresStores(self._database.addresses, self._clock)
        self.bindings = self._stores.bindings

    async def crash(self) -> None:
        """Cut every connection of the process and forget it."""
        killed = self._stores
        self._database.server.sql(CUT_OTHERS, self._database.name)
        self._open()
        await killed.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._stores.close()


class Histories(RuleBasedStateMachine):
    """A platform's life: calls, batches, questions, corrections, plans, blocks, crashes, time."""

    process: ClassVar[Process]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock(START)
        self.world = self._world(issue_key("pk", Mode.TEST))
        self.model = Model()
        self.run(self.world.publish(*TIERS))

    @override
    def teardown(self) -> None:
        """Recompute everything from the ledger at the end of each history."""
        differences = self.run(self.world.differences())
        assert [] == differences

    @rule(user=USERS, amount=AMOUNTS, key=KEYS, back=BACK)
    def track(self, user: str, amount: int, key: str | None, back: timedelta | None) -> None:
        """One call, perhaps late, perhaps under a key."""
        event = self._event(user, amount, key, back)
        expected = self.model.track(event, self.clock.moment, is_call=True)
        try:
            decision = self.run(self.world.metering.track(self.world.platform_id, event))
        except IdempotencyConflict:
            assert "conflict" == expected
        else:
            assert expected == _told(decision)

    @rule(events=st.lists(st.tuples(USERS, AMOUNTS, KEYS, BACK), min_size=1, max_size=5))
    def batch(self, events: list[tuple[str, int, str | None, timedelta | None]]) -> None:
        """Several events in order; a conflict is one of the denials."""
        made = [self._event(*parts) for parts in events]
        decisions = self.run(self.world.metering.track_batch(self.world.platform_id, made))
        for event, decision in zip(made, decisions, strict=True):
            expected = self.model.track(event, self.clock.moment, is_call=False)
            if expected == "conflict":
                assert "idempotency_conflict" == decision.reason
            else:
                assert expected == _told(decision)

    @rule(user=USERS, amount=AMOUNTS)
    def check(self, user: str, amount: int) -> None:
        """A question, which changes nothing."""
        now = self.clock.moment
        month = month_of(now)[0]

        async def ask() -> Decision:
            return await self.world.metering.check(self.world.platform_id, user, amount=amount)

        decision = self.run(ask())

        assert self.model.reason(user, amount, month, minute_of(now)) == decision.reason
        assert self.model.counts[user, month] == decision.usage

    @rule(user=USERS, amount=st.integers(-15, 15))
    def adjust(self, user: str, amount: int) -> None:
        """A correction of the running month."""
        at = (user, month_of(self.clock.moment)[0])
        adjusting = self.world.metering.adjust(
            self.world.platform_id, user, amount=amount, reason="model"
        )
        try:
            decision = self.run(adjusting)
        except NotFound:
            assert user not in self.model.known
        except UsageBelowZero:
            assert self.model.counts[at] + amount < 0
        else:
            self.model.counts[at] += amount
            assert self.model.counts[at] == decision.usage

    @rule(user=USERS, plan=st.sampled_from(["pro", None]))
    def change_plan(self, user: str, plan: str | None) -> None:
        """A subscription starts or ends."""
        if user not in self.model.known:
            return
        self.model.plans.pop(user, None)
        if plan is not None:
            self.model.plans[user] = plan
        self.model.lapsed.add(user)
        platform_id = self.world.platform_id
        verb = self.world.write(
            lambda c: set_entitlement(c, platform_id, user, plan=plan, had_subscription=True)
        )
        self.run(verb)

    @rule(user=USERS, blocked=st.booleans())
    def block(self, user: str, *, blocked: bool) -> None:
        """A block, or its end."""
        if user not in self.model.known:
            return
        (self.model.blocked.add if blocked else self.model.blocked.discard)(user)
        platform_id = self.world.platform_id
        self.run(self.world.write(lambda c: set_blocked(c, platform_id, user, blocked=blocked)))

    @rule(has_free=st.booleans(), limit=st.sampled_from([0, 20, None]))
    def publish(self, *, has_free: bool, limit: int | None) -> None:
        """The developer changes the tiers."""
        free = Tier("free", "Free", 0, limit=limit, rate_limit_per_minute=3)
        self.model.tiers = [free, TIERS[1]] if has_free else [TIERS[1]]
        self.run(self.world.publish(*self.model.tiers))

    @rule(by=st.sampled_from([timedelta(seconds=20), timedelta(minutes=1), timedelta(hours=7)]))
    def wait(self, by: timedelta) -> None:
        """Time passes, over minutes and soon over the end of the month."""
        self.clock.moment += by

    @rule()
    def roll_up(self) -> None:
        """The worker comes by."""
        self.run(self.world.loop.roll_up(limit=7))
        self.run(self.world.loop.index_keys(keys_per_slice=2))

    @rule()
    def crash(self) -> None:
        """The process is killed between two calls, and another takes over."""
        self.run(self.process.crash())
        self.world = self._world(self.world.platform_id)

    def _world(self, platform_id: str) -> World:
        bindings = self.process.bindings
        metering = Metering(bindings.api_multi, self.clock)
        return World(bindings, self.clock, metering, self.process.look, platform_id)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop that the bindings live in; the machine has its own thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    @invariant()
    def nothing_is_negative(self) -> None:
        """Counts are counts."""
        assert all(count >= 0 for count in self.model.counts.values())

    def _event(self, user: str, amount: int, key: str | None, back: timedelta | None) -> TrackEvent:
        timestamp = None if back is None else self.clock.moment - back
        return TrackEvent(user, amount, key, timestamp)


def _told(decision: Decision) -> tuple[Any, ...]:
    return (
        decision.allowed,
        decision.reason,
        decision.usage,
        decision.period_start,
        decision.replayed,
    )


@pytest.fixture(params=["data_dir", "database"])
def place(request: pytest.FixtureRequest) -> Path | Database:
    """Give a folder with both stores' files, or a database."""
    found: Path | Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def process(place: Path | Database, clock: Clock) -> AsyncIterator[Process]:
    """Give a process on either engine."""
    made: Process = (
        SqliteProcess(place, clock) if isinstance(place, Path) else PostgresProcess(place, clock)
    )
    yield made
    await made.close()


async def test_random_histories_agree_with_the_model(process: Process) -> None:
    """Whatever order things happen in, answers, counters and ledger say the same."""
    Histories.process = process
    Histories.loop = asyncio.get_running_loop()
    await asyncio.to_thread(
        run_state_machine_as_test,
        Histories,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
