"""End users, for a developer's server: ``/v1/customers``."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from dream_api.customers.dashboard import Filters
from dream_api.customers.end_users import KEEP, Changes, UserExists
from dream_api.customers.subscriptions import NoSubscription, StripeNotConnected
from dream_api.gateways.stripe import StripeUnavailable
from dream_api.kit.cursors import InvalidCursor
from dream_api.services.api_multi.rooms import Rooms
from dream_api.services.api_multi.usage import DecisionAnswer
from dream_api.services.http.callers import SecretKey
from dream_api.services.http.refusals import refusals
from dream_api.services.http.replay import CreatingRoute
from dream_api.services.http.wire import (
    LIST_LIMIT_DEFAULT,
    Answer,
    Body,
    Cursor,
    Email,
    Limit,
    Line,
    Moment,
    Omittable,
    UserId,
)

router = APIRouter(prefix="/v1/customers", route_class=CreatingRoute)


class Customer(Answer):
    """An end user, as the dashboard shows one."""

    user_id: str
    email: str | None
    name: str | None
    plan: str | None = Field(description="The tier they are on; null while they are on none.")
    subscription_status: str | None = Field(examples=["active"])
    mrr: float = Field(description="Monthly revenue in major units.", examples=[29.0])
    mrr_cents: int = Field(examples=[2900])
    currency: str
    usage_count: int = Field(description="Units counted in the month that runs.", examples=[42])
    limit: int | None = Field(description="Units a month; null is unlimited.")
    last_active: Moment | None
    created_at: Moment


class Customers(Answer):
    """A page of end users, the newest first."""

    customers: list[Customer]
    next_cursor: str | None


class SubscriptionState(Answer):
    """A subscription as last seen at Stripe."""

    subscription_id: str = Field(examples=["sub_1SExample"])
    status: str = Field(examples=["active"])
    tier: str | None
    next_tier: str | None = Field(description="The tier that begins when the period ends.")
    price_id: str | None
    mrr_cents: int = Field(examples=[2900])
    currency: str
    current_period_end: Moment | None
    cancel_at_period_end: bool
    trial_ends_at: Moment | None
    created_at: Moment
    flag: str | None = Field(
        description="Why a person should look: unknown_price, unpriced, several_subscriptions, "
        "several_currencies, other_account or disputed.",
        examples=[None],
    )
    refunded_cents: int = Field(
        description="Given back to the user so far, in the subscription's currency.", examples=[0]
    )
    dispute_status: str | None = Field(
        description="Stripe's word for the newest dispute of a charge.", examples=[None]
    )


class CustomerState(Answer):
    """An end user with subscription and usage, in one answer."""

    customer: Customer
    subscription: SubscriptionState | None
    usage: DecisionAnswer


class NewCustomer(Body):
    """An end user to create."""

    user_id: UserId
    email: Omittable[Email] = None
    name: Omittable[Line] = None


class CustomerPatch(Body):
    """What to change; fields left out stay. ``plan`` is a grant, and null takes it back."""

    plan: str | None = Field(
        None, max_length=64, description="Beats the subscription until it is null."
    )
    blocked: Omittable[bool] = None
    email: Omittable[Email] = None
    name: Omittable[Line] = None
    subscription_ended: Omittable[Literal[True]] = Field(
        None,
        description="What the user had on a Stripe account connected before has ended there, as "
        "only its owner knows.",
    )

    def changes(self) -> Changes:
        """Give the changes: null means something only where it was sent."""
        return Changes(
            plan=self.plan if "plan" in self.model_fields_set else KEEP,
            blocked=KEEP if self.blocked is None else self.blocked,
            email=KEEP if self.email is None else self.email,
            name=KEEP if self.name is None else self.name,
        )


async def _filters(
    q: Annotated[str | None, Query(description="A part of userId, email or name.")] = None,
    plan: Annotated[str | None, Query(description="The tier they are on.")] = None,
    status: Annotated[str | None, Query(description="A status of Stripe's, or `none`.")] = None,
) -> Filters:
    return Filters.parse(q=q, plan=plan, status=status)


WhichCustomers = Annotated[Filters, Depends(_filters)]


@router.get("", response_model=Customers, responses=refusals(InvalidCursor))
async def list_customers(
    key: SecretKey,
    rooms: Rooms,
    filters: WhichCustomers,
    limit: Limit = LIST_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """List end users, the newest first."""
    page = await rooms.dashboard.users(key.platform_id, filters, limit, cursor)
    return {"customers": [row.to_wire() for row in page.rows], "nextCursor": page.next_cursor}


@router.post("", status_code=201, response_model=Customer, responses=refusals(UserExists))
async def create_customer(body: NewCustomer, key: SecretKey, rooms: Rooms) -> dict[str, Any]:
    """Create an end user on your free tier, if you have one. `track` does so by itself."""
    row = await rooms.end_users.create(
        key.platform_id, body.user_id, email=body.email, name=body.name
    )
    return row.to_wire()


# A userId may hold slashes, so the longer address stands before the one that takes all of them.
@router.get("/{userId:path}/state", response_model=CustomerState)
async def read_state(userId: str, key: SecretKey, rooms: Rooms) -> dict[str, Any]:  # noqa: N803 - the name on the wire.
    """Read an end user with subscription and usage."""
    row = await rooms.end_users.get(key.platform_id, userId)
    usage = await rooms.metering.usage(key.platform_id, userId)
    return {
        "customer": row.to_wire(),
        "subscription": await rooms.subscriptions.state(key.platform_id, userId),
        "usage": msgspec.to_builtins(usage),
    }


@router.get("/{userId:path}", response_model=Customer)
async def read_customer(userId: str, key: SecretKey, rooms: Rooms) -> dict[str, Any]:  # noqa: N803 - the name on the wire.
    """Read an end user."""
    return (await rooms.end_users.get(key.platform_id, userId)).to_wire()


@router.patch(
    "/{userId:path}",
    response_model=Customer,
    responses=refusals(NoSubscription, StripeNotConnected),
)
async def patch_customer(
    userId: str,  # noqa: N803 - the name on the wire.
    body: CustomerPatch,
    key: SecretKey,
    rooms: Rooms,
) -> dict[str, Any]:
    """Grant a plan by hand, block, correct the profile, or let a lost subscription go."""
    if body.subscription_ended:
        await rooms.subscriptions.end_elsewhere(key.platform_id, userId)
    row = await rooms.end_users.patch(key.platform_id, userId, body.changes())
    return row.to_wire()


@router.delete(
    "/{userId:path}",
    status_code=204,
    response_class=Response,
    responses=refusals(StripeUnavailable),
)
async def erase_customer(userId: str, key: SecretKey, rooms: Rooms) -> Response:  # noqa: N803 - the name on the wire.
    """Cancel the subscription at once and erase the end user; counts stay, without a name."""
    await rooms.subscriptions.erase(key.platform_id, userId, rooms.realm.delete)
    return Response(status_code=204)
