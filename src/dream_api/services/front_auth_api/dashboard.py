"""The dashboard: end users, their numbers, and what Stripe told us."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import JSONResponse, StreamingResponse

from dream_api.bridge.connect import PaymentRequired
from dream_api.customers.dashboard import DAYS_MAX, Filters
from dream_api.customers.end_users import KEEP, Changes
from dream_api.kit.errors import ValidationFailed
from dream_api.services.front_auth_api.answers import DayAnswer, UserAnswer
from dream_api.services.front_auth_api.platform import Owned
from dream_api.services.front_auth_api.rooms import Rooms
from dream_api.services.http.refusals import refusals
from dream_api.services.http.replay import CreatingRoute
from dream_api.services.http.wire import (
    LIST_LIMIT_DEFAULT,
    USER_ID_CHARACTERS_MAX,
    Answer,
    Body,
    Cursor,
    Limit,
    Line,
    Moment,
    Omittable,
)

router = APIRouter(
    prefix="/platform/dashboard",
    route_class=CreatingRoute,
    responses=refusals(PaymentRequired),
)

AMOUNT_MAX = 1_000_000_000_000
DAYS_DEFAULT = 30

Days = Annotated[int, Query(ge=1, le=DAYS_MAX, description="UTC days, today included.")]
UserIdInPath = Annotated[str, Path(min_length=1, max_length=USER_ID_CHARACTERS_MAX)]


class UsersAnswer(Answer):
    """One page of end users; ``total`` counts all that the filters let through."""

    users: list[UserAnswer]
    next_cursor: str | None
    prev_cursor: str | None
    total: int


class ChangeUser(Body):
    """What to change; ``plan`` is a grant by hand, and null takes it back."""

    plan: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    blocked: Omittable[bool] = None


class AdjustUsage(Body):
    """A correction of this month's count; it never falls below 0."""

    amount: Annotated[int, Field(ge=-AMOUNT_MAX, le=AMOUNT_MAX, examples=[-10])]
    reason: Line


class UserUsageAnswer(Answer):
    """One end user's usage by UTC day."""

    user_id: str
    usage_by_day: list[DayAnswer]


class MovementsAnswer(Answer):
    """How monthly revenue moved in one currency, in minor units; losses are negative."""

    new: int
    expansion: int
    contraction: int
    churn: int


class MetricsAnswer(Answer):
    """A platform at a glance; currencies are never summed."""

    mrr_cents: dict[str, int] = Field(
        description="Monthly recurring revenue by currency, in minor units."
    )
    active_subscriptions: int
    canceling_subscriptions: int
    end_users: int
    usage_this_period: int
    usage_by_day: list[DayAnswer]
    new_users_by_day: list[DayAnswer]
    by_plan: dict[str, int]
    arpu_cents: dict[str, int] = Field(description="MRR per paying user, by currency.")
    mrr_movements_cents: dict[str, MovementsAnswer] = Field(
        description="How MRR moved in the days, by currency; the sum is the change."
    )
    paying_users_at_start: int
    churned_users: int
    churn_rate: float | None = Field(
        description="The share of those who paid when the days began and no longer do when they "
        "end; null when nobody paid."
    )
    trials_ended: int
    trials_converted: int
    trial_conversion_rate: float | None = Field(
        description="The share of the trials that ended in the days and became revenue."
    )
    refunded_cents: dict[str, int] = Field(
        description="Given back of charges made in the days, by currency."
    )
    open_disputes: int = Field(description="Charges that somebody disputes now.")


class WebhookAnswer(Answer):
    """An event of Stripe and what became of it."""

    id: str
    event_id: str
    type: str
    state: str
    attempts: int
    received_at: Moment
    next_attempt_at: Moment | None
    finished_at: Moment | None
    reason: str | None


class WebhooksAnswer(Answer):
    """One page of the log, newest first."""

    webhooks: list[WebhookAnswer]
    next_cursor: str | None


class ReplayAnswer(Answer):
    """The event that will be handled again."""

    id: str


async def filters(
    q: Annotated[str | None, Query(description="Part of userId, email or name.")] = None,
    plan: str | None = None,
    status: Annotated[str | None, Query(description="Stripe's status, or `none`.")] = None,
    sort: Annotated[str | None, Query(description="A field of the row.")] = None,
    order: Annotated[str | None, Query(description="`asc` or `desc`.")] = None,
) -> Filters:
    """Read what the table is filtered and sorted by."""
    return Filters.parse(q, plan, status, sort, order)


FiltersQuery = Annotated[Filters, Depends(filters)]


@router.get("/users")
async def list_users(
    platform: Owned,
    rooms: Rooms,
    chosen: FiltersQuery,
    limit: Limit = LIST_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> UsersAnswer:
    """List end users, a page at a time."""
    page = await rooms.dashboard.users(platform.platform_id, chosen, limit, cursor)
    return UsersAnswer.model_validate(page.to_wire())


@router.get("/users.csv", response_class=StreamingResponse)
async def users_csv(platform: Owned, rooms: Rooms, chosen: FiltersQuery) -> StreamingResponse:
    """Export the filtered end users with the columns of `users`; safe to open in spreadsheets."""
    return StreamingResponse(
        rooms.dashboard.stream_csv(platform.platform_id, chosen),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="users-{platform.mode}.csv"'},
    )


@router.post(
    "/users/{user_id:path}/usage/adjust",
    status_code=200,
    response_model=dict[str, Any],
)
async def adjust_usage(
    user_id: UserIdInPath, body: AdjustUsage, platform: Owned, rooms: Rooms
) -> JSONResponse:
    """Correct an end user's count by a compensating ledger row."""
    if body.amount == 0:
        raise ValidationFailed.of("amount", "must not be 0", "A correction of 0 changes nothing.")
    decision = await rooms.console.adjust_usage(
        platform.platform_id, user_id, body.amount, body.reason
    )
    return JSONResponse(msgspec.to_builtins(decision))


@router.get("/users/{user_id:path}/usage")
async def user_usage(
    user_id: UserIdInPath, platform: Owned, rooms: Rooms, days: Days = DAYS_DEFAULT
) -> UserUsageAnswer:
    """Show an end user's usage by day."""
    await rooms.console.user(platform.platform_id, user_id)
    counts = await rooms.dashboard.usage_by_day(platform.platform_id, user_id, days)
    by_day = [DayAnswer.model_validate(day.to_wire()) for day in counts]
    return UserUsageAnswer(user_id=user_id, usage_by_day=by_day)


@router.get("/users/{user_id:path}")
async def get_user(user_id: UserIdInPath, platform: Owned, rooms: Rooms) -> UserAnswer:
    """Show one end user."""
    row = await rooms.console.user(platform.platform_id, user_id)
    return UserAnswer.model_validate(row.to_wire())


@router.patch("/users/{user_id:path}")
async def change_user(
    user_id: UserIdInPath, body: ChangeUser, platform: Owned, rooms: Rooms
) -> UserAnswer:
    """Grant a plan by hand, take the grant back with null, block or unblock."""
    changes = Changes(
        plan=body.plan if "plan" in body.model_fields_set else KEEP,
        blocked=KEEP if body.blocked is None else body.blocked,
    )
    row = await rooms.console.change_user(platform.platform_id, user_id, changes)
    return UserAnswer.model_validate(row.to_wire())


@router.delete("/users/{user_id:path}", status_code=204)
async def erase_user(user_id: UserIdInPath, platform: Owned, rooms: Rooms) -> None:
    """End the subscription and erase the end user."""
    await rooms.console.erase_user(platform.platform_id, user_id)


@router.get("/metrics")
async def metrics(platform: Owned, rooms: Rooms, days: Days = DAYS_DEFAULT) -> MetricsAnswer:
    """Show revenue, subscriptions, users and usage at a glance."""
    found = await rooms.dashboard.metrics(platform.platform_id, days)
    return MetricsAnswer.model_validate(found.to_wire())


@router.get("/webhooks")
async def list_webhooks(
    platform: Owned, rooms: Rooms, limit: Limit = LIST_LIMIT_DEFAULT, cursor: Cursor = None
) -> WebhooksAnswer:
    """List what Stripe told us of this platform, newest first."""
    page = await rooms.console.events(platform.platform_id, limit, cursor)
    return WebhooksAnswer(
        webhooks=[WebhookAnswer.model_validate(event.to_wire()) for event in page.events],
        next_cursor=page.next_cursor,
    )


@router.post("/webhooks/{event_id}/replay", status_code=202)
async def replay_webhook(event_id: str, platform: Owned, rooms: Rooms) -> ReplayAnswer:
    """Handle an event again; its effects are the same however often."""
    await rooms.console.replay(platform.platform_id, event_id)
    return ReplayAnswer(id=event_id)
