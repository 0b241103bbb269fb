"""Usage, as every caller may ask for it: track, check, batch, usage and adjust.

The data plane answers the plain calls of servers in front of these routes, with the same verbs;
what it does not recognise at a glance, and every end user, is answered here.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AfterValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from dream_api.customers.metering import (
    AMOUNT_MAX,
    Decision,
    IdempotencyConflict,
    TrackEvent,
    UsageBelowZero,
)
from dream_api.kit.errors import NotFound, ValidationFailed
from dream_api.services.api_multi.acting import user_named
from dream_api.services.api_multi.decisions import batch_answer, encode, rate_headers
from dream_api.services.api_multi.events import EVENTS_MAX, KEY_CHARACTERS_MAX
from dream_api.services.api_multi.rooms import ApiMulti, Rooms
from dream_api.services.http.callers import (
    EndUserCaller,
    SecretKey,
    SecretKeyOrEndUser,
)
from dream_api.services.http.refusals import refusals
from dream_api.services.http.replay import idempotency_key
from dream_api.services.http.wire import Answer, Body, Line, Moment, MomentIn, Omittable, UserId

ADJUSTMENT_MAX = 10**12
"""Units that one adjustment may add or take: the largest limit that a tier can have."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

router = APIRouter()


def _check_key(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must not hold control characters")
    return value


IdempotencyKey = Annotated[
    str,
    Field(min_length=1, max_length=KEY_CHARACTERS_MAX, examples=["order-1042"]),
    AfterValidator(_check_key),
]
Amount = Annotated[int, Field(ge=1, le=AMOUNT_MAX, examples=[1])]


class RateLimitAnswer(Answer):
    """Where the end user stands in the minute that runs."""

    limit: int = Field(examples=[60])
    remaining: int = Field(examples=[59])
    reset_at: Moment


class DecisionAnswer(Answer):
    """Whether a use is allowed, and where the end user stands. A denial is an answer."""

    allowed: bool
    reason: (
        Literal[
            "user_blocked",
            "subscription_inactive",
            "no_plan",
            "usage_limit_reached",
            "rate_limited",
            "idempotency_conflict",
        ]
        | None
    ) = Field(
        description="Why not, in the order tested; `idempotency_conflict` in batches only.",
        examples=[None],
    )
    user_id: str = Field(examples=["u_1"])
    plan: str | None = Field(examples=["pro"])
    usage: int = Field(description="Units counted this month.", examples=[42])
    limit: int | None = Field(description="Units a month; null is unlimited.", examples=[1000])
    remaining: int | None = Field(description="Never below 0.", examples=[958])
    period_start: Moment
    period_end: Moment
    rate_limit: RateLimitAnswer | None
    replayed: bool = Field(description="Whether this repeats the first answer under a key.")


class BatchDecisions(Answer):
    """A decision for each event, in order."""

    results: list[DecisionAnswer]
    counted: int
    replayed: int
    denied: int


class Event(Body):
    """A use to count."""

    user_id: Omittable[UserId] = Field(
        None, description="Your id of the end user; a user's own token needs none."
    )
    amount: Amount = Field(1, description="Units to count.")
    idempotency_key: Omittable[IdempotencyKey] = Field(
        None, description="Counts this event once, however often it is sent (7 days at least)."
    )
    timestamp: Omittable[MomentIn] = Field(
        None, description="When it happened, up to 24 hours back; servers only."
    )
    properties: Omittable[dict[str, Any]] = Field(
        None, description="Yours, kept with the event.", examples=[{"model": "large"}]
    )


class BatchEvent(Event):
    """One event of a batch; it names its end user."""

    user_id: UserId


class Batch(Body):
    """Events, decided in order."""

    events: list[BatchEvent] = Field(min_length=1, max_length=EVENTS_MAX)


class Question(Body):
    """A use to ask about."""

    user_id: Omittable[UserId] = None
    amount: Amount = 1


class Adjustment(Body):
    """A correction of this month's usage."""

    user_id: UserId
    amount: int = Field(
        ge=-ADJUSTMENT_MAX, le=ADJUSTMENT_MAX, description="Negative gives units back."
    )
    reason: Line = Field(description="Kept in the ledger.", examples=["refund for order 1042"])


@router.post("/v1/track", response_model=DecisionAnswer, responses=refusals(IdempotencyConflict))
async def track(
    body: Event, request: Request, caller: SecretKeyOrEndUser, rooms: Rooms
) -> Response:
    """Count a use if it fits the plan, else count nothing.

    A denial is a 200 answer with `allowed: false` and a `reason`. `Idempotency-Key` may stand
    in the header instead of the body.
    """
    user_id = user_named(caller, body.user_id)
    is_user = isinstance(caller, EndUserCaller)
    if is_user and body.timestamp is not None:
        raise ValidationFailed.of(
            "timestamp", "Only your server may say when a use happened.", "Leave it out."
        )
    event = TrackEvent(
        user_id,
        body.amount,
        _one_key(body.idempotency_key, idempotency_key(request)),
        body.timestamp,
        body.properties,
    )
    decision = await rooms.metering.track(
        caller.platform_id, event, owner_id=user_id if is_user else None
    )
    return _answer(decision, body.amount, rooms)


@router.post("/v1/check", response_model=DecisionAnswer)
async def check(body: Question, caller: SecretKeyOrEndUser, rooms: Rooms) -> Response:
    """Tell what `track` would answer now. Writes nothing and costs no call of the minute."""
    user_id = user_named(caller, body.user_id)
    decision = await rooms.metering.check(caller.platform_id, user_id, amount=body.amount)
    return _answer(decision, body.amount, rooms)


@router.get("/v1/usage", response_model=DecisionAnswer)
async def usage(
    caller: SecretKeyOrEndUser,
    rooms: Rooms,
    user_id: Annotated[UserId | None, Query(alias="userId")] = None,
) -> Response:
    """Show where an end user stands this month, without counting."""
    named = user_named(caller, user_id)
    decision = await rooms.metering.usage(caller.platform_id, named)
    return _answer(decision, 1, rooms)


@router.post("/v1/track/batch", response_model=BatchDecisions)
async def track_batch(body: Batch, request: Request, key: SecretKey, rooms: Rooms) -> Response:
    """Count up to 1000 events in order, each on its own.

    Not atomic: give events keys and repeat the batch. A malformed event refuses the whole
    request before any counts; the minute does not limit batches.
    """
    refuse_header_key(request)
    events = [
        TrackEvent(
            event.user_id, event.amount, event.idempotency_key, event.timestamp, event.properties
        )
        for event in body.events
    ]
    decisions = await rooms.metering.track_batch(key.platform_id, events)
    return Response(encode(batch_answer(decisions)), media_type="application/json")


@router.post(
    "/v1/usage/adjust",
    response_model=DecisionAnswer,
    responses=refusals(UsageBelowZero, NotFound),
)
async def adjust(body: Adjustment, key: SecretKey, rooms: Rooms) -> Response:
    """Correct this month's usage; the ledger keeps a compensating row with your reason."""
    if body.amount == 0:
        raise ValidationFailed.of("amount", "An adjustment of 0 changes nothing.")
    decision = await rooms.metering.adjust(
        key.platform_id, body.user_id, amount=body.amount, reason=body.reason
    )
    return _answer(decision, 1, rooms)


def refuse_header_key(request: Request) -> None:
    """Refuse a key for a whole batch: its events are decided, and repeated, each on its own."""
    if "idempotency-key" in request.headers:
        raise ValidationFailed.of(
            "Idempotency-Key", "A batch takes none.", "Give each event an idempotencyKey."
        )


def _one_key(in_body: str | None, in_header: str | None) -> str | None:
    if in_body is not None and in_header is not None and in_body != in_header:
        raise ValidationFailed.of(
            "idempotencyKey", "Body and Idempotency-Key header differ.", "Send one of them."
        )
    return in_header if in_body is None else in_body


def _answer(decision: Decision, amount: int, rooms: ApiMulti) -> Response:
    response = Response(encode(decision), media_type="application/json")
    now: datetime = rooms.clock.now()
    for name, value in rate_headers(decision, amount=amount, now=now):
        response.headers[name.decode()] = value.decode()
    return response
