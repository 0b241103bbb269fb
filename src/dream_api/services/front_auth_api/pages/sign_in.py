"""Sign-up, sign-in, forgotten passwords and sign-out of developers."""

from fastapi import APIRouter, Request, Response

from dream_api.services.front_auth_api.pages.console import stripe_targets
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.front_auth_api.sign_in import principal_of
from dream_api.services.http.callers import find_developer
from dream_api.services.http.cookies import delete_session_cookie, developer_cookie
from dream_api.services.http.realms import BUILTIN_DEVELOPERS
from dream_api.services.pages import confirmation
from dream_api.services.pages import sign_in as flow
from dream_api.services.pages.brands import OURS
from dream_api.services.pages.links import local_path
from dream_api.services.pages.rendering import see_other
from dream_api.services.pages.routing import PageRoute
from dream_api.shared.identity import DEVELOPERS_REALM_ID, Principal, SignedIn

router = APIRouter(
    route_class=PageRoute, include_in_schema=False, dependencies=[BUILTIN_DEVELOPERS]
)


@router.get("/sign-up")
async def show_sign_up(request: Request) -> Response:
    """Ask for an address and a password."""
    return flow.show(request, _door(request, "/setup"), "sign_up")


@router.post("/sign-up")
async def sign_up(request: Request) -> Response:
    """Begin a sign-up; the code follows by mail."""
    return await flow.sign_up(request, _door(request, "/setup"))


@router.get("/sign-up/verify")
async def show_verify(request: Request) -> Response:
    """Ask for the code."""
    return flow.show_verify(request, _door(request, "/setup"))


@router.post("/sign-up/verify")
async def verify(request: Request) -> Response:
    """Take the code, sign in, and go on to naming the app."""
    return await flow.verify(request, _door(request, "/setup"))


@router.get("/confirm")
async def show_confirm(request: Request) -> Response:
    """Show what a link in a mail is for. Programs that look at mail come here too."""
    return confirmation.show(request, _door(request, "/setup"), await _person(request))


@router.post("/confirm")
async def confirm(request: Request) -> Response:
    """Prove an address, or set a new password, as the link in a mail says."""
    door, person = _door(request, "/setup"), await _person(request)
    return await confirmation.confirm(request, door, person, account_page="/dashboard/account")


@router.get("/sign-in")
async def show_sign_in(request: Request) -> Response:
    """Ask for address and password; whoever is signed in goes on at once."""
    if await find_developer(request) is not None:
        return see_other(local_path(request.query_params.get("next"), "/dashboard"))
    return flow.show(request, _door(request, "/dashboard"), "sign_in")


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Sign in."""
    return await flow.sign_in(request, _door(request, "/dashboard"))


@router.get("/reauth")
async def show_reauth(request: Request) -> Response:
    """Ask for the password again before something that cannot be taken back."""
    return flow.show(request, await _reauth_door(request), "reauth")


@router.post("/reauth")
async def reauth(request: Request) -> Response:
    """Sign in anew and go back to what was wanted."""
    return await flow.sign_in(request, await _reauth_door(request), "reauth")


@router.get("/forgot")
async def show_forgot(request: Request) -> Response:
    """Ask whose password is forgotten."""
    return flow.show(request, _door(request, "/dashboard"), "forgot")


@router.post("/forgot")
async def forgot(request: Request) -> Response:
    """Mail a code."""
    return await flow.forgot(request, _door(request, "/dashboard"))


@router.get("/reset")
async def show_reset(request: Request) -> Response:
    """Ask for the code and a new password."""
    return flow.show(request, _door(request, "/dashboard"), "reset")


@router.post("/reset")
async def reset(request: Request) -> Response:
    """Set the new password."""
    return await flow.reset(request, _door(request, "/dashboard"))


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End this browser's session; without one there is nothing to end."""
    rooms = rooms_of(request)
    developer = await find_developer(request)
    if developer is not None:
        await rooms.realm.sign_out(DEVELOPERS_REALM_ID, session_id=developer.session_id)
    answer = see_other("/", notice="signed-out")
    delete_session_cookie(answer, developer_cookie(rooms.settings), rooms.settings)
    return answer


def _door(request: Request, default: str, reauth_email: str | None = None) -> flow.AuthDoor:
    rooms = rooms_of(request)
    wanted = request.query_params.get("next")
    target = local_path(wanted, default)

    async def landing(_: SignedIn) -> str:
        return target

    return flow.AuthDoor(
        realm=rooms.realm,
        realm_id=DEVELOPERS_REALM_ID,
        settings=rooms.settings,
        brand=OURS,
        cookie=developer_cookie(rooms.settings),
        base="",
        landing=landing,
        carried={"next": target} if wanted else {},
        form_targets=stripe_targets(request),
        reauth_email=reauth_email,
    )


async def _person(request: Request) -> Principal | None:
    developer = await find_developer(request)
    return None if developer is None else principal_of(developer)


async def _reauth_door(request: Request) -> flow.AuthDoor:
    developer = await find_developer(request)
    return _door(request, "/dashboard", None if developer is None else developer.email)
