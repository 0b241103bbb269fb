"""How much is used when: a year's events, never more than a tier allows, in the order of time."""

import bisect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from dream_api.cli.demo.year import LIMITS, Life, intensity, iterate_stays, made_up
from dream_api.kit.periods import month_of, to_milliseconds

DAY_MS = 86_400_000
_THURSDAY = 3
"""The weekday of 1 January 1970, counted from Monday."""
_SATURDAY = 5
_WEEKEND = 0.55
"""How likely a day at the weekend is one of use, against a working day."""
_ROUNDS = 4
"""Times that what did not fit under limits is handed out anew."""
_HOURS = (1, 1, 1, 1, 1, 2, 4, 7, 12, 16, 18, 18, 15, 17, 19, 18, 16, 12, 9, 7, 6, 5, 3, 2)
"""How busy each hour of a UTC day is."""
_BUSY_DAYS = 0.72
"""Events spread over about ``events ** _BUSY_DAYS`` days."""

Event = tuple[int, int]
"""(Unix milliseconds, number of the user): a plain pair, since there are millions."""


@dataclass(slots=True)
class Stretch:
    """One user within one month and one tier: when, and how many events at most."""

    number: int
    since_ms: int
    until_ms: int
    weight: float
    room: int
    events: float = 0.0


def plan_months(lives: Sequence[Life], events: int) -> list[list[Stretch]]:
    """Share *events* out over users and months; fewer only where no limit has room for more."""
    months: dict[datetime, list[Stretch]] = defaultdict(list)
    for life, stay in iterate_stays(list(lives)):
        since = stay.since
        while since < stay.until:
            month, month_end = month_of(since)
            until = min(month_end, stay.until)
            days = (until - since).total_seconds() / 86_400
            months[month].append(
                Stretch(
                    number=life.number,
                    since_ms=to_milliseconds(since),
                    until_ms=to_milliseconds(until),
                    weight=intensity(life, stay) * days,
                    room=LIMITS[stay.tier],
                )
            )
            since = month_end
    stretches = [stretch for month in sorted(months) for stretch in months[month]]
    for parts in months.values():
        _share_room(parts)
    _hand_out(stretches, events)
    _round(stretches)
    return [months[month] for month in sorted(months)]


def events_of_month(seed: int, stretches: Sequence[Stretch]) -> list[Event]:
    """Make up the events of a month, in the order of time."""
    random = made_up(f"month {seed} {stretches[0].since_ms if stretches else 0}")
    seconds = list(_seconds_of_day(random))
    events: list[Event] = []
    for stretch in stretches:
        events += _events_of(random, stretch, seconds)
    events.sort()
    return events


def _share_room(month: Sequence[Stretch]) -> None:
    """Take what the earlier tier of a month may have used off the room of the later one."""
    used: dict[int, int] = {}
    for stretch in sorted(month, key=lambda one: one.since_ms):
        stretch.room = max(stretch.room - used.get(stretch.number, 0), 0)
        used[stretch.number] = used.get(stretch.number, 0) + stretch.room


def _hand_out(stretches: Sequence[Stretch], events: int) -> None:
    """Share events by weight; what a limit cuts off goes to those who have room."""
    for _ in range(_ROUNDS):
        left = events - sum(stretch.events for stretch in stretches)
        open_ones = [stretch for stretch in stretches if stretch.events < stretch.room]
        weight = sum(stretch.weight for stretch in open_ones)
        if left < 1 or not weight:
            return
        for stretch in open_ones:
            share = stretch.events + left * stretch.weight / weight
            stretch.events = min(share, stretch.room)


def _round(stretches: Sequence[Stretch]) -> None:
    """Make whole numbers of the shares, so that their sum stays what it was."""
    total, given = 0.0, 0
    for stretch in stretches:
        total += stretch.events
        stretch.events = min(round(total) - given, stretch.room)
        given += int(stretch.events)


def _events_of(random: Random, stretch: Stretch, seconds: Sequence[int]) -> Iterator[Event]:
    count = int(stretch.events)
    if not count:
        return
    days = _days_of_use(random, stretch, count)
    chance, seconds_count, days_count = random.random, len(seconds), len(days)
    first, last, number = stretch.since_ms, stretch.until_ms - 1, stretch.number
    for _ in range(count):
        day_ms = days[int(chance() * days_count)]
        moment_ms = day_ms + 1_000 * seconds[int(chance() * seconds_count)] + int(chance() * 1_000)
        if not first <= moment_ms <= last:  # A day that is theirs in part: any moment of that part.
            start, end = max(first, day_ms), min(last, day_ms + DAY_MS - 1)
            moment_ms = start + int(chance() * (end - start))
        yield moment_ms, number


def _days_of_use(random: Random, stretch: Stretch, count: int) -> list[int]:
    """Choose the days on which somebody calls: working days rather than weekends."""
    days = range(stretch.since_ms // DAY_MS, (stretch.until_ms - 1) // DAY_MS + 1)
    likely = [day for day in days if not _is_weekend(day) or random.random() < _WEEKEND]
    wanted = min(max(round(count**_BUSY_DAYS), 1), len(likely))
    chosen = random.sample(likely, wanted) if wanted else [days[0]]
    return [day * DAY_MS for day in chosen]


def _is_weekend(day: int) -> bool:
    return (day + _THURSDAY) % 7 >= _SATURDAY


def _seconds_of_day(random: Random) -> Iterator[int]:
    """Draw seconds of a day, more of them in busy hours."""
    ends = [sum(_HOURS[: hour + 1]) for hour in range(len(_HOURS))]
    for _ in range(4_096):
        hour = bisect.bisect(ends, random.random() * ends[-1])
        yield min(hour, 23) * 3_600 + int(random.random() * 3_600)
