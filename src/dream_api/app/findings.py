"""What a diagnosis finds."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How well one thing is."""

    FINE = "ok"
    DOUBTFUL = "look"
    BROKEN = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``fix`` says what to do where it is not fine."""

    what: str
    verdict: Verdict
    detail: str
    fix: str = ""
