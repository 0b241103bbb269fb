"""Stripe's test cards, and what each does (https://docs.stripe.com/testing)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from stripe_simulator.errors import StripeError, card_declined

_CENTURY = 2000
_EXPIRY = re.compile(r"^\s*(\d{1,2})\s*/?\s*(\d{4}|\d{2})\s*$")
_SECURITY_CODE = re.compile(r"^\d{3,4}$")
_NUMBER = re.compile(r"^\d{12,19}$")
_YEARS_AHEAD_MAX = 50


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a bank refuses: Stripe's error code, the bank's decline code, and the words."""

    code: str
    message: str
    decline_code: str | None = None

    def error(self, *, keeps_changes: bool = False) -> StripeError:
        """The refusal as the API gives it; *keeps_changes* if the attempt left something."""
        return card_declined(
            self.code,
            self.message,
            decline_code=self.decline_code,
            keeps_changes=keeps_changes,
        )


GENERIC = Decline("card_declined", "Your card was declined.", "generic_decline")
INSUFFICIENT_FUNDS = Decline(
    "card_declined", "Your card has insufficient funds.", "insufficient_funds"
)
_NOT_A_TEST_CARD = Decline(
    "card_declined",
    "Your card was declined. Your request was in test mode, but used a non test card. For a list "
    "of valid test cards, visit: https://stripe.com/docs/testing.",
    "test_mode_live_card",
)
_BAD_NUMBER = Decline("incorrect_number", "Your card number is invalid.")
_BAD_EXPIRY = Decline("invalid_expiry_month", "Your card's expiration date is incomplete.")
_BAD_MONTH = Decline("invalid_expiry_month", "Your card's expiration month is invalid.")
_PAST_YEAR = Decline("invalid_expiry_year", "Your card's expiration year is in the past.")
_PAST_MONTH = Decline("invalid_expiry_month", "Your card's expiration date is in the past.")
_FAR_YEAR = Decline("invalid_expiry_year", "Your card's expiration year is invalid.")
_BAD_SECURITY_CODE = Decline("invalid_cvc", "Your card's security code is incomplete.")
CHALLENGE_FAILED = Decline(
    "payment_intent_authentication_failure",
    "We are unable to authenticate your payment method. Please choose a different payment "
    "method and try again.",
)


@dataclass(frozen=True, slots=True)
class TestCard:
    """One number.

    Attributes:
        on_page: What happens when a person pays with it on a page.
        off_session: What happens when it is charged later, without the person.
        asks_for_approval: Whether the bank wants the person to approve (3-D Secure).
        is_disputed: Whether its owner disputes each payment with it as soon as it is made.
    """

    number: str
    brand: str = "visa"
    on_page: Decline | None = None
    off_session: Decline | None = None
    asks_for_approval: bool = False
    is_disputed: bool = False


_CARDS = [
    TestCard("4242424242424242"),
    TestCard("4000056655665556"),
    TestCard("5555555555554444", brand="mastercard"),
    TestCard("378282246310005", brand="amex"),
    TestCard("4000002500003155", asks_for_approval=True),
    TestCard("4000000000000341", off_session=GENERIC),
    TestCard("4000000000000259", is_disputed=True),
    TestCard("4000000000000002", on_page=GENERIC, off_session=GENERIC),
    TestCard("4000000000009995", on_page=INSUFFICIENT_FUNDS, off_session=INSUFFICIENT_FUNDS),
    TestCard(
        "4000000000000069",
        on_page=Decline("expired_card", "Your card has expired."),
        off_session=Decline("expired_card", "Your card has expired."),
    ),
    TestCard(
        "4000000000000127",
        on_page=Decline("incorrect_cvc", "Your card's security code is incorrect."),
        off_session=Decline("incorrect_cvc", "Your card's security code is incorrect."),
    ),
]
CARDS = {card.number: card for card in _CARDS}


@dataclass(frozen=True, slots=True)
class Card:
    """A test card as somebody typed it in, checked."""

    test_card: TestCard
    expiry_month: int
    expiry_year: int


def read_card(number: str, expiry: str, security_code: str, *, now: int) -> Card:
    """Check what stands in the card fields of a page.

    Raises:
        StripeError: 402 with the words for the person.
    """
    digits = re.sub(r"[\s-]", "", number)
    if not _NUMBER.match(digits) or not _passes_luhn(digits):
        raise _BAD_NUMBER.error()
    month, year = _read_expiry(expiry, now)
    if not _SECURITY_CODE.match(security_code.strip()):
        raise _BAD_SECURITY_CODE.error()
    if digits not in CARDS:
        raise _NOT_A_TEST_CARD.error()
    return Card(CARDS[digits], month, year)


def _passes_luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0  # noqa: PLR2004 - Luhn adds digits.


def _read_expiry(expiry: str, now: int) -> tuple[int, int]:
    match = _EXPIRY.match(expiry)
    if match is None:
        raise _BAD_EXPIRY.error()
    month, year = int(match[1]), int(match[2])
    year += _CENTURY if year < _CENTURY else 0
    today = datetime.fromtimestamp(now, UTC)
    problems = {
        _BAD_MONTH: not 1 <= month <= 12,  # noqa: PLR2004 - months of a year
        _PAST_YEAR: year < today.year,
        _PAST_MONTH: (year, month) < (today.year, today.month),
        _FAR_YEAR: year > today.year + _YEARS_AHEAD_MAX,
    }
    for decline, is_wrong in problems.items():
        if is_wrong:
            raise decline.error()
    return month, year
