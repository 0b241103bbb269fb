"""The overview: money, people and calls at a glance, beside the time before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from dream_api.customers.dashboard import DayCount, Metrics, Overview
from dream_api.customers.subscriptions import MovementKind, Revenue
from dream_api.kit.money import format_money, to_major
from dream_api.services.front_auth_api.pages.console import Console, SignedInConsole
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.charts import Point
from dream_api.services.pages.deltas import Delta, points_delta, share_delta, signed
from dream_api.services.pages.rendering import count, render
from dream_api.services.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PERIODS = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "12 months"))
_DAYS_DEFAULT = 30
_DAYS_BY_MONTH = 180
"""From so many days on, a chart has a point a month."""
_DOLLARS = "usd"
_MOVEMENTS = (
    (MovementKind.NEW, "New"),
    (MovementKind.EXPANSION, "Upgrades"),
    (MovementKind.CONTRACTION, "Downgrades"),
    (MovementKind.CHURN, "Lost"),
)


@dataclass(frozen=True, slots=True)
class PlanShare:
    """How many users are on one plan, of how many."""

    name: str
    users: int
    of: int


@dataclass(frozen=True, slots=True)
class Stat:
    """One number of the overview."""

    title: str
    shown: Sequence[str]
    hint: str
    delta: Delta | None


@dataclass(frozen=True, slots=True)
class Plot:
    """One chart: what it shows, the finding in words, and its points."""

    title: str
    finding: str
    points: Sequence[Point]
    kind: str
    unit: str
    first_column: str
    prefix: str = ""


@router.get("/dashboard")
async def overview(request: Request, console: SignedInConsole) -> Response:
    """Show the overview of one platform."""
    days = _days_of(request)
    period = dict(PERIODS)[days]
    shared = {"console": console, "days": days, "period": period, "periods": PERIODS}
    if console.platform_id is None:
        return render(request, "console/overview.html", **shared)
    found = await rooms_of(request).dashboard.overview(console.platform_id, days)
    return render(
        request,
        "console/overview.html",
        **shared,
        found=found,
        stats=_stats(found, period),
        plots=_plots(found, period, by_month=days > _DAYS_BY_MONTH),
        movements=_movements(found.metrics.revenue, _currency_of(found)),
        averages=_averages(found.metrics, _currency_of(found)),
        plans=_plans(console, found),
    )


def usage_points(days: Sequence[DayCount]) -> list[Point]:
    """Turn counts by day into the points of a chart; of many days, a point a month."""
    if len(days) > _DAYS_BY_MONTH:
        return _month_sums(days)
    return [Point(f"{one.day.day} {one.day:%b}", one.count, count(one.count)) for one in days]


def titles_of(console: Console) -> dict[str | None, str]:
    """Map tiers' names to what people call them."""
    return {tier.name: tier.display_name for tier in console.tiers.tiers}


def _stats(found: Overview, period: str) -> list[Stat]:
    metrics, currency = found.metrics, _currency_of(found)
    revenue = metrics.revenue
    usage = sum(day.count for day in metrics.usage_by_day)
    new_users = sum(day.count for day in metrics.new_users_by_day)
    plural = "" if metrics.active_subscriptions == 1 else "s"
    running = f"{count(metrics.active_subscriptions)} active subscription{plural}"
    if metrics.canceling_subscriptions:
        running += f", {count(metrics.canceling_subscriptions)} ending"
    mrr = metrics.mrr_cents.get(currency, 0)
    return [
        Stat(
            "Monthly recurring revenue",
            [format_money(cents, name) for name, cents in sorted(metrics.mrr_cents.items())],
            running,
            share_delta(mrr, found.mrr_before.get(currency, 0)),
        ),
        Stat(
            "End users",
            [count(metrics.end_users)],
            f"{count(new_users)} new in {period}",
            share_delta(metrics.end_users, metrics.end_users - new_users),
        ),
        Stat(
            "Calls",
            [count(usage)],
            f"{count(metrics.usage_this_period)} this month",
            share_delta(usage, found.usage_before),
        ),
        Stat(
            "Churn",
            [_percent(revenue.churn_rate)],
            f"{count(revenue.churned)} of {count(revenue.paying_at_start)} who paid"
            if revenue.paying_at_start
            else f"Nobody paid {period} ago",
            points_delta(revenue.churn_rate, found.revenue_before.churn_rate),
        ),
    ]


def _plots(found: Overview, period: str, *, by_month: bool) -> list[Plot]:
    metrics, currency = found.metrics, _currency_of(found)
    revenue = found.mrr_by_day.get(currency, [])
    now = format_money(metrics.mrr_cents.get(currency, 0), currency)
    usage = sum(day.count for day in metrics.usage_by_day)
    new_users = sum(day.count for day in metrics.new_users_by_day)
    unit = "month" if by_month else "day"
    return [
        Plot(
            "Monthly recurring revenue",
            f"{now} now",
            _money_points(
                _month_ends(revenue) if by_month else revenue, currency, by_month=by_month
            ),
            "area",
            "MRR",
            unit.capitalize(),
            prefix="$" if currency == _DOLLARS else "",
        ),
        Plot(
            f"Calls per {unit}",
            f"{count(usage)} in {period}",
            usage_points(metrics.usage_by_day),
            "bar",
            "Calls",
            unit.capitalize(),
        ),
        Plot(
            f"New users per {unit}",
            f"{count(new_users)} in {period}",
            usage_points(metrics.new_users_by_day),
            "bar",
            "New users",
            unit.capitalize(),
        ),
    ]


def _money_points(days: Sequence[DayCount], currency: str, *, by_month: bool) -> list[Point]:
    return [
        Point(
            f"{one.day:%b %Y}" if by_month else f"{one.day.day} {one.day:%b}",
            float(to_major(one.count, currency)),
            format_money(one.count, currency),
        )
        for one in days
    ]


def _month_ends(days: Sequence[DayCount]) -> list[DayCount]:
    """Keep the last day of each month, which says how the month ended."""
    by_month = {(one.day.year, one.day.month): one for one in days}
    return list(by_month.values())


def _month_sums(days: Sequence[DayCount]) -> list[Point]:
    sums: dict[str, int] = {}
    for one in days:
        label = f"{one.day:%b %Y}"
        sums[label] = sums.get(label, 0) + one.count
    return [Point(label, total, count(total)) for label, total in sums.items()]


def _movements(revenue: Revenue, currency: str) -> list[tuple[str, str, str]]:
    """List how revenue moved: the word for it, the amount, and whether that is good."""
    moved: Mapping[str, int] = revenue.movements.get(currency, {})
    lines = []
    for kind, title in _MOVEMENTS:
        cents = moved.get(kind.value, 0)
        tone = "good" if cents > 0 else "bad" if cents < 0 else ""
        lines.append((title, signed(cents, format_money(abs(cents), currency)), tone))
    return lines


def _averages(metrics: Metrics, currency: str) -> list[tuple[str, str]]:
    """List what one paying user brings, and how many trials became revenue."""
    revenue, arpu_cents = metrics.revenue, metrics.arpu_cents.get(currency)
    trials = f"{count(revenue.trials_converted)} of {count(revenue.trials_ended)}"
    lines = [
        ("Per paying user", "–" if arpu_cents is None else format_money(arpu_cents, currency)),  # noqa: RUF001 - a dash stands for nothing.
        (f"Trials that paid ({trials})", _percent(revenue.trial_conversion_rate)),
    ]
    lines += [
        ("Refunded", format_money(cents, name))
        for name, cents in sorted(revenue.refunded_cents.items())
    ]
    if revenue.open_disputes:
        lines.append(("Open disputes", count(revenue.open_disputes)))
    return lines


def _currency_of(found: Overview) -> str:
    """Choose the currency that charts show: the one that brings most, counted in its own units."""
    amounts = found.metrics.mrr_cents
    return max(sorted(amounts), key=lambda name: amounts[name], default=_DOLLARS)


def _plans(console: Console, found: Overview) -> list[PlanShare]:
    titles = titles_of(console)
    of = max(found.metrics.end_users, 1)
    return [
        PlanShare(titles.get(name, name or "No plan"), users, of)
        for name, users in sorted(found.metrics.by_plan.items(), key=lambda item: -item[1])
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"  # noqa: RUF001 - a dash stands for nothing.


def _days_of(request: Request) -> int:
    wanted = request.query_params.get("days", "")
    return next((days for days, _ in PERIODS if str(days) == wanted), _DAYS_DEFAULT)
