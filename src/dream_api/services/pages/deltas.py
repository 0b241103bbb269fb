"""How a number compares with the time before: in words, and whether that is good."""

from dataclasses import dataclass

_MINUS = "\N{MINUS SIGN}"
_SMALLEST = 0.0005
"""Less than half of what is shown (0.1 %) is no change."""
_TIMES_MAX = 10
"""Beyond ten times as much, a comparison says only that it was the beginning."""


@dataclass(frozen=True, slots=True)
class Delta:
    """A change: its text, and its tone (``good``, ``bad`` or nothing)."""

    text: str
    tone: str


def signed(amount: int, size: str) -> str:
    """Write a size with the sign of its amount; nothing has none."""
    if not amount:
        return size
    return f"+{size}" if amount > 0 else f"{_MINUS}{size}"


def share_delta(now: float, before: float) -> Delta | None:
    """Compare two amounts of which more is better; None where hardly anything was before."""
    if before <= 0 or now / before > _TIMES_MAX:
        return None
    share = now / before - 1
    return _delta(share, f"{abs(share):.1%}", is_more_better=True)


def points_delta(now: float | None, before: float | None) -> Delta | None:
    """Compare two shares of which less is better, in percentage points."""
    if now is None or before is None:
        return None
    return _delta(now - before, f"{abs(now - before) * 100:.1f} pt", is_more_better=False)


def _delta(change: float, size: str, *, is_more_better: bool) -> Delta:
    if abs(change) < _SMALLEST:
        return Delta("no change", "")
    sign = "+" if change > 0 else _MINUS
    return Delta(f"{sign}{size}", "good" if (change > 0) == is_more_better else "bad")
