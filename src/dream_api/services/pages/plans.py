"""A tier as people see it before they buy: on the pricing page, and in the editor's preview."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from dream_api.kit.money import format_money
from dream_api.services.pages.rendering import count

MONTHS_PER_YEAR = 12


class Sellable(Protocol):
    """What a card needs to know of a tier, saved or not."""

    @property
    def display_name(self) -> str:
        """What people call it."""
        ...

    @property
    def price_cents(self) -> int:
        """Minor units for each interval."""
        ...

    @property
    def currency(self) -> str:
        """Three letters, lower case."""
        ...

    @property
    def interval(self) -> str:
        """``month`` or ``year``."""
        ...

    @property
    def limit(self) -> int | None:
        """Units a month; None is unlimited."""
        ...

    @property
    def features(self) -> Sequence[str]:
        """What else is in it."""
        ...

    @property
    def popular(self) -> bool:
        """Whether it is recommended."""
        ...

    @property
    def trial_days(self) -> int:
        """Days that cost nothing."""
        ...


@dataclass(frozen=True, slots=True)
class PlanCard:
    """What stands on the card of one tier."""

    title: str
    price: str
    interval: str
    note: str
    """What else there is to say of the price; may be empty."""

    lines: tuple[str, ...]
    is_popular: bool


def plan_card(tier: Sellable, price: str | None = None, *, has_trial: bool = True) -> PlanCard:
    """Write the card of a tier.

    Args:
        tier: the tier.
        price: what to show instead of its price, where that cannot be read yet.
        has_trial: whether this person would get the days that cost nothing.
    """
    return PlanCard(
        title=tier.display_name or "New tier",
        price=price or format_money(tier.price_cents, tier.currency),
        interval=tier.interval,
        note=" · ".join(_notes(tier, has_trial=has_trial and price is None)),
        lines=(f"{count(tier.limit)} calls / month", *tier.features),
        is_popular=tier.popular,
    )


def _notes(tier: Sellable, *, has_trial: bool) -> Iterator[str]:
    if tier.trial_days and has_trial:
        yield f"First {tier.trial_days} days free"
    if tier.interval == "year" and tier.price_cents:
        monthly = round(tier.price_cents / MONTHS_PER_YEAR)
        yield f"{format_money(monthly, tier.currency)} a month, billed yearly"
