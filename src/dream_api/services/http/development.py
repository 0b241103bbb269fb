"""Development only, loopback only: move the clock. ``services/pages`` shows the mail.

Outside development these routes are 404; so they are for any peer but this machine itself.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request

from dream_api.gateways.clock import MovableClock
from dream_api.kit.errors import DreamError, NotFound
from dream_api.services.http.csrf import check_same_origin
from dream_api.services.http.operations import is_direct_loopback
from dream_api.services.http.settings import DoorSettings
from dream_api.services.http.wire import Answer, Body, Moment
from dream_api.shared.outbox import Mailbox

ADVANCE_SECONDS_MAX = 10 * 366 * 24 * 60 * 60
"""Ten years: further than any test needs, nearer than any date overflows."""


class ClockNotMovable(DreamError):
    """Time may be moved only while Stripe is the simulator: real Stripe would not come along."""

    code = "clock_not_movable"
    status = 409
    title = "The clock cannot be moved"


@dataclass(frozen=True, slots=True)
class Development:
    """What these routes use; ``app.py`` puts it at ``app.state.development``, else None.

    ``mailboxes`` are those of both worlds. ``clock`` is None unless it can be moved.
    """

    settings: DoorSettings
    mailboxes: Sequence[Mailbox]
    clock: MovableClock | None


class AdvanceClock(Body):
    """How far to move time."""

    advance_seconds: Annotated[int, Field(ge=1, le=ADVANCE_SECONDS_MAX)]


class ClockAnswer(Answer):
    """The moment that every process now believes in."""

    now: Moment


async def _development(request: Request) -> Development:
    found: Development | None = getattr(request.app.state, "development", None)
    if found is None or not found.settings.development or not is_direct_loopback(request):
        raise NotFound("There is nothing at this address. /docs lists every route.")
    return found


Here = Annotated[Development, Depends(_development)]

router = APIRouter(prefix="/dev", include_in_schema=False)


@router.post("/clock")
async def move_clock(body: AdvanceClock, request: Request, development: Here) -> ClockAnswer:
    """Move our clock and the simulator's together, for every process of this data folder."""
    check_same_origin(request, development.settings)
    if development.clock is None or not development.settings.simulated:
        raise ClockNotMovable("Run with the Stripe simulator to move time; Stripe's cannot be.")
    await asyncio.to_thread(development.clock.advance, body.advance_seconds)
    return ClockAnswer(now=development.clock.now())
