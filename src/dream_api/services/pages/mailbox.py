"""The mail that a development server sent, newest last: for people, and for tests as JSON."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from dream_api.kit.errors import NotFound
from dream_api.kit.periods import rfc3339
from dream_api.services.http.development import Here
from dream_api.services.http.wire import EMAIL_CHARACTERS_MAX
from dream_api.services.pages.brands import OURS
from dream_api.services.pages.rendering import render
from dream_api.shared.outbox import ReceivedMail

MAILS_MAX = 200
_MAIL_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
    "base-uri 'none'; sandbox allow-popups allow-top-navigation-by-user-activation"
)
"""Mails carry their styles inline, since mail programs load none; nothing else may run."""

router = APIRouter(include_in_schema=False)


@router.get("/dev/mailbox", response_model=None)
async def mailbox(
    request: Request,
    development: Here,
    to: Annotated[str | None, Query(max_length=EMAIL_CHARACTERS_MAX)] = None,
    format_name: Annotated[Literal["json", "html"] | None, Query(alias="format")] = None,
) -> Response:
    """Show the mail of both worlds: a page for a browser, with the newest on top; else JSON."""
    lists = await asyncio.gather(*(one.list(to, limit=MAILS_MAX) for one in development.mailboxes))
    mails = sorted((mail for mails in lists for mail in mails), key=lambda mail: mail.at)
    newest = mails[-MAILS_MAX:]
    wants_html = format_name == "html" or (
        format_name is None and "text/html" in request.headers.get("accept", "")
    )
    if not wants_html:
        return JSONResponse([_to_wire(mail) for mail in newest])
    return render(request, "mailbox.html", brand=OURS, mails=newest[::-1], to=to or "")


@router.get("/dev/mailbox/{mail_id}", response_model=None)
async def show_mail(mail_id: str, development: Here) -> Response:
    """Show one mail the way a mail program would: no scripts, and no images but ours."""
    found = [await mailbox.find(mail_id) for mailbox in development.mailboxes]
    shown = [received.mail.html for received in found if received is not None]
    if not shown or shown[0] is None:
        raise NotFound("There is no such mail. /dev/mailbox lists them.")
    return HTMLResponse(shown[0], headers={"Content-Security-Policy": _MAIL_POLICY})


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
