"""Billing periods: every boundary is computed from one anchor.

A subscription that starts on January 31 renews on February 28 and on March 31, because each
boundary is the anchor plus whole intervals and not the last boundary plus one
(https://docs.stripe.com/billing/subscriptions/billing-cycle).
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

MONTHS_PER_YEAR = 12
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": MONTHS_PER_YEAR}


def boundary_after(anchor: int, moment: int, recurring: dict[str, Any]) -> int:
    """The first period boundary after *moment*, for periods that start at *anchor*.

    All times are Unix seconds; *recurring* is a price's ``{interval, interval_count}``.
    """
    index = max(0, _elapsed(anchor, moment, recurring))
    while _boundary(anchor, index, recurring) <= moment:
        index += 1
    return _boundary(anchor, index, recurring)


def _elapsed(anchor: int, moment: int, recurring: dict[str, Any]) -> int:
    """How many whole periods lie between, or one less: where the search may start."""
    count = int(recurring["interval_count"])
    start, end = _utc(anchor), _utc(moment)
    if recurring["interval"] in _DAYS:
        return (end - start).days // (_DAYS[recurring["interval"]] * count) - 1
    months = (end.year - start.year) * MONTHS_PER_YEAR + end.month - start.month
    return months // (_MONTHS[recurring["interval"]] * count) - 1


def _boundary(anchor: int, index: int, recurring: dict[str, Any]) -> int:
    start = _utc(anchor)
    steps = index * int(recurring["interval_count"])
    if recurring["interval"] in _DAYS:
        return int((start + timedelta(days=steps * _DAYS[recurring["interval"]])).timestamp())
    months = start.month - 1 + steps * _MONTHS[recurring["interval"]]
    year, month = start.year + months // MONTHS_PER_YEAR, months % MONTHS_PER_YEAR + 1
    day = min(start.day, monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def _utc(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
