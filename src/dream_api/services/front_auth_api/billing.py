"""What a developer pays us."""

from fastapi import APIRouter

from dream_api.developers.platform_subscription import NoPlatformSubscription, SubscriptionExists
from dream_api.gateways.stripe import StripeRefused, StripeUnavailable
from dream_api.services.front_auth_api.answers import UrlAnswer
from dream_api.services.front_auth_api.rooms import FrontAuthApi, Rooms
from dream_api.services.http.callers import Developer
from dream_api.services.http.refusals import refusals
from dream_api.services.http.replay import CreatingRoute
from dream_api.services.http.urls import check_url
from dream_api.services.http.wire import Answer, Body, Moment, Omittable, Url

router = APIRouter(prefix="/platform", route_class=CreatingRoute)


class CreateCheckout(Body):
    """Where to return to; left out, it is our own `/configure`."""

    success_url: Omittable[Url] = None
    cancel_url: Omittable[Url] = None


class CheckoutAnswer(Answer):
    """The page where the developer pays."""

    url: str
    session_id: str


class OpenPortal(Body):
    """Where the portal leads back to; left out, it is our own `/configure`."""

    return_url: Omittable[Url] = None


class SubscriptionAnswer(Answer):
    """How the developer stands with us."""

    plan: str
    status: str | None
    current_period_end: Moment | None
    cancel_at_period_end: bool


_OUR_OWN_URLS = CreateCheckout()
_OUR_OWN_RETURN = OpenPortal()


@router.post(
    "/create-checkout",
    status_code=201,
    responses=refusals(SubscriptionExists, StripeRefused, StripeUnavailable),
)
async def create_checkout(
    developer: Developer, rooms: Rooms, body: CreateCheckout = _OUR_OWN_URLS
) -> CheckoutAnswer:
    """Open Stripe Checkout for the platform subscription. Repeating gives the same page."""
    opened = await rooms.platform_subscription.create_checkout(
        developer.developer_id,
        developer.email,
        _checked(rooms, body.success_url, "successUrl"),
        _checked(rooms, body.cancel_url, "cancelUrl"),
    )
    return CheckoutAnswer(url=opened.url, session_id=opened.session_id)


@router.post(
    "/billing-portal",
    responses=refusals(NoPlatformSubscription, StripeRefused, StripeUnavailable),
)
async def billing_portal(
    developer: Developer, rooms: Rooms, body: OpenPortal = _OUR_OWN_RETURN
) -> UrlAnswer:
    """Open Stripe's portal: payment method, invoices, cancelling."""
    url = await rooms.platform_subscription.billing_portal(
        developer.developer_id, _checked(rooms, body.return_url, "returnUrl")
    )
    return UrlAnswer(url=url)


@router.get("/subscription")
async def subscription(developer: Developer, rooms: Rooms) -> SubscriptionAnswer:
    """Tell how the developer stands: `paid` opens live mode."""
    standing = await rooms.platform_subscription.get(developer.developer_id)
    return SubscriptionAnswer(
        plan=standing.plan,
        status=standing.status,
        current_period_end=standing.current_period_end,
        cancel_at_period_end=standing.cancel_at_period_end,
    )


def _checked(rooms: FrontAuthApi, url: str | None, param: str) -> str | None:
    if url is None:
        return None
    return check_url(url, param=param, allow_loopback=rooms.settings.development)
