"""The CSV and the metrics."""

import csv
import io
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from dream_api.customers.dashboard import Dashboard, Filters
from dream_api.customers.dashboard.service import EXPORT_ROWS
from dream_api.customers.metering import Metering, TrackEvent
from dream_api.customers.subscriptions import Movement, add_movements
from dream_api.gateways.clock import MovableClock
from dream_api.kit.errors import ValidationFailed
from dream_api.kit.periods import to_milliseconds
from dream_api.stores import ApiMultiBindings, Bindings
from tests.unit.dashboard.conftest import PLATFORM, AddUsers

PRODUCT_COLUMNS = [
    "platform_id",
    "user_id",
    "clerk_email",
    "clerk_name",
    "plan",
    "stripe_customer_id",
    "subscription_status",
    "mrr",
    "usage_count",
    "last_active",
    "created_at",
]
DAY = 86_400


async def _csv(dashboard: Dashboard, filters: Filters | None = None) -> list[dict[str, str]]:
    pieces = [piece async for piece in dashboard.stream_csv(PLATFORM, filters or Filters())]
    return list(csv.DictReader(io.StringIO("".join(pieces), newline="")))


async def test_the_columns_are_those_of_the_table_in_its_order(
    dashboard: Dashboard, data_dir: Path
) -> None:
    """As the schema has them, the product's own first."""
    (header,) = [piece async for piece in dashboard.stream_csv(PLATFORM, Filters())]
    with closing(sqlite3.connect(data_dir / "customers.db")) as file:
        schema = [row[1] for row in file.execute("PRAGMA table_xinfo(users)")]

    assert schema == header.strip().split(",")
    assert PRODUCT_COLUMNS == schema[: len(PRODUCT_COLUMNS)]


async def test_a_line_shows_what_the_row_shows(dashboard: Dashboard, add_users: AddUsers) -> None:
    """Plan and usage as of now, revenue in major units, moments in RFC 3339."""
    await add_users(
        {
            "clerk_email": "ada@example.com",
            "mrr_cents": 2_950,
            "usage_count": 5,
            "last_active": 1_700_000_000_000,
        }
    )
    (line,) = await _csv(dashboard)

    assert ("ada@example.com", "free", "29.50", "5", "2023-11-14T22:13:20Z") == (
        line["clerk_email"],
        line["plan"],
        line["mrr"],
        line["usage_count"],
        line["last_active"],
    )


async def test_a_name_that_is_a_formula_is_text(dashboard: Dashboard, add_users: AddUsers) -> None:
    """Whoever signs up as =HYPERLINK(…) runs nothing on a developer's machine."""
    await add_users({"clerk_name": "=HYPERLINK(1)", "user_id": "-1"})
    (line,) = await _csv(dashboard)

    assert ("'=HYPERLINK(1)", "'-1") == (line["clerk_name"], line["user_id"])


async def test_the_export_has_the_filters_of_the_table(
    dashboard: Dashboard, add_users: AddUsers
) -> None:
    """What is exported is what is counted."""
    await add_users({"plan": "pro"}, {"plan": "free"}, {"plan": "pro"})
    filters = Filters.parse(plan="pro")
    page = await dashboard.users(PLATFORM, filters, 1)

    assert page.total == len(await _csv(dashboard, filters)) == 2


@pytest.mark.parametrize("count", [EXPORT_ROWS, EXPORT_ROWS + 1])
async def test_an_export_of_many_has_everybody_once(
    dashboard: Dashboard, mine: ApiMultiBindings, count: int
) -> None:
    """Read a piece at a time; a full last piece is no end too early."""
    rows = [{"platform": PLATFORM, "user": f"u_{n:05}", "at": n} for n in range(count)]
    sql = "INSERT INTO users (platform_id, user_id, created_at) VALUES (:platform, :user, :at)"
    await mine.customers.of(PLATFORM).write(lambda c: c.execute(text(sql), rows))
    lines = await _csv(dashboard)

    assert count == len({line["user_id"] for line in lines}) == len(lines)


async def test_metrics_sum_the_platform_up(dashboard: Dashboard, add_users: AddUsers) -> None:
    """Currencies apart, trials and past due among those that run."""
    await add_users(
        {"plan": "pro", "subscription_status": "active", "mrr_cents": 2_900},
        {"plan": "pro", "subscription_status": "past_due", "mrr_cents": 100, "currency": "eur"},
        {"plan": "pro", "subscription_status": "trialing", "cancel_at_period_end": 1},
        {"plan": None, "subscription_status": "canceled", "usage_count": 4},
        {"plan": "free", "usage_count": 3},
    )
    await add_users({"user_id": "u_theirs", "mrr_cents": 1, "plan": "pro"}, platform_id="pk_test_2")
    metrics = await dashboard.metrics(PLATFORM, 7)

    assert {"usd": 2_900, "eur": 100} == metrics.mrr_cents
    assert (3, 1, 5, 7) == (
        metrics.active_subscriptions,
        metrics.canceling_subscriptions,
        metrics.end_users,
        metrics.usage_this_period,
    )
    assert {"free": 2, "pro": 3} == metrics.by_plan
    assert {"free": 2, "pro": 3} == await dashboard.subscribers(PLATFORM)


async def test_revenue_per_user_is_shared_among_those_who_pay(
    dashboard: Dashboard, add_users: AddUsers
) -> None:
    """Whoever brings nothing does not dilute it; halves round up; currencies stay apart."""
    await add_users(
        {"subscription_status": "active", "mrr_cents": 2_900},
        {"subscription_status": "active", "mrr_cents": 1_001},
        {"subscription_status": "active", "mrr_cents": 700, "currency": "jpy"},
        {"subscription_status": "trialing"},
        {"plan": "free"},
    )
    wire = (await dashboard.metrics(PLATFORM, 7)).to_wire()

    assert {"usd": 1_951, "jpy": 700} == wire["arpuCents"]


async def test_metrics_tell_how_revenue_moved_in_the_days(
    dashboard: Dashboard, mine: ApiMultiBindings, clock: MovableClock
) -> None:
    """What moved before the days is who paid when they began; every kind has its amount."""
    now = clock.now()
    moved = [
        ("stays", "new", 1_000, now - timedelta(days=9)),
        ("leaves", "new", 500, now - timedelta(days=9)),
        ("stays", "expansion", 1_900, now - timedelta(days=2)),
        ("leaves", "churn", -500, now - timedelta(days=1)),
        ("comes", "new", 2_900, now),
    ]
    rows = [
        Movement(f"mov_{number}", user, f"sub_{user}", kind, cents, "usd", at)
        for number, (user, kind, cents, at) in enumerate(moved)
    ]
    await mine.customers.of(PLATFORM).write(lambda c: add_movements(c, PLATFORM, rows))
    wire = (await dashboard.metrics(PLATFORM, 7)).to_wire()

    assert {"usd": {"new": 2_900, "expansion": 1_900, "contraction": 0, "churn": -500}} == (
        wire["mrrMovementsCents"]
    )
    assert (2, 1, 0.5) == (wire["payingUsersAtStart"], wire["churnedUsers"], wire["churnRate"])
    assert (0, None) == (wire["trialsEnded"], wire["trialConversionRate"])


async def test_metrics_of_nobody_are_nothing(dashboard: Dashboard) -> None:
    """Every number is there, and 0."""
    wire = (await dashboard.metrics(PLATFORM, 1)).to_wire()

    assert ({"usd": 0}, 0, 0, {}) == (
        wire["mrrCents"],
        wire["endUsers"],
        wire["usageThisPeriod"],
        wire["byPlan"],
    )
    assert ({}, {}, None) == (wire["arpuCents"], wire["mrrMovementsCents"], wire["churnRate"])


async def test_days_without_users_are_days(
    dashboard: Dashboard, add_users: AddUsers, clock: MovableClock
) -> None:
    """Each of the last days has a count, today the last."""
    now = to_milliseconds(clock.now())
    await add_users({"created_at": now}, {"created_at": now - 2 * DAY * 1_000})
    metrics = await dashboard.metrics(PLATFORM, 3)

    assert [1, 0, 1] == [day.count for day in metrics.new_users_by_day]
    assert clock.now().date() == metrics.new_users_by_day[-1].day


async def test_usage_by_day_is_that_of_metering(
    dashboard: Dashboard, mine: ApiMultiBindings, clock: MovableClock
) -> None:
    """Of the platform, and of one user."""
    metering = Metering(mine, clock)
    await metering.track(PLATFORM, TrackEvent("u_1", 3))
    await metering.track(PLATFORM, TrackEvent("u_2", 4))
    metrics = await dashboard.metrics(PLATFORM, 2)
    of_user = await dashboard.usage_by_day(PLATFORM, "u_1", 2)

    assert [0, 7] == [day.count for day in metrics.usage_by_day]
    assert [0, 3] == [day.count for day in of_user]


@pytest.mark.parametrize("days", [0, -1, 367])
async def test_days_have_a_limit(dashboard: Dashboard, days: int) -> None:
    """A chart of more is refused."""
    with pytest.raises(ValidationFailed):
        await dashboard.metrics(PLATFORM, days)


async def test_the_dashboard_cannot_write(dashboard: Dashboard, bindings: Bindings) -> None:
    """It works with bindings that read; the engine refuses them a write."""
    store = bindings.front_auth_api.customers

    with pytest.raises(PermissionError):
        await store.write(lambda c: c.exec_driver_sql("DELETE FROM users"))

    assert 0 == (await dashboard.users(PLATFORM, Filters(), 1)).total
