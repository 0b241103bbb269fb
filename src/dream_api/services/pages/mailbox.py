"""The mail that a development server sent, newest last: for people, and for tests as JSON."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from dream_api.kit.periods import rfc3339
from dream_api.services.http.development import Here
from dream_api.services.http.wire import EMAIL_CHARACTERS_MAX
from dream_api.services.pages.brands import OURS
from dream_api.services.pages.rendering import render
from dream_api.shared.outbox import ReceivedMail

MAILS_MAX = 200

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
