"""A developer's list of tiers: what may be in it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dream_api.customers.platforms import Tier
from dream_api.kit.errors import FieldError, ValidationFailed

TIERS_MAX = 20
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
DISPLAY_NAME_CHARACTERS_MAX = 80
PRICE_CENTS_MIN = 50
"""Stripe's smallest charge in most currencies (docs.stripe.com/currencies)."""
PRICE_CENTS_MAX = 99_999_999
LIMIT_MAX = 10**12
RATE_LIMIT_MAX = 10**6
TRIAL_DAYS_MAX = 730
FEATURES_MAX = 30
FEATURE_CHARACTERS_MAX = 200
INTERVALS = ("month", "year")

_CURRENCY_CODES = """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bif bmd bnd bob brl bsd bwp
    byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel
    gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr jmd jpy kes kgs khr kmf krw kyd kzt lak
    lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr
    nzd pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd
    std szl thb tjs top try ttd twd tzs uah uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw
"""
CURRENCIES = frozenset(_CURRENCY_CODES.split())
"""Stripe's presentment currencies without those of three decimals, and without isk and ugx, whose
amounts Stripe takes in hundredths that do not exist (docs.stripe.com/currencies)."""


@dataclass(frozen=True, slots=True)
class NewTier:
    """A tier as its developer submits it. Money in minor units; None is unlimited."""

    name: str
    display_name: str
    price_cents: int
    limit: int | None
    currency: str = "usd"
    interval: str = "month"
    rate_limit_per_minute: int | None = None
    features: tuple[str, ...] = ()
    popular: bool = False
    trial_days: int = 0

    @classmethod
    def of(cls, tier: Tier) -> "NewTier":
        """Give what a developer would submit to get this tier again."""
        return cls(
            name=tier.name,
            display_name=tier.display_name,
            price_cents=tier.price_cents,
            limit=tier.limit,
            currency=tier.currency,
            interval=tier.interval,
            rate_limit_per_minute=tier.rate_limit_per_minute,
            features=tier.features,
            popular=tier.popular,
            trial_days=tier.trial_days,
        )

    @property
    def is_free(self) -> bool:
        """Tell whether it needs nothing at Stripe."""
        return self.price_cents == 0

    def to_tier(
        self, *, price_id: str | None = None, product_id: str | None = None, revision: int
    ) -> Tier:
        """Give the tier that end users will live by."""
        return Tier(
            name=self.name,
            display_name=self.display_name,
            price_cents=self.price_cents,
            currency=self.currency,
            interval=self.interval,
            limit=self.limit,
            rate_limit_per_minute=self.rate_limit_per_minute,
            features=self.features,
            popular=self.popular,
            trial_days=self.trial_days,
            price_id=price_id,
            product_id=product_id,
            revision=revision,
        )


@dataclass(frozen=True, slots=True)
class CatalogTier:
    """A tier as its developer sees it, with the number of end users on it."""

    tier: Tier
    subscribers: int

    def to_wire(self) -> dict[str, Any]:
        """Give the answered form."""
        wire = self.tier.to_wire()
        del wire["revision"]
        return {**wire, "subscribers": self.subscribers}


@dataclass(frozen=True, slots=True)
class Published:
    """The answer to a submitted list.

    Attributes:
        secret_key: the first secret key, shown here and never again; None afterwards.
        tiers: in the order submitted.
    """

    platform_id: str
    secret_key: str | None
    tiers: tuple[CatalogTier, ...]

    @property
    def publishable_key(self) -> str:
        """Give the publishable key, which is the platform's id."""
        return self.platform_id

    @property
    def first(self) -> bool:
        """Tell whether a secret is shown, which makes the answer a 201."""
        return self.secret_key is not None

    @property
    def price_ids(self) -> tuple[tuple[str, str], ...]:
        """Give (tier, price id) of each tier that costs something."""
        return tuple(
            (listed.tier.name, listed.tier.price_id)
            for listed in self.tiers
            if listed.tier.price_id is not None
        )


def check_tiers(tiers: Sequence[NewTier]) -> None:
    """Check a submitted list.

    Raises:
        ValidationFailed: naming every field that is wrong, as ``tiers[0].priceCents``.
    """
    if not 1 <= len(tiers) <= TIERS_MAX:
        raise ValidationFailed.of("tiers", f"must hold 1 to {TIERS_MAX} tiers")
    errors = [
        FieldError(f"tiers[{index}].{param}", detail)
        for index, tier in enumerate(tiers)
        for param, detail in _wrong_fields(tier)
    ]
    errors += _clashes(tiers)
    _refuse(errors)


def check_tier(tier: NewTier) -> None:
    """Check one tier, sent alone.

    Raises:
        ValidationFailed: naming every field that is wrong, as ``priceCents``.
    """
    _refuse([FieldError(param, detail) for param, detail in _wrong_fields(tier)])


def _refuse(errors: Sequence[FieldError]) -> None:
    if errors:
        fields = "1 field is" if len(errors) == 1 else f"{len(errors)} fields are"
        raise ValidationFailed(
            f"{fields} wrong; see errors.", param=errors[0].param, errors=tuple(errors)
        )


def _clashes(tiers: Sequence[NewTier]) -> Iterator[FieldError]:
    names: set[str] = set()
    has_free = False
    for index, tier in enumerate(tiers):
        if tier.name in names:
            yield FieldError(f"tiers[{index}].name", "names another tier of the list already")
        if tier.is_free and has_free:
            yield FieldError(f"tiers[{index}].priceCents", "is 0, but one tier is free already")
        names.add(tier.name)
        has_free = has_free or tier.is_free


def _wrong_fields(tier: NewTier) -> Iterator[tuple[str, str]]:
    yield from _wrong_texts(tier)
    yield from _wrong_numbers(tier)


def _wrong_texts(tier: NewTier) -> Iterator[tuple[str, str]]:
    if not NAME.fullmatch(tier.name):
        yield "name", "must be 1 to 32 of a-z, 0-9 and -, and must not begin with -"
    if not _is_text(tier.display_name, DISPLAY_NAME_CHARACTERS_MAX):
        yield (
            "displayName",
            f"must be 1 to {DISPLAY_NAME_CHARACTERS_MAX} printable characters",
        )
    if tier.currency not in CURRENCIES:
        yield "currency", "must be a currency that Stripe accepts, in lower case, such as usd"
    if tier.interval not in INTERVALS:
        yield "interval", "must be month or year"
    if len(tier.features) > FEATURES_MAX:
        yield "features", f"must hold at most {FEATURES_MAX} lines"
    for index, feature in enumerate(tier.features[:FEATURES_MAX]):
        if not _is_text(feature, FEATURE_CHARACTERS_MAX):
            yield (
                f"features[{index}]",
                f"must be 1 to {FEATURE_CHARACTERS_MAX} printable characters",
            )


def _wrong_numbers(tier: NewTier) -> Iterator[tuple[str, str]]:
    if not (tier.is_free or PRICE_CENTS_MIN <= tier.price_cents <= PRICE_CENTS_MAX):
        yield "priceCents", f"must be 0 or {PRICE_CENTS_MIN} to {PRICE_CENTS_MAX}"
    if tier.limit is not None and not 0 <= tier.limit <= LIMIT_MAX:
        yield "limit", f"must be 0 to {LIMIT_MAX}, or null for no limit"
    if tier.rate_limit_per_minute is not None and not (
        1 <= tier.rate_limit_per_minute <= RATE_LIMIT_MAX
    ):
        yield "rateLimitPerMinute", f"must be 1 to {RATE_LIMIT_MAX}, or null for no limit"
    if not 0 <= tier.trial_days <= TRIAL_DAYS_MAX:
        yield "trialDays", f"must be 0 to {TRIAL_DAYS_MAX}"


def _is_text(text: str, characters_max: int) -> bool:
    return 1 <= len(text) <= characters_max and text.isprintable() and not text.isspace()
