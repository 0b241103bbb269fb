"""The checker can fail: each way in which a meter can be broken is built here and caught."""

import asyncio
import itertools
import random
from collections import defaultdict
from dataclasses import dataclass, field

import pytest
from typing_extensions import override  # typing has it only since Python 3.12.

from tests.proofs.history import Answer, violations

LIMIT = 120
JULY, AUGUST = "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z"
CLIENTS = 8


@dataclass
class ExactMeter:
    """What an exact meter is: one counter a user and month, and a memory of keys."""

    counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    month: str = JULY

    async def track(self, user_id: str, key: str, amount: int) -> tuple[bool, int, str, bool]:
        """Give whether it was admitted, the usage, the month, and whether it is a repetition."""
        await asyncio.sleep(0)
        if key in self.answers:
            return True, *self.answers[key], True
        return self.decide(user_id, key, amount)

    def decide(self, user_id: str, key: str, amount: int) -> tuple[bool, int, str, bool]:
        """Count if it fits."""
        account = (user_id, self.month)
        if self.counts[account] + amount > LIMIT:
            return False, self.counts[account], self.month, False
        self.counts[account] += amount
        self.answers[key] = (self.counts[account], self.month)
        return True, self.counts[account], self.month, False

    def crash(self) -> None:
        """Lose what was not on disk: nothing."""


class Forgetful(ExactMeter):
    """Answers before it has stored: a crash takes the last answers along."""

    @override
    def crash(self) -> None:
        for key in list(self.answers)[-3:]:
            usage, month = self.answers.pop(key)
            account = ("u_1", month)
            self.counts[account] = min(self.counts[account], usage - 1)


class KeyBlind(ExactMeter):
    """Counts a repeated key again."""

    @override
    async def track(self, user_id: str, key: str, amount: int) -> tuple[bool, int, str, bool]:
        await asyncio.sleep(0)
        return self.decide(user_id, key, amount)


class TwoCounters(ExactMeter):
    """Two processes with a counter each, as an in-memory decision has them."""

    def __init__(self) -> None:
        super().__init__()
        self._others: dict[tuple[str, str], int] = defaultdict(int)

    @override
    def decide(self, user_id: str, key: str, amount: int) -> tuple[bool, int, str, bool]:
        self.counts, self._others = self._others, self.counts
        return super().decide(user_id, key, amount)


class ReadsThenWrites(ExactMeter):
    """Waits between looking and counting, so that two callers see the same room."""

    @override
    async def track(self, user_id: str, key: str, amount: int) -> tuple[bool, int, str, bool]:
        seen = self.counts[user_id, self.month]
        answer = await super().track(user_id, key, amount)
        if answer[0] and not answer[3]:
            self.counts[user_id, self.month] = seen + amount
            self.answers[key] = (seen + amount, self.month)
            return True, seen + amount, self.month, False
        return answer


class Overgenerous(ExactMeter):
    """Tests whether anything is left instead of whether the amount fits."""

    @override
    def decide(self, user_id: str, key: str, amount: int) -> tuple[bool, int, str, bool]:
        account = (user_id, self.month)
        if LIMIT - amount < self.counts[account] < LIMIT:
            self.counts[account] += amount
            self.answers[key] = (self.counts[account], self.month)
            return True, self.counts[account], self.month, False
        return super().decide(user_id, key, amount)


class Stingy(ExactMeter):
    """Denies while there is room."""

    @override
    def decide(self, user_id: str, key: str, amount: int) -> tuple[bool, int, str, bool]:
        if self.counts[user_id, self.month] == LIMIT - 1:
            return False, LIMIT - 1, self.month, False
        return super().decide(user_id, key, amount)


class TwoMonths(ExactMeter):
    """Counts an event around midnight in both months."""

    @override
    def decide(self, user_id: str, key: str, amount: int) -> tuple[bool, int, str, bool]:
        if self.month == AUGUST and not self.counts[user_id, AUGUST]:
            self.counts[user_id, JULY] += amount
        return super().decide(user_id, key, amount)


async def history_of(meter: ExactMeter) -> tuple[list[Answer], dict[tuple[str, str], int]]:
    """Let clients track around a crash and the end of a month, and repeat every key at the end."""
    chance = random.Random(20)  # noqa: S311 - a seed, so that each run is the same.
    plan = [("u_1", f"k{n}", chance.choice([1, 1, 2, 3])) for n in range(160)]
    ticks = itertools.count(1)
    answers: list[Answer] = []

    async def ask(user_id: str, key: str, amount: int) -> None:
        sent = next(ticks)
        allowed, usage, month, replayed = await meter.track(user_id, key, amount)
        reason = None if allowed else "usage_limit_reached"
        answers.append(
            Answer(key, user_id, amount, sent, next(ticks), allowed, reason, usage, month, replayed)
        )

    async def client(share: list[tuple[str, str, int]]) -> None:
        for call in share:
            await ask(*call)

    async def clients(calls: list[tuple[str, str, int]]) -> None:
        await asyncio.gather(*(client(calls[n::CLIENTS]) for n in range(CLIENTS)))

    await clients(plan[:40])
    meter.crash()
    await clients(plan[:80])
    meter.month = AUGUST
    await clients(plan[80:])
    await clients(plan)
    return answers, dict(meter.counts)


async def judged(meter: ExactMeter) -> list[str]:
    """Run a history and judge it."""
    answers, stored = await history_of(meter)
    return violations(answers, limit=LIMIT, stored=stored)


async def test_an_exact_meter_passes() -> None:
    """Nothing is found where nothing is wrong, over crashes, months and repetitions."""
    assert [] == await judged(ExactMeter())


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Forgetful, "counted 2 times"),
        (KeyBlind, "counted"),
        (TwoCounters, "handed out twice"),
        (ReadsThenWrites, "handed out twice"),
        (Overgenerous, "the limit is"),
        (Stingy, "with room for it"),
        (TwoMonths, "the store says"),
    ],
)
async def test_a_broken_meter_is_caught(broken: type[ExactMeter], sentence: str) -> None:
    """Each kind of mistake leaves a mark that the checker names."""
    found = await judged(broken())

    assert any(sentence in problem for problem in found), found


def test_an_answer_out_of_time_is_caught() -> None:
    """Who was answered before another asked cannot have counted after them."""
    early = Answer("k1", "u_1", 1, 1, 2, True, None, 2, JULY, False)
    late = Answer("k2", "u_1", 1, 3, 4, True, None, 1, JULY, False)

    assert [
        "('u_1', '2026-07-01T00:00:00Z'): k1 was answered before an earlier count was asked for"
    ] == violations([early, late], limit=None, stored={})
