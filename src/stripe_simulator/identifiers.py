"""Identifiers that look like Stripe's and say that they are not."""

import secrets
import string

_ALPHABET = string.digits + string.ascii_letters
_RANDOM_CHARACTERS = 20
_SECRET_CHARACTERS = 40


def new_id(prefix: str) -> str:
    """Make an identifier such as ``cus_sim4f…``; ``sim`` marks it as the simulator's."""
    return f"{prefix}_sim{_random(_RANDOM_CHARACTERS)}"


def new_secret(prefix: str) -> str:
    """Make a secret such as ``whsec_sim…``, long enough that nobody guesses it."""
    return f"{prefix}_sim{_random(_SECRET_CHARACTERS)}"


def new_code() -> str:
    """Make a short code such as Stripe gives to a coupon without an id."""
    return f"sim{_random(8)}"


def _random(characters: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(characters))
