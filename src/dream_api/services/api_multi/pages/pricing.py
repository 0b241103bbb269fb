"""The hosted pricing page: each button knows what the person is on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from dream_api.customers.platforms import Tier
from dream_api.services.api_multi.pages.host import Host, OpenHostedPage
from dream_api.services.pages.forms import Form
from dream_api.services.pages.links import with_query
from dream_api.services.pages.plans import PlanCard, plan_card
from dream_api.services.pages.rendering import date
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/p/{platform_id}", route_class=PageRoute, include_in_schema=False)

_RUNNING = frozenset({"active", "trialing", "past_due"})
_INTERVALS = ("month", "year")


@dataclass(frozen=True, slots=True)
class Buyer:
    """What somebody has already; nothing for a stranger."""

    plan: str | None = None
    subscription: Mapping[str, Any] | None = None
    """The one that runs."""

    has_trial: bool = True
    """Whether they would get a tier's free days: only a first subscription does."""

    def is_on(self, tier: Tier) -> bool:
        """Tell whether it is the tier that they are on now."""
        return tier.name == self.plan

    def start_of(self, tier: Tier) -> datetime | None:
        """Tell when a switch that waits for the end of the period leads to this tier."""
        if self.subscription is None or self.subscription["nextTier"] != tier.name:
            return None
        ends = self.subscription["currentPeriodEnd"]
        return datetime.fromisoformat(ends) if ends else None


@dataclass(frozen=True, slots=True)
class Card:
    """One tier on the page, and what its button does for this person."""

    tier: Tier
    plan: PlanCard
    kind: Literal["current", "link", "form"]
    label: str
    url: str
    is_highlighted: bool


@router.get("/pricing")
async def pricing(request: Request, host: OpenHostedPage) -> Response:
    """Show what the platform sells."""
    return await show_pricing(request, host, Form())


async def show_pricing(request: Request, host: Host, form: Form, *, status: int = 200) -> Response:
    """Show the page, after a refusal with the reason."""
    on_sale = [tier for tier in host.tiers.tiers if not tier.archived]
    asked = request.query_params.get("tier") or form.value("tier")
    wanted = next((tier for tier in on_sale if tier.name == asked), None)
    buyer = await _buyer(host)
    interval = _interval(request, on_sale, wanted or host.tiers.find(buyer.plan or ""))
    cards = [
        _card(host, tier, buyer, is_highlighted=tier == wanted if wanted else tier.popular)
        for tier in on_sale
        if interval is None or tier.is_free or tier.interval == interval
    ]
    context = {"cards": cards, "form": form, "interval": interval}
    return host.render(request, "hosted/pricing.html", context, status=status)


def _interval(request: Request, on_sale: list[Tier], first: Tier | None) -> str | None:
    """Choose which prices to show; None where all are for the same interval.

    The visitor's choice comes first, then what suits the tier that they want or have.
    """
    offered = {tier.interval for tier in on_sale if not tier.is_free}
    if len(offered) < len(_INTERVALS):
        return None
    asked = request.query_params.get("interval")
    if asked in _INTERVALS:
        return asked
    return first.interval if first is not None and not first.is_free else _INTERVALS[0]


async def _buyer(host: Host) -> Buyer:
    if host.person is None:
        return Buyer()
    user = await host.rooms.end_users.find(host.platform_id, host.person.user_id)
    if user is None:
        return Buyer()  # Erased by the developer a moment ago; they may sign up anew.
    row = await host.rooms.end_users.get(host.platform_id, user.user_id)
    state = await host.rooms.subscriptions.state(host.platform_id, user.user_id)
    running = state if state is not None and state["status"] in _RUNNING else None
    return Buyer(row.plan, running, has_trial=not user.had_subscription)


def _card(host: Host, tier: Tier, buyer: Buyer, *, is_highlighted: bool) -> Card:
    plan = plan_card(tier, has_trial=buyer.has_trial)
    if host.person is None:
        back = with_query(f"{host.base}/pricing", tier=tier.name)
        url = with_query(f"{host.base}/sign-up", next=back)
        return Card(tier, plan, "link", f"Choose {tier.display_name}", url, is_highlighted)
    if buyer.is_on(tier):
        return Card(tier, plan, "current", "Current plan", "", is_highlighted)
    if (starts_at := buyer.start_of(tier)) is not None:
        return Card(tier, plan, "current", f"Starts {date(starts_at)}", "", is_highlighted)
    if buyer.subscription is not None:
        url = with_query(f"{host.base}/change-plan", tier=tier.name)
        return Card(tier, plan, "link", f"Switch to {tier.display_name}", url, is_highlighted)
    if tier.is_free:
        return Card(tier, plan, "current", "Included", "", is_highlighted)
    is_trial = bool(tier.trial_days) and buyer.has_trial
    label = f"Start {tier.trial_days}-day trial" if is_trial else f"Upgrade to {tier.display_name}"
    return Card(tier, plan, "form", label, host.action("/checkout"), is_highlighted)
