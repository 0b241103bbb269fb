"""What front-auth-api has done here about end users, from another process: ``/v1/console``.

Each request carries a grant that was signed for it alone, lives for a minute and is used once.
No developer, end user or key has one, so nobody else can call these.
"""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dream_api.customers.end_users import KEEP, Changes
from dream_api.kit.grants import Request as GrantedRequest
from dream_api.kit.grants import verify_grant
from dream_api.kit.signed_tokens import InvalidToken
from dream_api.services.api_multi.rooms import ApiMulti, Rooms
from dream_api.services.http.callers import bearer_of
from dream_api.services.http.errors import Unauthenticated
from dream_api.services.http.logs import note
from dream_api.services.http.wire import Body, Line, Omittable

AMOUNT_MAX = 1_000_000_000_000
ID_CHARACTERS_MAX = 128

PlatformId = Annotated[str, Field(min_length=1, max_length=ID_CHARACTERS_MAX)]
Id = Annotated[str, Field(min_length=1, max_length=ID_CHARACTERS_MAX)]


class OnUser(Body):
    """Which end user of which platform."""

    platform_id: PlatformId
    user_id: Id


class ChangeUser(OnUser):
    """What to change; ``plan`` is a grant by hand, and null takes it back."""

    plan: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    blocked: Omittable[bool] = None


class AdjustUsage(OnUser):
    """A correction of this month's count."""

    amount: Annotated[int, Field(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
    reason: Line


class ReplayEvent(Body):
    """Which stored event of which platform."""

    platform_id: PlatformId
    event_id: Id


router = APIRouter(prefix="/v1/console", include_in_schema=False)


@router.post("/change-user", status_code=204, response_class=Response)
async def change_user(body: ChangeUser, request: Request, rooms: Rooms) -> Response:
    """Grant a plan by hand, take the grant back with null, block or unblock."""
    await _require_grant(request, rooms, body.platform_id)
    changes = Changes(
        plan=body.plan if "plan" in body.model_fields_set else KEEP,
        blocked=KEEP if body.blocked is None else body.blocked,
    )
    await rooms.end_users.patch(body.platform_id, body.user_id, changes)
    return Response(status_code=204)


@router.post("/end-elsewhere", status_code=204, response_class=Response)
async def end_elsewhere(body: OnUser, request: Request, rooms: Rooms) -> Response:
    """Take the developer's word that what is on an account connected before has ended."""
    await _require_grant(request, rooms, body.platform_id)
    await rooms.subscriptions.end_elsewhere(body.platform_id, body.user_id)
    return Response(status_code=204)


@router.post("/erase-user", status_code=204, response_class=Response)
async def erase_user(body: OnUser, request: Request, rooms: Rooms) -> Response:
    """End the subscription and erase the end user."""
    await _require_grant(request, rooms, body.platform_id)
    await rooms.subscriptions.erase(body.platform_id, body.user_id, rooms.realm.delete)
    return Response(status_code=204)


@router.post("/adjust-usage", response_model=dict[str, Any])
async def adjust_usage(body: AdjustUsage, request: Request, rooms: Rooms) -> JSONResponse:
    """Correct an end user's count by a compensating ledger row."""
    await _require_grant(request, rooms, body.platform_id)
    decision = await rooms.metering.adjust(
        body.platform_id, body.user_id, amount=body.amount, reason=body.reason
    )
    return JSONResponse(msgspec.to_builtins(decision))


@router.post("/replay-event", status_code=204, response_class=Response)
async def replay_event(body: ReplayEvent, request: Request, rooms: Rooms) -> Response:
    """Handle a stored event again."""
    await _require_grant(request, rooms, body.platform_id)
    await rooms.inbox.replay(body.platform_id, body.event_id)
    return Response(status_code=204)


async def _require_grant(request: Request, rooms: ApiMulti, platform_id: str) -> None:
    """Use the grant of this request up; whatever is wrong with it, the answer is the same 401."""
    verb = request.url.path.rpartition("/")[2]
    asked = GrantedRequest(verb, platform_id, await request.body())
    try:
        grant = verify_grant(
            bearer_of(request) or "",
            asked,
            rooms.grant_keys,
            issuer=rooms.settings.public_url,
            now=rooms.clock.now(),
        )
    except InvalidToken as error:
        raise _refused() from error
    if not await rooms.grants.use(platform_id, grant):
        raise _refused()
    note(request.scope, caller="console", platform_id=platform_id)


def _refused() -> Unauthenticated:
    return Unauthenticated("This address is for front-auth-api alone; use /platform/dashboard.")
