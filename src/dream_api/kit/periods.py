"""Calendar arithmetic in UTC: the month a count belongs to, the minute a call belongs to."""

from datetime import UTC, datetime, timedelta

MINUTE = timedelta(minutes=1)
LONGEST_MONTH = timedelta(days=31)


def month_of(moment: datetime) -> tuple[datetime, datetime]:
    """Give start (inclusive) and end (exclusive) of the UTC month that holds *moment*."""
    start = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    # Day 1 plus 31 days falls into the next month, whatever the month.
    return start, (start + LONGEST_MONTH).replace(day=1)


def months_before(moment: datetime, months: int) -> datetime:
    """Give the start of the UTC month that lies *months* before the one that holds *moment*."""
    start, _ = month_of(moment)
    for _ in range(months):
        start, _ = month_of(start - MINUTE)
    return start


def minute_of(moment: datetime) -> datetime:
    """Give the start of the fixed UTC minute that holds *moment*."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def to_milliseconds(moment: datetime) -> int:
    """Turn an aware datetime into Unix milliseconds, the form that stores keep."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(milliseconds: int) -> datetime:
    """Turn Unix milliseconds into an aware UTC datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def rfc3339(moment: datetime) -> str:
    """Write a moment for the wire: ``2026-11-01T00:00:00Z``, milliseconds where there are any."""
    utc = moment.astimezone(UTC)
    text = utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds")
    return text.replace("+00:00", "Z")
