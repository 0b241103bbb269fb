"""What Stripe says of a subscription, read into what we keep."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dream_api.developers.platform_subscription.model import Record, pick, read_subscription

ENDS_AT = 1_800_000_000


def subscription(status: str = "active", created: int = 1, **fields: Any) -> dict[str, Any]:
    """Build the part of a subscription that is read."""
    return {
        "id": f"sub_{status}_{created}",
        "status": status,
        "created": created,
        "cancel_at_period_end": False,
        "items": {"data": [{"current_period_end": ENDS_AT}]},
        **fields,
    }


def record(status: str | None, ended_at: datetime | None = None) -> Record:
    """Build a stored row."""
    return Record("dev_1", "cus_1", "sub_1", status, None, False, ended_at, 0, datetime.now(UTC))


def test_the_period_ends_when_the_last_item_does() -> None:
    """Items of mixed intervals have periods of their own; access lasts to the latest."""
    items = {"data": [{"current_period_end": ENDS_AT - 60}, {"current_period_end": ENDS_AT}]}

    snapshot = read_subscription(subscription(items=items))

    assert datetime.fromtimestamp(ENDS_AT, UTC) == snapshot.current_period_end


def test_an_announced_end_counts_as_cancelling() -> None:
    """Stripe announces an end by a flag or by a date; both mean that it will end."""
    assert read_subscription(subscription(cancel_at=ENDS_AT)).cancel_at_period_end


@pytest.mark.parametrize("status", ["active", "trialing", "past_due"])
def test_a_payment_that_is_being_retried_keeps_live_mode(status: str) -> None:
    """Nobody is cut off while Stripe still tries the card."""
    assert record(status).standing().is_paid


@pytest.mark.parametrize("status", [None, "unpaid", "canceled", "incomplete", "paused"])
def test_anything_else_is_the_free_plan(status: str | None) -> None:
    """What is not paid opens test mode only."""
    assert not record(status).standing().is_paid


def test_a_paid_subscription_beats_a_newer_dead_one() -> None:
    """Somebody who subscribed twice and cancelled the second is still paid."""
    chosen = pick([subscription("canceled", created=2), subscription("active", created=1)])

    assert chosen is not None
    assert "sub_active_1" == chosen.subscription_id


def test_among_dead_subscriptions_the_newest_counts() -> None:
    """The latest end is the one from which grace is counted."""
    chosen = pick([subscription("canceled", created=1), subscription("canceled", created=2)])

    assert chosen is not None
    assert "sub_canceled_2" == chosen.subscription_id


def test_a_customer_without_subscriptions_has_none_that_counts() -> None:
    """An open checkout is not a subscription."""
    assert pick([]) is None


def test_paying_has_no_end_in_sight() -> None:
    """While it is paid, the customers' world is told no end."""
    assert record("active", ended_at=datetime.now(UTC)).standing().active_until is None
