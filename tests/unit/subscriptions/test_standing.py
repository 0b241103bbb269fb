"""What several subscriptions of one user come to, and how Stripe's object is read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dream_api.customers.platforms import Tier, TierConfig
from dream_api.customers.subscriptions.model import (
    HELD_TIER_KEY,
    HELD_UNTIL_KEY,
    TIER_KEY,
    Flag,
    Subscription,
    combine,
    invoiced_subscription,
    read_subscription,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIERS = TierConfig(
    (
        Tier("basic", "Basic", 1_000, price_id="price_basic"),
        Tier("pro", "Pro", 2_900, price_id="price_pro_2"),
    )
)


def _subscription(name: str = "sub_1", **changes: Any) -> Subscription:
    present = Subscription(
        platform_id="pk_test_1",
        subscription_id=name,
        user_id="u_1",
        customer_id="cus_1",
        status="active",
        tier="pro",
        price_id="price_pro_2",
        price_monthly_cents=2_900,
        mrr_cents=2_900,
        currency="usd",
        current_period_end=NOW + timedelta(days=10),
        cancel_at_period_end=False,
        held_tier=None,
        held_until=None,
        flag=None,
        created_at=NOW - timedelta(days=20),
    )
    return replace(present, **changes)


CHEAP = _subscription("sub_2", tier="basic", price_monthly_cents=1_000, mrr_cents=1_000)
UNKNOWN = _subscription("sub_3", tier=None, held_tier="basic", flag=Flag.UNKNOWN_PRICE.value)


def test_nobody_without_a_subscription_has_a_plan() -> None:
    """Nothing is nothing."""
    standing = combine([], now=NOW)

    assert (None, None, 0) == (standing.plan, standing.status, standing.mrr_cents)


@pytest.mark.parametrize("status", ["active", "trialing", "past_due"])
def test_a_running_subscription_gives_its_tier(status: str) -> None:
    """Past due is the grace that dunning gives."""
    standing = combine([_subscription(status=status)], now=NOW)

    assert ("pro", status) == (standing.plan, standing.status)


@pytest.mark.parametrize(
    "status", ["unpaid", "canceled", "incomplete", "incomplete_expired", "paused"]
)
def test_any_other_status_gives_none(status: str) -> None:
    """The user falls back to the free tier, and the status stays visible."""
    standing = combine([_subscription(status=status)], now=NOW)

    assert (None, status, 0) == (standing.plan, standing.status, standing.mrr_cents)


def test_of_two_the_dearer_sets_the_plan_and_both_count() -> None:
    """Two at once is a mistake that a person should see."""
    standing = combine([CHEAP, _subscription()], now=NOW)

    assert ("pro", "sub_1", 3_900, Flag.SEVERAL_SUBSCRIPTIONS.value) == (
        standing.plan,
        standing.subscription_id,
        standing.mrr_cents,
        standing.flag,
    )


def test_a_trial_of_the_dearer_tier_beats_a_paid_cheaper_one() -> None:
    """Dearer is by the list price: a trial brings nothing yet."""
    trial = _subscription(status="trialing", mrr_cents=0)

    assert "pro" == combine([CHEAP, trial], now=NOW).plan


def test_one_that_ended_does_not_count_beside_one_that_runs() -> None:
    """Who left and came back is back."""
    ended = _subscription("sub_0", status="canceled", created_at=NOW - timedelta(days=90))
    standing = combine([ended, CHEAP], now=NOW)

    assert ("basic", 1_000, None) == (standing.plan, standing.mrr_cents, standing.flag)


def test_currencies_are_never_summed() -> None:
    """Revenue in two currencies is flagged instead."""
    euros = _subscription("sub_2", currency="eur", price_monthly_cents=100, mrr_cents=100)
    standing = combine([_subscription(), euros], now=NOW)

    assert (2_900, "usd", Flag.SEVERAL_CURRENCIES.value) == (
        standing.mrr_cents,
        standing.currency,
        standing.flag,
    )


def test_a_price_of_no_tier_leaves_the_plan_as_it_was() -> None:
    """The developer sold something by hand: visible, flagged, and nobody loses access by it."""
    standing = combine([UNKNOWN], now=NOW)

    assert ("basic", 2_900, Flag.UNKNOWN_PRICE.value) == (
        standing.plan,
        standing.mrr_cents,
        standing.flag,
    )


def test_a_held_tier_holds_until_its_moment() -> None:
    """What was paid for is had, although the price is a cheaper one already."""
    held = replace(CHEAP, held_tier="pro", held_until=NOW)

    assert ("pro", "basic") == (held.tier_at(NOW - timedelta(seconds=1)), held.tier_at(NOW))


def _found(price: dict[str, Any], **more: Any) -> dict[str, Any]:
    recurring = {"interval": "month", "interval_count": 1}
    full = {"unit_amount": 2_900, "recurring": recurring, "metadata": {}, **price}
    return {
        "id": "sub_1",
        "status": "active",
        "customer": "cus_1",
        "currency": "usd",
        "created": 1_763_424_000,
        "metadata": {},
        "items": {"data": [{"id": "si_1", "price": full, "current_period_end": 1_766_016_000}]},
        **more,
    }


def _read(found: dict[str, Any], known: Subscription | None = None) -> Subscription:
    return read_subscription(found, "pk_test_1", "u_1", TIERS, known)


@pytest.mark.parametrize(
    ("price", "tier", "flag"),
    [
        ({"id": "price_pro_2"}, "pro", None),
        ({"id": "price_pro_1", "metadata": {"dreamapi_tier": "pro"}}, "pro", None),
        ({"id": "price_else"}, None, "unknown_price"),
        ({"id": "price_else", "metadata": {"dreamapi_tier": "gone"}}, None, "unknown_price"),
        ({"id": "price_pro_2", "unit_amount": None}, "pro", "unpriced"),
    ],
    ids=["present price", "older price", "not ours", "of a tier that is gone", "no amount"],
)
def test_a_price_leads_to_its_tier(
    price: dict[str, Any], tier: str | None, flag: str | None
) -> None:
    """A changed tier has a new price; who had the old one is still on the tier."""
    subscription = _read(_found(price))

    assert (tier, flag) == (subscription.tier, subscription.flag)


@pytest.mark.parametrize(
    ("sold", "known", "kept"),
    [
        ("pro", None, "pro"),
        ("pro", CHEAP, "pro"),
        (None, CHEAP, "basic"),
        (None, UNKNOWN, "basic"),
        ("gone", CHEAP, "basic"),
        (None, None, None),
    ],
    ids=[
        "as we sold it, never seen before",
        "as we sold it, whatever we saw",
        "made by hand, as we knew it",
        "made by hand, as we kept it before",
        "sold as a tier that is gone",
        "made by hand, never seen before",
    ],
)
def test_a_price_of_no_tier_keeps_what_was_sold(
    sold: str | None, known: Subscription | None, kept: str | None
) -> None:
    """What Stripe says now decides as far as it says anything; the flag stays for a person."""
    metadata = {TIER_KEY: sold} if sold else {}
    subscription = _read(_found({"id": "price_else"}, metadata=metadata), known)

    assert (None, kept, "unknown_price") == (
        subscription.tier,
        subscription.tier_at(NOW),
        subscription.flag,
    )


@pytest.mark.parametrize("until", ["", "soon", "-1", "٣", "9" * 30])
def test_a_held_tier_without_a_moment_is_not_held(until: str) -> None:
    """The metadata is the developer's too; whatever they write, the subscription is read."""
    metadata = {HELD_TIER_KEY: "pro", HELD_UNTIL_KEY: until}

    assert "basic" == _read(_found({"id": "price_basic"}, metadata=metadata)).tier_at(NOW)


@pytest.mark.parametrize(
    "found",
    [
        _found({"id": "price_pro_2"}),
        _found({"id": "price_pro_2"}, current_period_end=1_766_016_000),
    ],
    ids=["on the item", "on the subscription, before 2025-03-31"],
)
def test_the_period_is_found_in_every_api_version(found: dict[str, Any]) -> None:
    """Stripe moved it."""
    assert datetime(2025, 12, 18, tzinfo=UTC) == _read(found).current_period_end


@pytest.mark.parametrize("end", [{"cancel_at_period_end": True}, {"cancel_at": 1_766_016_000}])
def test_an_end_is_seen_however_it_is_said(end: dict[str, Any]) -> None:
    """Flexible billing sets a date instead of the flag."""
    assert _read(_found({"id": "price_pro_2"}, **end)).cancel_at_period_end


def test_a_held_tier_is_read_off_the_metadata() -> None:
    """Stripe carries it, so that any process reads the same."""
    metadata = {HELD_TIER_KEY: "pro", HELD_UNTIL_KEY: "1766016000"}
    subscription = _read(_found({"id": "price_basic"}, metadata=metadata))

    assert ("basic", "pro") == (
        subscription.tier,
        subscription.tier_at(datetime(2025, 12, 17, tzinfo=UTC)),
    )


@pytest.mark.parametrize(
    "invoice",
    [
        {"subscription": "sub_1"},
        {"subscription": {"id": "sub_1"}},
        {"parent": {"subscription_details": {"subscription": "sub_1"}}},
    ],
    ids=["old", "expanded", "since 2025-03-31"],
)
def test_an_invoice_leads_to_its_subscription(invoice: dict[str, Any]) -> None:
    """Wherever its API version names it."""
    assert "sub_1" == invoiced_subscription(invoice)


@pytest.mark.parametrize("invoice", [{}, {"parent": None}, {"parent": {"quote_details": {}}}])
def test_an_invoice_of_something_else_leads_nowhere(invoice: dict[str, Any]) -> None:
    """Developers sell other things too."""
    assert invoiced_subscription(invoice) is None
