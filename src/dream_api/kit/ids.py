"""Random, time-ordered identifiers: ``usr_`` and 26 characters of Crockford's base 32."""

import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80
_CHARACTERS = 26


def new_id(prefix: str, now: datetime) -> str:
    """Build an id that sorts by *now* (milliseconds) and carries 80 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    number = (milliseconds << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    digits = []
    for _ in range(_CHARACTERS):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(digits))}"
