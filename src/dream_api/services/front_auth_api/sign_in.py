"""Developers sign up, in and out, and set a forgotten password."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from dream_api.kit.passwords import PasswordsBusy
from dream_api.services.front_auth_api.rooms import FrontAuthApi, Rooms
from dream_api.services.http.callers import DeveloperCaller, find_developer
from dream_api.services.http.cookies import (
    SessionCookie,
    delete_session_cookie,
    developer_cookie,
    session_secret,
)
from dream_api.services.http.csrf import check_same_origin
from dream_api.services.http.errors import CrossSiteRequest
from dream_api.services.http.identity_wire import (
    ForgotPassword,
    Refresh,
    ResetPassword,
    SignedUp,
    SignIn,
    SignOut,
    SignUp,
    Tokens,
    VerifyEmail,
    caller_of,
    tokens_of,
)
from dream_api.services.http.realms import BUILTIN_DEVELOPERS
from dream_api.services.http.refusals import refusals
from dream_api.shared.identity import (
    DEVELOPERS_REALM_ID,
    InvalidCode,
    InvalidCredentials,
    Principal,
    SignedIn,
    TooManyAttempts,
    Unauthenticated,
)

router = APIRouter(prefix="/platform", dependencies=[BUILTIN_DEVELOPERS])


@router.post("/sign-up", status_code=201, responses=refusals(TooManyAttempts, PasswordsBusy))
async def sign_up(body: SignUp, request: Request, rooms: Rooms) -> SignedUp:
    """Begin a sign-up: a code is mailed.

    The answer is the same for an address that has an account; its owner is told by mail.
    """
    user_id = await rooms.realm.sign_up(
        DEVELOPERS_REALM_ID, body.email, body.password, body.name, caller=caller_of(request)
    )
    return SignedUp(user_id=user_id)


@router.post("/verify-email", responses=refusals(InvalidCode, TooManyAttempts, CrossSiteRequest))
async def verify_email(
    body: VerifyEmail, request: Request, response: Response, rooms: Rooms
) -> Tokens:
    """Prove an address with the mailed code. It counts as a sign-in.

    A code activates exactly the sign-up it was mailed for; `userId` says that it is yours. A new
    address of an existing account is confirmed while signed in.
    """
    check_same_origin(request, rooms.settings)
    developer = await find_developer(request)
    signed_in = await rooms.realm.verify_email(
        DEVELOPERS_REALM_ID,
        body.email,
        body.code,
        body.user_id,
        caller=caller_of(request, None if developer is None else principal_of(developer)),
    )
    return await _enter(rooms, request, response, signed_in)


@router.post(
    "/sign-in",
    responses=refusals(InvalidCredentials, TooManyAttempts, PasswordsBusy, CrossSiteRequest),
)
async def sign_in(body: SignIn, request: Request, response: Response, rooms: Rooms) -> Tokens:
    """Sign in. A browser also receives the console's session cookie."""
    check_same_origin(request, rooms.settings)
    signed_in = await rooms.realm.sign_in(
        DEVELOPERS_REALM_ID, body.email, body.password, caller=caller_of(request)
    )
    return await _enter(rooms, request, response, signed_in)


@router.post("/refresh", responses=refusals(Unauthenticated))
async def refresh(body: Refresh, rooms: Rooms) -> Tokens:
    """Trade a refresh token for a new pair. It works once; its reuse ends the session."""
    return tokens_of(await rooms.realm.refresh(DEVELOPERS_REALM_ID, body.refresh_token))


@router.post("/sign-out", status_code=204, response_class=Response)
async def sign_out(request: Request, rooms: Rooms, body: SignOut | None = None) -> Response:
    """End the session of this request's token, cookie or refresh token; none is no error.

    With `everywhere`, every session of the same person ends.
    """
    check_same_origin(request, rooms.settings)
    developer = await find_developer(request)
    cookie = developer_cookie(rooms.settings)
    await rooms.realm.sign_out(
        DEVELOPERS_REALM_ID,
        session_id=None if developer is None else developer.session_id,
        session_secret=session_secret(request, cookie),
        refresh_token=None if body is None else body.refresh_token,
        everywhere=body is not None and body.everywhere,
    )
    response = Response(status_code=204)
    delete_session_cookie(response, cookie, rooms.settings)
    return response


@router.post(
    "/password/forgot",
    status_code=202,
    response_class=Response,
    responses=refusals(TooManyAttempts),
)
async def forgot_password(body: ForgotPassword, request: Request, rooms: Rooms) -> Response:
    """Mail a code that sets a new password, if the address has an account."""
    await rooms.realm.forgot_password(DEVELOPERS_REALM_ID, body.email, caller=caller_of(request))
    return Response(status_code=202)


@router.post(
    "/password/reset",
    status_code=204,
    response_class=Response,
    responses=refusals(InvalidCode, TooManyAttempts, PasswordsBusy),
)
async def reset_password(body: ResetPassword, request: Request, rooms: Rooms) -> Response:
    """Set a new password with the mailed code. Every session ends; nobody is signed in."""
    await rooms.realm.reset_password(
        DEVELOPERS_REALM_ID, body.email, body.code, body.password, caller=caller_of(request)
    )
    return Response(status_code=204)


def principal_of(developer: DeveloperCaller) -> Principal:
    """Show a developer to the realm."""
    return Principal(
        DEVELOPERS_REALM_ID,
        developer.developer_id,
        developer.session_id,
        developer.email,
        developer.name,
        developer.signed_in_at,
    )


async def _enter(
    rooms: FrontAuthApi, request: Request, response: Response, signed_in: SignedIn
) -> Tokens:
    name = developer_cookie(rooms.settings)
    cookie = SessionCookie(rooms.realm, DEVELOPERS_REALM_ID, name, rooms.settings)
    await cookie.replace(request, response, signed_in)
    return tokens_of(signed_in)
