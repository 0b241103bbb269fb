"""The developer's own account: password, address, sessions, and the way out."""

from fastapi import APIRouter, Request, Response

from dream_api.kit.errors import DreamError, ValidationFailed
from dream_api.services.front_auth_api.account import leave
from dream_api.services.front_auth_api.pages.console import (
    Console,
    SignedInConsole,
    require_recent,
)
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.front_auth_api.sign_in import principal_of
from dream_api.services.http.cookies import delete_session_cookie, developer_cookie
from dream_api.services.pages.account import AccountDoor, change_account, new_email_of
from dream_api.services.pages.brands import OURS
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.links import with_query
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.routing import PageRoute, SignInFirst
from dream_api.shared.identity import DEVELOPERS_REALM_ID, ReauthRequired

router = APIRouter(prefix="/dashboard/account", route_class=PageRoute, include_in_schema=False)

_PAGE = "/dashboard/account"


@router.get("")
async def show_account(request: Request, console: SignedInConsole) -> Response:
    """Show the account."""
    return await _show(request, console, Form())


@router.post("")
async def change(request: Request, console: SignedInConsole) -> Response:
    """Change the password or the address, end a session, or delete the account."""
    form = await read_form(request)
    try:
        return await _act(request, console, form)
    except ReauthRequired:
        raise SignInFirst(with_query("/reauth", next=_PAGE), OURS) from None
    except DreamError as refusal:
        return await _show(request, console, form.refused(refusal), status=refusal.status)


async def _act(request: Request, console: Console, form: Form) -> Response:
    rooms = rooms_of(request)
    if form.value("action") == "delete":
        return await _delete(request, console, form)
    door = AccountDoor(
        rooms.realm,
        principal_of(console.developer),
        rooms.settings,
        developer_cookie(rooms.settings),
        _PAGE,
        "/sign-in",
    )
    answer = await change_account(request, door, form)
    if answer is None:
        raise ValidationFailed("Use one of the buttons of this page.")
    return answer


async def _delete(request: Request, console: Console, form: Form) -> Response:
    if not form.is_checked("confirm"):
        raise ValidationFailed("Tick the box to confirm that the account may be deleted.")
    rooms = rooms_of(request)
    require_recent(console, rooms.clock.now(), _PAGE)
    await leave(rooms, console.developer_id)
    answer = see_other("/", notice="account-deleted")
    delete_session_cookie(answer, developer_cookie(rooms.settings), rooms.settings)
    return answer


async def _show(request: Request, console: Console, form: Form, *, status: int = 200) -> Response:
    rooms = rooms_of(request)
    return render(
        request,
        "console/account.html",
        Answering(status),
        console=console,
        new_email=new_email_of(request, form),
        sessions=await rooms.realm.sessions(DEVELOPERS_REALM_ID, console.developer_id),
        password_length_min=rooms.realm.config.password_length_min,
        form=form,
        now=rooms.clock.now(),
    )
