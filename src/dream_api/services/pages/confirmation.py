"""Links in mails: a page with a button. Opening it changes nothing; pressing the button does.

Programs that look at mail open every link, so a GET proves no person. A link works in any browser,
the one in which the button is pressed is signed in; where that is not the browser of the sign-up,
its password is asked for, since the sign-up could be a stranger's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from fastapi import Request, Response

from dream_api.kit.errors import DreamError
from dream_api.services.http.identity_wire import caller_of
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.links import with_query
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.sign_in import AuthDoor, welcome
from dream_api.shared.identity import MailLink, Principal, Purpose, SignedIn

_TEMPLATE = "auth/confirm.html"


def show(request: Request, door: AuthDoor, person: Principal | None) -> Response:
    """Show what the link is for, and the button."""
    form = Form({"token": request.query_params.get("token", "")})
    try:
        link = door.realm.open_mail_link(door.realm_id, form.value("token"))
    except DreamError as refusal:
        return _page(request, door, None, form.refused(refusal), status=refusal.status)
    if link.purpose is Purpose.CHANGE_EMAIL and not link.is_of(person):
        return see_other(_sign_in_first(door, form))
    return _page(request, door, link, form)


async def confirm(
    request: Request, door: AuthDoor, person: Principal | None, *, account_page: str
) -> Response:
    """Do what the link is for; whoever confirms a new address goes on to *account_page*."""
    form = await read_form(request)
    link: MailLink | None = None
    try:
        link = door.realm.open_mail_link(door.realm_id, form.value("token"))
        if link.purpose is Purpose.RESET:
            await door.realm.reset_password_by_link(
                door.realm_id, form.value("token"), form.value("password")
            )
            return see_other(door.url("/sign-in"), notice="password-reset")
        if link.purpose is Purpose.CHANGE_EMAIL and not link.is_of(person):
            return see_other(_sign_in_first(door, form))
        signed_in = await door.realm.verify_email_by_link(
            door.realm_id,
            form.value("token"),
            keepsake=door.sign_up_cookie.read(request),
            password=form.value("password"),
            caller=caller_of(request, person),
        )
    except DreamError as refusal:
        return _page(request, door, link, form.refused(refusal), status=refusal.status)
    if link.purpose is Purpose.CHANGE_EMAIL:
        return await welcome(request, replace(door, landing=_leading_to(account_page)), signed_in)
    answer = await welcome(request, door, signed_in)
    door.sign_up_cookie.forget(answer)
    return answer


def _leading_to(page: str) -> Callable[[SignedIn], Awaitable[str]]:
    async def landing(_: SignedIn) -> str:
        return with_query(page, notice="email-changed")

    return landing


def _sign_in_first(door: AuthDoor, form: Form) -> str:
    here = with_query(f"{door.base}/confirm", token=form.value("token"))
    return with_query(f"{door.base}/reauth", next=here)


def _page(
    request: Request, door: AuthDoor, link: MailLink | None, form: Form, *, status: int = 200
) -> Response:
    is_elsewhere = (
        link is not None
        and link.purpose is Purpose.SIGN_UP
        and not link.began_with(door.sign_up_cookie.find(request))
    )
    return render(
        request,
        _TEMPLATE,
        Answering(status, door.form_targets),
        door=door,
        brand=door.brand,
        form=form,
        link=link,
        asks_password=is_elsewhere,
    )
