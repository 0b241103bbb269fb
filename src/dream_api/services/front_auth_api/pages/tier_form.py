"""The tier editor's form: rows of text in, tiers out, with every wrong field named."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from dream_api.bridge.catalog import NewTier
from dream_api.customers.platforms import Tier
from dream_api.kit.money import ZERO_DECIMAL, to_major
from dream_api.services.pages.forms import Form
from dream_api.services.pages.plans import PlanCard, plan_card

TIERS_MAX = 20
_DIGITS_MAX = 15
_SLUG_CHARACTERS_MAX = 32
_VERSION_CHARACTERS = 16
_ROW_NUMBER = re.compile(r"\d{1,3}", re.ASCII)
_FIELDS = (
    "saved", "displayName", "name", "price", "currency", "interval", "limit",
    "rateLimitPerMinute", "trialDays", "features", "popular",
)  # fmt: skip
_BEHIND_MORE = ("name", "currency", "interval", "rateLimitPerMinute", "trialDays")
_PARAMS = {"priceCents": "price"}
_INDEXED = re.compile(r"tiers\[(?P<row>\d{1,3})\]\.(?P<field>\w+)(\[\d{1,3}\])?", re.ASCII)

_FIRST_ROWS = (
    Tier(
        name="free", display_name="Free", price_cents=0, limit=1000, features=("Community support",)
    ),
    Tier(
        name="pro",
        display_name="Pro",
        price_cents=2900,
        limit=100_000,
        features=("Email support",),
        popular=True,
    ),
)
"""What an empty editor proposes."""


@dataclass(frozen=True, slots=True)
class EditorRow:
    """One row of the editor, beside its values."""

    has_hidden_error: bool
    """Whether a wrong field stands behind "More", which must be open then."""


class FieldsWrong(Exception):
    """Some fields cannot be read; carries the form with the errors on it."""

    def __init__(self, form: Form) -> None:
        super().__init__("fields are wrong")
        self.form = form


def form_of(tiers: Iterable[Tier]) -> Form:
    """Fill the editor with a platform's tiers, or with a proposal where there are none."""
    shown = [tier for tier in tiers if not tier.archived]
    is_saved = bool(shown)
    values: dict[str, str] = {}
    for index, tier in enumerate(shown or _FIRST_ROWS):
        values |= {
            f"tiers.{index}.{name}": text for name, text in _row_of(tier, is_saved=is_saved).items()
        }
    return Form(values | {"rows": str(len(shown or _FIRST_ROWS))})


def version_of(tiers: Iterable[Tier]) -> str:
    """Give a short mark of the saved tiers, by which an editor knows that they have changed."""
    saved = json.dumps([tier.to_wire() for tier in tiers], sort_keys=True)
    return hashlib.sha256(saved.encode()).hexdigest()[:_VERSION_CHARACTERS]


def rows_of(form: Form) -> list[EditorRow]:
    """Give the rows that the editor draws."""
    return [
        EditorRow(any(form.error(f"tiers.{index}.{name}") for name in _BEHIND_MORE))
        for index in range(_count_rows(form))
    ]


def with_row_added(form: Form) -> Form:
    """Append an empty row; at the maximum the form stays as it is."""
    count = _count_rows(form)
    values = {**form.values, "rows": str(min(count + 1, TIERS_MAX))}
    return Form(values)


def with_row_removed(form: Form, row: int) -> Form:
    """Take one row out and close the gap."""
    count = _count_rows(form)
    kept = [index for index in range(count) if index != row]
    values = {"rows": str(len(kept))}
    for new, old in enumerate(kept):
        for name in _FIELDS:
            if f"tiers.{old}.{name}" in form.values:
                values[f"tiers.{new}.{name}"] = form.values[f"tiers.{old}.{name}"]
    return Form(values)


def with_row_moved(form: Form, row: int, by: int) -> Form:
    """Swap a row with the one before or after it; at the edge the form stays as it is."""
    count = _count_rows(form)
    other = row + by
    if not (0 <= row < count and 0 <= other < count):
        return Form(form.values)
    values = {"rows": str(count)}
    places = {row: other, other: row}
    for index in range(count):
        for name in _FIELDS:
            if f"tiers.{index}.{name}" in form.values:
                place = places.get(index, index)
                values[f"tiers.{place}.{name}"] = form.values[f"tiers.{index}.{name}"]
    return Form(values)


def preview_of(form: Form) -> list[PlanCard]:
    """Show the rows as end users would see them, as far as they can be read."""
    errors: dict[str, str] = {}
    rows = [f"tiers.{index}." for index in range(_count_rows(form))]
    tiers = [_read_row(form, at, errors) for at in rows]
    return [
        plan_card(tier, price=None if f"{at}price" not in errors else "…")
        for at, tier in zip(rows, tiers, strict=True)
    ]


def read_tiers(form: Form) -> list[NewTier]:
    """Read the rows as tiers.

    Raises:
        FieldsWrong: some fields hold no number where one belongs.
    """
    errors: dict[str, str] = {}
    tiers = [_read_row(form, f"tiers.{index}.", errors) for index in range(_count_rows(form))]
    if errors:
        raise FieldsWrong(form.wrong(errors))
    return tiers


def field_names(params: Iterable[str]) -> dict[str, str]:
    """Map a refusal's parameters (``tiers[0].priceCents``) to the editor's fields."""
    names = {}
    for param in params:
        match = _INDEXED.fullmatch(param)
        if match is not None:
            name = _PARAMS.get(match["field"], match["field"])
            names[param] = f"tiers.{match['row']}.{name}"
    return names


def _row_of(tier: Tier, *, is_saved: bool) -> dict[str, str]:
    row = {
        "displayName": tier.display_name,
        "name": tier.name,
        "price": _price_text(tier),
        "currency": tier.currency,
        "interval": tier.interval,
        "limit": "" if tier.limit is None else str(tier.limit),
        "rateLimitPerMinute": (
            "" if tier.rate_limit_per_minute is None else str(tier.rate_limit_per_minute)
        ),
        "trialDays": str(tier.trial_days),
        "features": "\n".join(tier.features),
    }
    if tier.popular:
        row["popular"] = "on"
    if is_saved:
        row["saved"] = "yes"
    return row


def _price_text(tier: Tier) -> str:
    major = to_major(tier.price_cents, tier.currency)
    return f"{major:.0f}" if major == major.to_integral_value() else f"{major:.2f}"


def _count_rows(form: Form) -> int:
    text = form.value("rows", "0")
    return min(int(text), TIERS_MAX) if _ROW_NUMBER.fullmatch(text) else 0


def _read_row(form: Form, at: str, errors: dict[str, str]) -> NewTier:
    def whole(name: str, example: str) -> int | None:
        text = form.value(at + name).replace(",", "").replace(" ", "").strip()
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
            return int(text)
        errors[at + name] = f"Enter a whole number such as {example}, or leave it empty."
        return None

    display_name = form.value(at + "displayName").strip()
    currency = form.value(at + "currency").strip().lower() or "usd"
    price_cents = _cents(form.value(at + "price"), currency)
    if price_cents is None:
        errors[at + "price"] = "Enter a price such as 49 or 49.00."
    return NewTier(
        name=form.value(at + "name").strip() or _slug(display_name),
        display_name=display_name,
        price_cents=price_cents or 0,
        currency=currency,
        interval="year" if form.value(at + "interval") == "year" else "month",
        limit=whole("limit", "10000"),
        rate_limit_per_minute=whole("rateLimitPerMinute", "60"),
        features=tuple(
            line.strip() for line in form.value(at + "features").splitlines() if line.strip()
        ),
        popular=form.is_checked(at + "popular"),
        trial_days=whole("trialDays", "14") or 0,
    )


def _cents(text: str, currency: str) -> int | None:
    digits = text.strip().removeprefix("$").replace(",", "").strip()
    if not re.fullmatch(r"\d{1,12}(\.\d{1,2})?", digits, re.ASCII):
        return None
    try:
        cents = Decimal(digits) * (1 if currency in ZERO_DECIMAL else 100)
    except InvalidOperation:
        return None
    return int(cents) if cents == cents.to_integral_value() else None


def _slug(display_name: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", display_name.lower(), flags=re.ASCII).strip("-")
    return words[:_SLUG_CHARACTERS_MAX].rstrip("-")
