"""The overview: money, people and calls at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from dream_api.customers.dashboard import DayCount, Metrics
from dream_api.kit.money import format_money
from dream_api.services.front_auth_api.pages.console import Console, SignedInConsole
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.charts import Point
from dream_api.services.pages.rendering import count, render
from dream_api.services.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

DAY_CHOICES = (7, 30, 90)
_DAYS_DEFAULT = 30


@dataclass(frozen=True, slots=True)
class PlanShare:
    """How many users are on one plan, of how many."""

    name: str
    users: int
    of: int


@router.get("/dashboard")
async def overview(request: Request, console: SignedInConsole) -> Response:
    """Show the overview of one platform."""
    days = _days_of(request)
    shared = {"console": console, "days": days, "day_choices": DAY_CHOICES}
    if console.platform_id is None:
        return render(request, "console/overview.html", **shared)
    metrics = await rooms_of(request).dashboard.metrics(console.platform_id, days)
    usage_total = sum(day.count for day in metrics.usage_by_day)
    new_users = sum(day.count for day in metrics.new_users_by_day)
    return render(
        request,
        "console/overview.html",
        **shared,
        metrics=metrics,
        revenue=[
            format_money(cents, currency) for currency, cents in sorted(metrics.mrr_cents.items())
        ],
        paying_share=_share(metrics.active_subscriptions, metrics.end_users),
        usage_total=usage_total,
        new_users=new_users,
        usage_points=points_of(metrics.usage_by_day),
        usage_finding=f"{count(usage_total)} in {days} days",
        user_points=points_of(metrics.new_users_by_day),
        users_finding=f"{count(new_users)} in {days} days",
        plans=_plans(console, metrics),
    )


def points_of(days: Sequence[DayCount]) -> list[Point]:
    """Turn counts by day into the points of a chart."""
    return [Point(f"{one.day.day} {one.day:%b}", one.count, count(one.count)) for one in days]


def titles_of(console: Console) -> dict[str | None, str]:
    """Map tiers' names to what people call them."""
    return {tier.name: tier.display_name for tier in console.tiers.tiers}


def _plans(console: Console, metrics: Metrics) -> list[PlanShare]:
    titles = titles_of(console)
    return [
        PlanShare(titles.get(name, name or "No plan"), users, max(metrics.end_users, 1))
        for name, users in sorted(metrics.by_plan.items(), key=lambda item: -item[1])
    ]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0%"


def _days_of(request: Request) -> int:
    wanted = request.query_params.get("days", "")
    return next((days for days in DAY_CHOICES if str(days) == wanted), _DAYS_DEFAULT)
