"""A believable year, made up from a seed: who came, paid, changed, left, and how much they used.

Pure: the same seed, sizes and end give the same year. Nothing here touches a store.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from dream_api.cli.demo.people import make_person
from dream_api.customers.platforms import Tier

YEAR = timedelta(days=365)
TRIAL = timedelta(days=14)
TIERS = (
    Tier(
        name="free", display_name="Free", price_cents=0, limit=100, rate_limit_per_minute=10,
        features=("Community support",),
    ),
    Tier(
        name="starter", display_name="Starter", price_cents=1_900, limit=500,
        rate_limit_per_minute=60, features=("Email support", "Daily exports"),
    ),
    Tier(
        name="pro", display_name="Pro", price_cents=4_900, limit=2_500, rate_limit_per_minute=300,
        features=("Priority support", "Hourly exports", "Webhooks"), popular=True,
        trial_days=TRIAL.days,
    ),
    Tier(
        name="scale", display_name="Scale", price_cents=19_900, limit=20_000,
        rate_limit_per_minute=None,
        features=("A person to call", "Single sign-on", "99.9 % uptime"),
    ),
)  # fmt: skip
"""What the demo sells; the catalogue gives them their prices at Stripe."""

PRICES = {tier.name: tier.price_cents for tier in TIERS}
LIMITS = {tier.name: tier.limit or 0 for tier in TIERS}
_SATURDAY = 5
_INTENSITY = {"free": 1.0, "starter": 3.2, "pro": 9.0, "scale": 26.0}
"""How much more a user of a tier calls than one of the free tier."""

_GROWTH = 0.6
"""Sign-ups of a day grow with the days gone by to this power: slow at first, then steadily."""
_WEEKEND = 0.55
_MOOD = 0.18
"""How much one day differs from the next for no reason."""
_LAUNCHES = {96: 3.2, 97: 2.1, 98: 1.5, 241: 2.8, 242: 1.9}
"""Days on which somebody wrote about the product, and how many more came."""
_PAYING = 0.34
_FIRST_TIER = {"starter": 0.55, "pro": 0.36, "scale": 0.09}
_NEXT_TIER = {"starter": "pro", "pro": "scale"}
_UPGRADES = 0.22
_TRIES_PRO_FIRST = 0.5
_DAYS_TO_PAY, _DAYS_TO_UPGRADE, _DAYS_TO_LEAVE = 9, 110, 420
_DAYS_TO_FALL_ASLEEP = 70
_FALLS_ASLEEP = 0.55
_PAST_DUE, _ENDING, _BLOCKED, _GRANTED = 0.02, 0.04, 0.002, 0.004


@dataclass(frozen=True, slots=True)
class Stay:
    """A stretch of time on one tier."""

    tier: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Life:
    """One end user's year.

    Attributes:
        stays: without gaps, from sign-up to the year's end.
        status: Stripe's word for the subscription as it stands; None for who never subscribed.
        paid_from: when the first money came, after a trial; None where none did.
        left_at: when the subscription ended; None while it runs.
        awake_until: after this the user makes no more calls.
        zeal: how much more than their like they call.
    """

    number: int
    name: str | None
    email: str | None
    stays: tuple[Stay, ...]
    status: str | None = None
    paid_from: datetime | None = None
    left_at: datetime | None = None
    is_ending: bool = False
    is_blocked: bool = False
    grant: str | None = None
    awake_until: datetime | None = None
    zeal: float = 1.0

    @property
    def created_at(self) -> datetime:
        """When they signed up."""
        return self.stays[0].since

    @property
    def paid_stays(self) -> tuple[Stay, ...]:
        """The stays on a tier with a price."""
        return tuple(stay for stay in self.stays if PRICES[stay.tier])

    @property
    def tier(self) -> str:
        """The tier at the year's end, a grant aside."""
        return self.stays[-1].tier


@dataclass(frozen=True, slots=True)
class Step:
    """A change of what a user pays a month, in cents: up or down."""

    at: datetime
    amount_cents: int


def made_up(seed: str) -> Random:
    """Give a source of chance that is the same for the same seed."""
    return Random(seed)  # noqa: S311 - a story needs to be repeatable, not secret.


def make_lives(seed: int, users: int, until: datetime) -> list[Life]:
    """Make up the lives of a year that ends at *until*, in the order of sign-up."""
    random = made_up(f"people {seed}")
    arrivals = sorted(_arrivals(random, users, until - YEAR))
    return [_make_life(random, number, since, until) for number, since in enumerate(arrivals, 1)]


def revenue_steps(life: Life) -> list[Step]:
    """List how a user's monthly revenue moved."""
    if life.paid_from is None:
        return []
    steps = [Step(life.paid_from, PRICES[life.paid_stays[0].tier])]
    steps += [
        Step(after.since, PRICES[after.tier] - PRICES[before.tier])
        for before, after in pairwise(life.paid_stays)
    ]
    if life.left_at is not None:
        steps.append(Step(life.left_at, -sum(step.amount_cents for step in steps)))
    return steps


def monthly_cents(life: Life) -> int:
    """Give what a user brings a month at the year's end."""
    return sum(step.amount_cents for step in revenue_steps(life))


def _arrivals(random: Random, users: int, start: datetime) -> Iterator[datetime]:
    """Draw when each user signs up: more every week, fewer at weekends, some days busy."""
    weights = [
        (day + 1) ** _GROWTH
        * (_WEEKEND if (start + timedelta(days=day)).weekday() >= _SATURDAY else 1.0)
        * random.lognormvariate(0, _MOOD)
        * _LAUNCHES.get(day, 1.0)
        for day in range(YEAR.days)
    ]
    for day in random.choices(range(YEAR.days), weights, k=users):
        yield _after(start, timedelta(days=day, seconds=random.random() * 86_399))


def _make_life(random: Random, number: int, since: datetime, until: datetime) -> Life:
    name, email = make_person(random, number)
    life = Life(
        number,
        name,
        email,
        stays=(Stay("free", since, until),),
        is_blocked=random.random() < _BLOCKED,
        grant="pro" if random.random() < _GRANTED else None,
        awake_until=_later(random, since, _DAYS_TO_FALL_ASLEEP, until)
        if random.random() < _FALLS_ASLEEP
        else None,
        zeal=min(random.lognormvariate(0, 0.7), 4.0),
    )
    subscribed_at = _after(since, timedelta(days=random.expovariate(1 / _DAYS_TO_PAY)))
    if random.random() < _PAYING and subscribed_at < until:
        return _subscribe(random, life, subscribed_at, until)
    return life


def _subscribe(random: Random, life: Life, at: datetime, until: datetime) -> Life:
    """Let a user subscribe, perhaps try first, upgrade, and leave."""
    tier = random.choices(list(_FIRST_TIER), list(_FIRST_TIER.values()))[0]
    tries = tier == "pro" and random.random() < _TRIES_PRO_FIRST
    paid_from = at + TRIAL if tries else at
    left_at = _later(random, paid_from, _DAYS_TO_LEAVE, until)
    upgraded_at = None
    if tier in _NEXT_TIER and random.random() < _UPGRADES:
        upgraded_at = _later(random, paid_from, _DAYS_TO_UPGRADE, left_at or until)
    ends_at = left_at or until
    stays = [Stay("free", life.created_at, at), Stay(tier, at, upgraded_at or ends_at)]
    if upgraded_at is not None:
        stays.append(Stay(_NEXT_TIER[tier], upgraded_at, ends_at))
    if left_at is not None:
        stays.append(Stay("free", left_at, until))
    status = _status(random, is_trying=paid_from > until, has_left=left_at is not None)
    return replace(
        life,
        stays=tuple(stays),
        status=status,
        paid_from=paid_from if paid_from <= until else None,
        left_at=left_at,
        is_ending=status == "active" and random.random() < _ENDING,
        grant=None,
        awake_until=left_at,
    )


def _status(random: Random, *, is_trying: bool, has_left: bool) -> str:
    if has_left:
        return "canceled"
    if is_trying:
        return "trialing"
    return "past_due" if random.random() < _PAST_DUE else "active"


def _later(random: Random, since: datetime, days: float, until: datetime) -> datetime | None:
    """Give a moment some days after *since*; None where that is not before *until*."""
    at = _after(since, timedelta(days=1 + random.expovariate(1 / days)))
    return at if at < until else None


def _after(since: datetime, pause: timedelta) -> datetime:
    """Give a moment some time after another, to the second."""
    return (since + pause).replace(microsecond=0)


def intensity(life: Life, stay: Stay) -> float:
    """Tell how much a user calls a day during a stay, in no unit."""
    return _INTENSITY[stay.tier] * life.zeal


def iterate_stays(lives: list[Life]) -> Iterator[tuple[Life, Stay]]:
    """Walk over every stretch in which a user is awake."""
    for life in lives:
        for stay in life.stays:
            until = min(stay.until, life.awake_until or stay.until)
            if until > stay.since:
                yield life, replace(stay, until=until)
