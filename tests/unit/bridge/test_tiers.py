"""What may be in a list of tiers: every wrong field is named, all at once."""

from dataclasses import replace

import pytest

from dream_api.bridge.catalog import NewTier
from dream_api.bridge.catalog.model import CURRENCIES, check_tier, check_tiers
from dream_api.kit.errors import ValidationFailed

FREE = NewTier("free", "Free", 0, 100)
PRO = NewTier("pro", "Pro", 2900, 10_000)


def refused_params(tiers: list[NewTier]) -> list[str]:
    """Give the parameters that a list is refused for."""
    with pytest.raises(ValidationFailed) as refused:
        check_tiers(tiers)
    return [error.param for error in refused.value.errors]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"name": ""}, "name"), ({"name": "-a"}, "name"), ({"name": "A"}, "name"),
        ({"name": "a" * 33}, "name"), ({"name": "é"}, "name"), ({"name": "a\n"}, "name"),
        ({"display_name": ""}, "displayName"), ({"display_name": "a\u0000"}, "displayName"),
        ({"display_name": "\ud800"}, "displayName"), ({"display_name": " "}, "displayName"),
        ({"price_cents": -1}, "priceCents"), ({"price_cents": 49}, "priceCents"),
        ({"price_cents": 100_000_000}, "priceCents"),
        ({"currency": "USD"}, "currency"), ({"currency": "xxx"}, "currency"),
        ({"currency": "kwd"}, "currency"),
        ({"interval": "week"}, "interval"),
        ({"limit": -1}, "limit"), ({"limit": 10**12 + 1}, "limit"),
        ({"rate_limit_per_minute": 0}, "rateLimitPerMinute"),
        ({"rate_limit_per_minute": 10**6 + 1}, "rateLimitPerMinute"),
        ({"trial_days": -1}, "trialDays"), ({"trial_days": 731}, "trialDays"),
        ({"features": ("",)}, "features[0]"), ({"features": ("a", "b" * 201)}, "features[1]"),
        ({"features": ("a",) * 31}, "features"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(change: dict[str, object], param: str) -> None:
    """With its place in the list, so that the caller finds it."""
    assert [f"tiers[1].{param}"] == refused_params([FREE, replace(PRO, **change)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "tier",
    [
        replace(PRO, price_cents=50), replace(PRO, price_cents=99_999_999),
        replace(PRO, limit=0), replace(PRO, limit=10**12), replace(PRO, limit=None),
        replace(PRO, rate_limit_per_minute=1), replace(PRO, rate_limit_per_minute=10**6),
        replace(PRO, trial_days=730), replace(PRO, interval="year", currency="jpy"),
        replace(PRO, name="a" * 32), replace(PRO, name="0-"),
        replace(PRO, display_name="Größer 🚀"),
    ],
)  # fmt: skip
def test_the_bounds_themselves_are_accepted(tier: NewTier) -> None:
    """Every limit is inclusive."""
    check_tier(tier)


@pytest.mark.parametrize("count", [0, 21])
def test_a_list_has_one_to_twenty_tiers(count: int) -> None:
    """The list itself is named."""
    assert ["tiers"] == refused_params([replace(PRO, name=f"t{n}") for n in range(count)])


def test_names_and_the_free_tier_are_there_once() -> None:
    """The second of each is named."""
    also_free = replace(FREE, name="also-free")

    assert ["tiers[2].name", "tiers[3].priceCents"] == refused_params([FREE, PRO, PRO, also_free])


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody likes to hear of them one by one."""
    wrong = replace(PRO, name="", price_cents=1, limit=-1)

    assert {"tiers[0].name", "tiers[0].priceCents", "tiers[0].limit"} == set(
        refused_params([wrong])
    )


def test_currencies_are_written_in_lower_case() -> None:
    """As Stripe answers them; compared exactly."""
    assert all(len(code) == 3 and code.islower() for code in CURRENCIES)
    assert "usd" in CURRENCIES
