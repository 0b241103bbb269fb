"""The table of what Stripe documents: a row is a check and the page that says so."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.contract.speaker import Speaker

DAY = 86_400
MONTH = 32 * DAY
DOCS = "https://docs.stripe.com/"

Check = Callable[[Speaker], None]


@dataclass(frozen=True)
class Behaviour:
    """One row: what is documented where, and how to see it."""

    page: str
    check: Check

    @property
    def name(self) -> str:
        """What is documented, in a few words."""
        return self.check.__name__


TABLE: list[Behaviour] = []


def documented(page: str) -> Callable[[Check], Check]:
    """Add a row to the table."""

    def add(check: Check) -> Check:
        TABLE.append(Behaviour(DOCS + page, check))
        return check

    return add
