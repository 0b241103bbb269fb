"""The developer's own subscription with us."""

from fastapi import APIRouter, Request, Response

from dream_api.kit.errors import DreamError
from dream_api.services.front_auth_api.pages.console import (
    Console,
    SignedInConsole,
    stripe_targets,
)
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.forms import Form
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/dashboard/billing", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def show_billing(request: Request, console: SignedInConsole) -> Response:
    """Show plan, status and the next date."""
    return _show(request, console, Form())


@router.post("")
async def open_portal(request: Request, console: SignedInConsole) -> Response:
    """Open Stripe's portal and lead to it."""
    rooms = rooms_of(request)
    back = f"{rooms.settings.public_url}/dashboard/billing"
    try:
        url = await rooms.platform_subscription.billing_portal(console.developer_id, back)
    except DreamError as refusal:
        return _show(request, console, Form().refused(refusal), status=refusal.status)
    return see_other(url)


def _show(request: Request, console: Console, form: Form, *, status: int = 200) -> Response:
    return render(
        request,
        "console/billing.html",
        Answering(status, stripe_targets(request)),
        console=console,
        standing=console.standing,
        has_customer=console.standing.status is not None,
        form=form,
    )
