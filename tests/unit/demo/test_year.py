"""The demo's year: repeatable, within every limit, and a story that adds up."""

from collections import Counter
from datetime import UTC, datetime

from dream_api.cli.demo.filling import make_year
from dream_api.cli.demo.usage import events_of_month
from dream_api.cli.demo.year import LIMITS, PRICES, Life, monthly_cents, revenue_steps
from dream_api.kit.periods import from_milliseconds, month_of, to_milliseconds

UNTIL = datetime(2026, 11, 23, 3, tzinfo=UTC)
YEAR = make_year(1, 400, 20_000, UNTIL)
EVENTS = [event for month in YEAR.months for event in events_of_month(1, month)]


def _tier_at(life: Life, moment: datetime) -> str:
    return next(stay.tier for stay in reversed(life.stays) if stay.since <= moment)


def test_the_same_seed_makes_the_same_year_and_another_seed_another() -> None:
    """Whoever reports a flaw of the console can say which year shows it."""
    again = make_year(1, 400, 20_000, UNTIL)
    other = make_year(2, 400, 20_000, UNTIL)

    assert YEAR == again
    assert events_of_month(1, YEAR.months[-1]) == events_of_month(1, again.months[-1])
    assert YEAR.lives != other.lives


def test_as_many_events_as_asked_for_lie_within_the_year() -> None:
    """None before the year or after its end, and none of somebody who is not there yet."""
    born = {life.number: to_milliseconds(life.created_at) for life in YEAR.lives}

    assert 20_000 == len(EVENTS)
    assert all(at_ms < to_milliseconds(UNTIL) for at_ms, _ in EVENTS)
    assert all(born[number] <= at_ms for at_ms, number in EVENTS)


def test_nobody_uses_more_in_a_month_than_their_tier_allows() -> None:
    """The product would not have admitted it."""
    lives = {life.number: life for life in YEAR.lives}
    used: Counter[tuple[int, datetime]] = Counter()
    over = []
    for at_ms, number in EVENTS:
        moment = from_milliseconds(at_ms)
        used[number, month_of(moment)[0]] += 1
        if used[number, month_of(moment)[0]] > LIMITS[_tier_at(lives[number], moment)]:
            over.append((number, moment))

    assert [] == over


def test_what_a_user_brings_is_the_price_of_the_tier_they_pay_for() -> None:
    """Every step up and down ends where the subscription stands."""
    for life in YEAR.lives:
        pays = life.paid_from is not None and life.left_at is None
        assert (PRICES[life.tier] if pays else 0) == monthly_cents(life)
        assert all(step.amount_cents != 0 for step in revenue_steps(life))


def test_a_life_has_no_gaps_and_ends_with_the_year() -> None:
    """One stay after the other, from sign-up on."""
    for life in YEAR.lives:
        ends = [stay.until for stay in life.stays]
        assert [stay.since for stay in life.stays[1:]] == ends[:-1]
        assert UNTIL == ends[-1]


def test_people_come_pay_try_and_leave() -> None:
    """All that the console has words for is in a full year."""
    lives = make_year(1, 5_000, 0, UNTIL).lives

    assert {None, "active", "trialing", "past_due", "canceled"} == {one.status for one in lives}
    assert set(PRICES) == {one.tier for one in lives}
    assert any(one.is_blocked for one in lives)
    assert any(one.grant for one in lives)
    assert any(one.is_ending for one in lives)
