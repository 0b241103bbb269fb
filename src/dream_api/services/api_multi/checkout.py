"""Selling: Checkout, change of plan, the portal."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from dream_api.customers.subscriptions import (
    ChangeNotPossible,
    NoSubscription,
    StripeNotConnected,
    SubscriptionElsewhere,
    SubscriptionExists,
    UserBusy,
)
from dream_api.gateways.stripe import (
    AccountGone,
    AddressRefused,
    AmountTooLarge,
    AmountTooSmall,
    BusinessNameMissing,
    CardDeclined,
    ChargesNotEnabled,
    CurrencyConflict,
    NoPaymentMethod,
    PaymentNeedsAction,
    PriceNotOnSale,
    StripeRefused,
    StripeUnavailable,
    SubscriptionLimit,
    SubscriptionManaged,
    SubscriptionOver,
    TaxLocationInvalid,
    TaxNotSetUp,
)
from dream_api.kit.errors import NotFound
from dream_api.services.api_multi.acting import check_urls, user_named
from dream_api.services.api_multi.rooms import Rooms
from dream_api.services.http.callers import SecretKeyOrEndUser
from dream_api.services.http.refusals import refusals
from dream_api.services.http.replay import CreatingRoute
from dream_api.services.http.wire import Answer, Body, Moment, Omittable, Url, UserId

TIER_CHARACTERS_MAX = 64

router = APIRouter(prefix="/v1", route_class=CreatingRoute)

_STRIPE = (StripeNotConnected, StripeRefused, AccountGone, StripeUnavailable, UserBusy)
_SELLING = (
    ChargesNotEnabled, BusinessNameMissing, PriceNotOnSale, TaxNotSetUp, CurrencyConflict,
    TaxLocationInvalid, AmountTooSmall, AmountTooLarge, AddressRefused, SubscriptionLimit,
)  # fmt: skip
_CHARGING = (
    CardDeclined, PaymentNeedsAction, NoPaymentMethod, PriceNotOnSale, TaxNotSetUp,
    TaxLocationInvalid, AmountTooSmall, AmountTooLarge, SubscriptionManaged, SubscriptionOver,
)  # fmt: skip


class CheckoutBody(Body):
    """What to sell to whom. A user's token may leave ``userId`` out."""

    user_id: Omittable[UserId] = None
    tier: str = Field(max_length=TIER_CHARACTERS_MAX)
    success_url: Url = Field(
        description="Where the person goes when it is paid; may hold {CHECKOUT_SESSION_ID}."
    )
    cancel_url: Url


class CheckoutAnswer(Answer):
    """Send the person to ``url``."""

    url: str
    session_id: str


class ChangePlanBody(Body):
    """Which tier instead; ``preview`` changes nothing."""

    user_id: Omittable[UserId] = None
    tier: str = Field(max_length=TIER_CHARACTERS_MAX)
    preview: bool = False


class NextInvoiceAnswer(Answer):
    """A regular invoice to come, before any credit that the customer has."""

    amount_due: int = Field(description="In minor units, tax included.", examples=[2900])
    at: Moment


class ChangePlanAnswer(Answer):
    """What the change comes to. ``plan`` is what the user is on right after it."""

    plan: str | None
    tier: str
    effective: Literal["now", "period_end"]
    effective_at: Moment
    amount_due_now: int = Field(description="In minor units.", examples=[1450])
    currency: str
    preview: bool
    next_invoice: NextInvoiceAnswer | None = Field(
        description="In a preview: the regular invoice that follows; null where none does."
    )


class PortalBody(Body):
    """Who, and where the portal leads back to."""

    user_id: Omittable[UserId] = None
    return_url: Url


class PortalAnswer(Answer):
    """Send the person to ``url``."""

    url: str


@router.post(
    "/checkout",
    status_code=201,
    response_model=CheckoutAnswer,
    responses=refusals(SubscriptionExists, SubscriptionElsewhere, NotFound, *_SELLING, *_STRIPE),
)
async def create_checkout(
    body: CheckoutBody, caller: SecretKeyOrEndUser, rooms: Rooms
) -> dict[str, Any]:
    """Open a Checkout session on your Stripe account; an older open one of the user is closed."""
    user_id = user_named(caller, body.user_id)
    urls = {"successUrl": body.success_url, "cancelUrl": body.cancel_url}
    await check_urls(rooms, caller, urls)
    opened = await rooms.subscriptions.checkout(
        caller.platform_id, user_id, body.tier, body.success_url, body.cancel_url
    )
    return opened.to_wire()


@router.post(
    "/change-plan",
    response_model=ChangePlanAnswer,
    responses=refusals(
        NoSubscription, SubscriptionElsewhere, ChangeNotPossible, NotFound, *_CHARGING, *_STRIPE
    ),
)
async def change_plan(
    body: ChangePlanBody, caller: SecretKeyOrEndUser, rooms: Rooms
) -> dict[str, Any]:
    """Move a subscription: a dearer tier now with proration, a cheaper one at the period's end."""
    user_id = user_named(caller, body.user_id)
    change = await rooms.subscriptions.change_plan(
        caller.platform_id, user_id, body.tier, preview=body.preview
    )
    return change.to_wire()


@router.post(
    "/portal",
    status_code=201,
    response_model=PortalAnswer,
    responses=refusals(NoSubscription, SubscriptionElsewhere, NotFound, AddressRefused, *_STRIPE),
)
async def open_portal(body: PortalBody, caller: SecretKeyOrEndUser, rooms: Rooms) -> dict[str, Any]:
    """Open Stripe's portal: cards, invoices, and ending the subscription."""
    user_id = user_named(caller, body.user_id)
    await check_urls(rooms, caller, {"returnUrl": body.return_url})
    url = await rooms.subscriptions.portal(caller.platform_id, user_id, body.return_url)
    return {"url": url}
