"""What a card says of a price before anybody buys."""

from dream_api.customers.platforms import Tier
from dream_api.services.pages.plans import plan_card

PRO = Tier(name="pro", display_name="Pro", price_cents=4_900, limit=2_500, trial_days=14)
YEARLY = Tier(name="pro-y", display_name="Pro", price_cents=49_000, limit=2_500, interval="year")


def test_a_trial_is_promised_only_to_who_would_get_one() -> None:
    """A second subscription has no free days, so the card does not speak of them."""
    assert "First 14 days free" == plan_card(PRO).note
    assert "" == plan_card(PRO, has_trial=False).note


def test_a_yearly_price_says_what_it_comes_to_a_month() -> None:
    """People compare months."""
    card = plan_card(YEARLY)

    assert ("$490", "year") == (card.price, card.interval)
    assert "$40.83 a month, billed yearly" == card.note


def test_no_limit_is_said_in_words() -> None:
    """A missing number is no promise."""
    tier = Tier(name="scale", display_name="Scale", price_cents=19_900, limit=None)

    assert ("Unlimited calls / month",) == plan_card(tier).lines
