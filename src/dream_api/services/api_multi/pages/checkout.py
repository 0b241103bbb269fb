"""Buying, switching and managing: to Stripe and back."""

from fastapi import APIRouter, Request, Response

from dream_api.customers.platforms import Tier
from dream_api.customers.subscriptions import CheckoutNotComplete, PlanChange, SubscriptionExists
from dream_api.kit.errors import DreamError, NotFound, Unavailable
from dream_api.services.api_multi.pages.account import show_account
from dream_api.services.api_multi.pages.host import Host, HostedPage, OpenHostedPage
from dream_api.services.api_multi.pages.pricing import show_pricing
from dream_api.services.api_multi.pages.sentences import sentence_of, told
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.links import with_query
from dream_api.services.pages.rendering import see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/p/{platform_id}", route_class=PageRoute, include_in_schema=False)


@router.post("/checkout")
async def checkout(request: Request, host: OpenHostedPage) -> Response:
    """Open a Checkout session and lead to it; with a running subscription, to switching."""
    form = await read_form(request)
    person = host.signed_in(request)
    tier = form.value("tier")
    try:
        opened = await host.rooms.subscriptions.checkout(
            host.platform_id,
            person.user_id,
            tier,
            host.absolute("/account?notice=subscribed"),
            host.absolute("/pricing?notice=checkout-canceled"),
        )
    except SubscriptionExists:
        return see_other(f"{host.base}/change-plan", tier=tier)
    except DreamError as refusal:
        return await show_pricing(request, host, told(host, form, refusal), status=refusal.status)
    return see_other(opened.url)


@router.get("/checkout/return")
async def checkout_return(request: Request, host: HostedPage) -> Response:
    """Settle what the person comes back from, then send them to where they were going.

    Needs no session: the person may have paid in another browser than the one that comes back.
    """
    session_id = request.query_params.get("session_id", "")
    try:
        success_url = await host.rooms.subscriptions.settle_checkout(host.platform_id, session_id)
    except CheckoutNotComplete as refusal:
        return _waiting(request, host, "Your payment is not complete yet", refusal)
    except Unavailable as refusal:
        return _waiting(request, host, "Your payment is being confirmed", refusal)
    return see_other(success_url)


@router.get("/change-plan")
async def preview_change(request: Request, host: OpenHostedPage) -> Response:
    """Show what switching would cost now and when it takes effect."""
    person = host.signed_in(request)
    tier = _tier(host, request.query_params.get("tier", ""))
    try:
        planned = await host.rooms.subscriptions.change_plan(
            host.platform_id, person.user_id, tier.name, preview=True
        )
    except DreamError as refusal:
        return _show_change(request, host, tier, told(host, Form(), refusal), status=refusal.status)
    return _show_change(request, host, tier, Form(), planned=planned)


@router.post("/change-plan")
async def change(request: Request, host: OpenHostedPage) -> Response:
    """Switch."""
    form = await read_form(request)
    person = host.signed_in(request)
    tier = _tier(host, form.value("tier"))
    try:
        await host.rooms.subscriptions.change_plan(host.platform_id, person.user_id, tier.name)
    except DreamError as refusal:
        return _show_change(request, host, tier, told(host, form, refusal), status=refusal.status)
    return see_other(f"{host.base}/account", notice="plan-changed")


@router.post("/portal")
async def portal(request: Request, host: HostedPage) -> Response:
    """Open Stripe's portal and lead to it."""
    person = host.signed_in(request)
    try:
        url = await host.rooms.subscriptions.portal(
            host.platform_id, person.user_id, host.absolute("/account")
        )
    except DreamError as refusal:
        return await show_account(request, host, told(host, Form(), refusal), status=refusal.status)
    return see_other(url)


def _show_change(
    request: Request,
    host: Host,
    tier: Tier,
    form: Form,
    *,
    planned: PlanChange | None = None,
    status: int = 200,
) -> Response:
    context = {"tier": tier, "change": planned, "form": form}
    return host.render(request, "hosted/change_plan.html", context, status=status)


def _waiting(request: Request, host: Host, title: str, refusal: DreamError) -> Response:
    here = request.url
    is_ours = isinstance(refusal, CheckoutNotComplete)
    context = {
        "title": title,
        "text": refusal.detail if is_ours else sentence_of(host, refusal),
        "next_url": f"{here.path}?{here.query}",
        "next_label": "Look again",
        "other_url": with_query(f"{host.base}/pricing"),
    }
    return host.render(request, "hosted/return.html", context, status=refusal.status)


def _tier(host: Host, name: str) -> Tier:
    tier = host.tiers.find(name)
    if tier is None or tier.archived:
        raise NotFound("This plan is not on sale. Choose another on the pricing page.")
    return tier
