"""Money is an integer of minor units plus a currency; never a float until a reader sees it."""

from decimal import Decimal

# Currencies whose minor unit is the major one (docs.stripe.com/currencies#zero-decimal).
ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split()  # noqa: SIM905 - a list of words reads best as words.
)


def to_major(amount_cents: int, currency: str) -> Decimal:
    """Convert minor units to major ones: 2900 usd is 29.00, 2900 jpy is 2900."""
    if currency.lower() in ZERO_DECIMAL:
        return Decimal(amount_cents)
    return Decimal(amount_cents) / 100


def format_money(amount_cents: int, currency: str) -> str:
    """Write an amount for people: ``$29``, ``$29.50``, ``2,900 JPY``."""
    major = to_major(amount_cents, currency)
    digits = 0 if major == major.to_integral_value() else 2
    if currency.lower() == "usd":
        return f"${major:,.{digits}f}"
    return f"{major:,.{digits}f} {currency.upper()}"
