"""Password, address and sessions: what developers and end users change about themselves."""

from dataclasses import dataclass

from fastapi import Request, Response

from dream_api.services.http.cookies import SessionCookie, delete_session_cookie
from dream_api.services.http.identity_wire import caller_of
from dream_api.services.http.settings import DoorSettings
from dream_api.services.pages.forms import Form
from dream_api.services.pages.rendering import see_other
from dream_api.shared.identity import Principal, Realm


@dataclass(frozen=True, slots=True)
class AccountDoor:
    """Whose account it is, and where its page stands."""

    realm: Realm
    person: Principal
    settings: DoorSettings
    cookie: str
    """The name of the session cookie."""

    page: str
    """The address of the account page."""

    sign_in_page: str
    """Where somebody goes who is not signed in any more."""


async def change_account(request: Request, door: AccountDoor, form: Form) -> Response | None:
    """Do what the pressed button says; None where it is not one of this module's.

    Raises:
        ReauthRequired: it needs a sign-in of the last ten minutes.
        DreamError: what the realm refuses.
    """
    match form.value("action"):
        case "password":
            await door.realm.change_password(
                door.person, form.value("currentPassword"), form.value("newPassword")
            )
            return see_other(door.page, notice="password-changed")
        case "email":
            await door.realm.request_email_change(door.person, form.value("email").strip())
            return see_other(door.page, email=form.value("email").strip())
        case "confirm-email":
            return await _confirm_email(request, door, form)
        case "end-session":
            await door.realm.revoke_session(
                door.person.realm_id, door.person.user_id, form.value("session")
            )
            return see_other(door.page, notice="session-ended")
        case "sign-out-everywhere":
            await door.realm.sign_out(
                door.person.realm_id, session_id=door.person.session_id, everywhere=True
            )
            answer = see_other(door.sign_in_page, notice="signed-out-everywhere")
            delete_session_cookie(answer, door.cookie, door.settings)
            return answer
        case _:
            return None


def new_email_of(request: Request, form: Form) -> str | None:
    """Give the address whose code is asked for, if the person has just named one."""
    if form.value("action") == "confirm-email":
        return form.value("email")
    return request.query_params.get("email")


async def _confirm_email(request: Request, door: AccountDoor, form: Form) -> Response:
    """Take the code of a new address; proving it counts as a sign-in, so the session is new."""
    signed_in = await door.realm.verify_email(
        door.person.realm_id,
        form.value("email").strip(),
        form.value("code").replace(" ", ""),
        user_id=door.person.user_id,
        caller=caller_of(request, door.person),
    )
    answer = see_other(door.page, notice="email-changed")
    cookie = SessionCookie(door.realm, door.person.realm_id, door.cookie, door.settings)
    await cookie.replace(request, answer, signed_in)
    return answer
