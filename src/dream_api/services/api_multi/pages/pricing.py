"""The hosted pricing page: each button knows what the person is on."""

from dataclasses import dataclass
from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from dream_api.customers.platforms import Tier
from dream_api.kit.errors import DreamError
from dream_api.services.api_multi.pages.host import Host, OpenHostedPage
from dream_api.services.pages.forms import Form
from dream_api.services.pages.links import with_query
from dream_api.services.pages.plans import PlanCard, plan_card
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/p/{platform_id}", route_class=PageRoute, include_in_schema=False)

_RUNNING = frozenset({"active", "trialing", "past_due"})


@dataclass(frozen=True, slots=True)
class Card:
    """One tier on the page, and what its button does for this person."""

    tier: Tier
    kind: Literal["current", "link", "form"]
    label: str
    url: str
    is_highlighted: bool

    @property
    def plan(self) -> PlanCard:
        """What stands on the card."""
        return plan_card(self.tier)


@router.get("/pricing")
async def pricing(request: Request, host: OpenHostedPage) -> Response:
    """Show what the platform sells."""
    return await show_pricing(request, host, Form())


async def show_pricing(request: Request, host: Host, form: Form, *, status: int = 200) -> Response:
    """Show the page, after a refusal with the reason."""
    on_sale = [tier for tier in host.tiers.tiers if not tier.archived]
    wanted = request.query_params.get("tier") or form.value("tier")
    highlighted = wanted if wanted in {tier.name for tier in on_sale} else None
    plan, subscription = await _standing(host)
    cards = [
        _card(
            host,
            tier,
            plan=plan,
            is_subscribed=subscription is not None,
            is_highlighted=tier.name == highlighted if highlighted else tier.popular,
        )
        for tier in on_sale
    ]
    return host.render(
        request, "hosted/pricing.html", {"cards": cards, "form": form}, status=status
    )


async def _standing(host: Host) -> tuple[str | None, dict[str, Any] | None]:
    """Give the person's plan and running subscription, if any."""
    if host.person is None:
        return None, None
    user_id = host.person.user_id
    try:
        row = await host.rooms.end_users.get(host.platform_id, user_id)
    except DreamError:
        return None, None  # Erased by the developer a moment ago; they may sign up anew.
    state = await host.rooms.subscriptions.state(host.platform_id, user_id)
    running = state if state is not None and state["status"] in _RUNNING else None
    return row.plan, running


def _card(
    host: Host, tier: Tier, *, plan: str | None, is_subscribed: bool, is_highlighted: bool
) -> Card:
    name = tier.display_name
    if host.person is None:
        back = with_query(f"{host.base}/pricing", tier=tier.name)
        url = with_query(f"{host.base}/sign-up", next=back)
        return Card(tier, "link", f"Choose {name}", url, is_highlighted)
    if tier.name == plan:
        return Card(tier, "current", "Current plan", "", is_highlighted)
    if is_subscribed:
        url = with_query(f"{host.base}/change-plan", tier=tier.name)
        return Card(tier, "link", f"Switch to {name}", url, is_highlighted)
    if tier.is_free:
        return Card(tier, "current", "Included", "", is_highlighted)
    return Card(tier, "form", f"Upgrade to {name}", f"{host.base}/checkout", is_highlighted)
