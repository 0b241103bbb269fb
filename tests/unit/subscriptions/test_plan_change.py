"""Which way a change of plan goes."""

import pytest

from dream_api.customers.platforms import Tier
from dream_api.customers.subscriptions import ChangeNotPossible
from dream_api.customers.subscriptions.plan_change import Paid, Way, way_to

FREE = Tier("free", "Free", 0)
BASIC = Tier("basic", "Basic", 1_000, price_id="price_basic")
PRO = Tier("pro", "Pro", 2_900, price_id="price_pro")
YEARLY = Tier("yearly", "Yearly", 10_000, interval="year", price_id="price_yearly")
TEAM_YEARLY = Tier("team", "Team", 120_000, interval="year", price_id="price_team")
EURO = Tier("euro", "Euro", 2_900, currency="eur", price_id="price_euro")


def _paid(tier: Tier, *, is_held: bool = False, is_ending: bool = False) -> Paid:
    price = {
        "id": tier.price_id,
        "product": "prod_1",
        "unit_amount": tier.price_cents,
        "currency": tier.currency,
        "recurring": {"interval": tier.interval, "interval_count": 1},
    }
    return Paid.of(price, tier=tier.name, is_held=is_held, is_ending=is_ending)


@pytest.mark.parametrize(
    ("rule", "paid", "target", "expected"),
    [
        ("dearer begins now", _paid(BASIC), PRO, Way.UPGRADE),
        ("cheaper waits", _paid(PRO), BASIC, Way.DOWNGRADE),
        ("free is an end", _paid(PRO), FREE, Way.END),
        ("a year is paid ahead", _paid(BASIC), YEARLY, Way.UPGRADE),
        ("dearer by the month, from a year", _paid(YEARLY), PRO, Way.UPGRADE),
        ("a dearer year", _paid(YEARLY), TEAM_YEARLY, Way.UPGRADE),
        ("a cheaper year waits", _paid(TEAM_YEARLY), YEARLY, Way.DOWNGRADE),
        ("the same again takes an end back", _paid(PRO, is_ending=True), PRO, Way.RESUME),
        ("the same again takes a downgrade back", _paid(PRO, is_held=True), PRO, Way.RESTORE),
        ("another dearer one while ending", _paid(BASIC, is_ending=True), PRO, Way.UPGRADE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change_goes_one_way(rule: str, paid: Paid, target: Tier, expected: Way) -> None:
    """Dearer now, cheaper when what was paid for ends."""
    assert expected is way_to(target, paid), rule


@pytest.mark.parametrize(
    ("paid", "target"),
    [(_paid(PRO), PRO), (_paid(PRO), EURO), (_paid(TEAM_YEARLY), PRO)],
    ids=["nothing to change", "another currency", "a cheaper month from a year"],
)
def test_what_stripe_cannot_do_in_one_step_is_refused(paid: Paid, target: Tier) -> None:
    """The refusal says what to do instead; nothing is changed."""
    with pytest.raises(ChangeNotPossible):
        way_to(target, paid)


def test_a_price_that_is_not_ours_is_not_changed() -> None:
    """One that the developer made by hand, without an amount or an interval."""
    with pytest.raises(ChangeNotPossible):
        Paid.of({"id": "price_x", "recurring": None}, tier=None, is_held=False, is_ending=False)
