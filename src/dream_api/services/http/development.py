"""Development only, loopback only: read the mail that was sent, move the clock.

Outside development these routes are 404; so they are for any peer but this machine itself.
"""

import asyncio
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from dream_api.gateways.clock import MovableClock
from dream_api.kit.errors import DreamError, NotFound
from dream_api.kit.periods import rfc3339
from dream_api.services.http.csrf import check_same_origin
from dream_api.services.http.operations import is_direct_loopback
from dream_api.services.http.settings import DoorSettings
from dream_api.services.http.wire import EMAIL_CHARACTERS_MAX, Answer, Body, Moment
from dream_api.shared.outbox import Mailbox, ReceivedMail

MAILS_MAX = 200
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


def _development(request: Request) -> Development:
    found: Development | None = getattr(request.app.state, "development", None)
    if found is None or not found.settings.development or not is_direct_loopback(request):
        raise NotFound("There is nothing at this address. /docs lists every route.")
    return found


Here = Annotated[Development, Depends(_development)]

router = APIRouter(prefix="/dev", include_in_schema=False)


@router.get("/mailbox", response_model=None)
async def mailbox(
    request: Request,
    development: Here,
    to: Annotated[str | None, Query(max_length=EMAIL_CHARACTERS_MAX)] = None,
    format_name: Annotated[Literal["json", "html"] | None, Query(alias="format")] = None,
) -> Response:
    """Show the mail of both worlds, newest last: JSON, or plain HTML for a browser."""
    lists = await asyncio.gather(*(one.list(to, limit=MAILS_MAX) for one in development.mailboxes))
    mails = sorted((mail for mails in lists for mail in mails), key=lambda mail: mail.at)
    newest = mails[-MAILS_MAX:]
    wants_html = format_name == "html" or (
        format_name is None and "text/html" in request.headers.get("accept", "")
    )
    return HTMLResponse(_page(newest)) if wants_html else JSONResponse([*map(_to_wire, newest)])


@router.post("/clock")
async def move_clock(body: AdvanceClock, request: Request, development: Here) -> ClockAnswer:
    """Move our clock and the simulator's together, for every process of this data folder."""
    check_same_origin(request, development.settings)
    if development.clock is None or not development.settings.simulated:
        raise ClockNotMovable("Run with the Stripe simulator to move time; Stripe's cannot be.")
    await asyncio.to_thread(development.clock.advance, body.advance_seconds)
    return ClockAnswer(now=development.clock.now())


def _to_wire(received: ReceivedMail) -> dict[str, str | None]:
    mail = received.mail
    return {
        "to": mail.to,
        "subject": mail.subject,
        "code": mail.code,
        "link": mail.link,
        "text": mail.text,
        "at": rfc3339(received.at),
    }


def _page(mails: Sequence[ReceivedMail]) -> str:
    rows = "".join(_article(received) for received in mails) or "<p>No mail yet.</p>"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Mailbox</title>'
        f"<h1>Mail sent by this development server</h1>{rows}</html>"
    )


def _article(received: ReceivedMail) -> str:
    mail = received.mail
    title = f"{mail.subject} ({mail.to}, {rfc3339(received.at)})"
    code = f"<p>Code: <strong>{html.escape(mail.code)}</strong></p>" if mail.code else ""
    link = f'<p><a href="{html.escape(mail.link)}">Open the link</a></p>' if mail.link else ""
    text = html.escape(mail.text)
    return f"<article><h2>{html.escape(title)}</h2>{code}{link}<pre>{text}</pre></article>"
