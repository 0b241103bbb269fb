"""Going live: the subscription with us, then the developer's own Stripe account."""

from fastapi import APIRouter, Request, Response

from dream_api.kit.errors import DreamError
from dream_api.services.front_auth_api.branding import carry_look_over
from dream_api.services.front_auth_api.pages.console import (
    Console,
    SignedInConsole,
    read_console,
    stripe_targets,
)
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.forms import Form
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/configure")
async def show_configure(request: Request, console: SignedInConsole) -> Response:
    """Show what is left to do; the way back from Stripe settles the payment first."""
    payment = request.query_params.get("payment")
    session_id = request.query_params.get("session_id")
    if payment != "success" or not session_id:
        return _show(request, console, payment="canceled" if payment else None)
    rooms = rooms_of(request)
    try:
        standing = await rooms.platform_subscription.settle_checkout(
            console.developer_id, session_id
        )
        await rooms.standing.publish(console.developer_id)
    except DreamError as refusal:
        return _show(request, console, form=Form().refused(refusal), status=refusal.status)
    fresh = await read_console(request)
    await carry_look_over(rooms, fresh.ids)
    payment = "success" if standing.plan == "paid" else "pending"
    return _show(request, fresh, payment=payment)


@router.post("/configure")
async def pay(request: Request, console: SignedInConsole) -> Response:
    """Open a Checkout session for the platform subscription and lead to it."""
    rooms = rooms_of(request)
    try:
        checkout = await rooms.platform_subscription.create_checkout(
            console.developer_id, console.email
        )
    except DreamError as refusal:
        form = Form().refused(refusal)
        return _show(request, console, form=form, status=refusal.status)
    return see_other(checkout.url)


def _show(
    request: Request,
    console: Console,
    *,
    payment: str | None = None,
    form: Form | None = None,
    status: int = 200,
) -> Response:
    return render(
        request,
        "onboarding/configure.html",
        Answering(status, stripe_targets(request)),
        console=console,
        payment=payment,
        form=form or Form(),
        section="",
    )
