"""End users sign up, in and out of a developer's app. The publishable key says which app."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from dream_api.gateways.stripe import StripeUnavailable
from dream_api.kit.errors import DreamError, NotFound
from dream_api.kit.passwords import PasswordsBusy
from dream_api.services.api_multi.rooms import Rooms
from dream_api.services.http.callers import EndUser, EndUserCaller, Publishable, require_end_user
from dream_api.services.http.identity_wire import (
    ChangeEmail,
    ChangePassword,
    ForgotPassword,
    Refresh,
    ResetPassword,
    Sessions,
    SignedUp,
    SignIn,
    SignOut,
    SignUp,
    Tokens,
    VerifyEmail,
    caller_of,
    sessions_of,
    tokens_of,
)
from dream_api.services.http.realms import BUILTIN_END_USERS
from dream_api.services.http.refusals import refusals
from dream_api.services.http.wire import Body
from dream_api.shared.identity import (
    InvalidCode,
    InvalidCredentials,
    Principal,
    ReauthRequired,
    TooManyAttempts,
    Unauthenticated,
)

router = APIRouter(prefix="/v1/auth")
builtin = APIRouter(prefix="/v1/auth", dependencies=[BUILTIN_END_USERS])
"""What Clerk does itself where end users sign in through it."""


class ExchangeCode(Body):
    """What the hosted sign-in sent back, and the PKCE verifier behind the challenge."""

    code: Annotated[str, Field(min_length=1, max_length=256)]
    code_verifier: Annotated[str, Field(min_length=1, max_length=256)]


@builtin.post("/sign-up", status_code=201, responses=refusals(TooManyAttempts, PasswordsBusy))
async def sign_up(body: SignUp, request: Request, platform: Publishable, rooms: Rooms) -> SignedUp:
    """Begin a sign-up: a code is mailed.

    The answer is the same for an address that has an account; its owner is told by mail.
    """
    user_id = await rooms.realm.sign_up(
        platform.platform_id, body.email, body.password, body.name, caller=caller_of(request)
    )
    return SignedUp(user_id=user_id)


@builtin.post("/verify", responses=refusals(InvalidCode, TooManyAttempts))
async def verify_email(
    body: VerifyEmail, request: Request, platform: Publishable, rooms: Rooms
) -> Tokens:
    """Prove an address with the mailed code. It counts as a sign-in.

    A code activates exactly the sign-up it was mailed for; `userId` says that it is yours. A new
    address of an existing account is confirmed while signed in.
    """
    user = await _find_end_user(request)
    signed_in = await rooms.realm.verify_email(
        platform.platform_id,
        body.email,
        body.code,
        body.user_id,
        caller=caller_of(request, None if user is None else _principal(user)),
    )
    return tokens_of(signed_in)


@builtin.post("/sign-in", responses=refusals(InvalidCredentials, TooManyAttempts, PasswordsBusy))
async def sign_in(body: SignIn, request: Request, platform: Publishable, rooms: Rooms) -> Tokens:
    """Sign in."""
    signed_in = await rooms.realm.sign_in(
        platform.platform_id, body.email, body.password, caller=caller_of(request)
    )
    return tokens_of(signed_in)


@builtin.post("/token", responses=refusals(InvalidCode))
async def exchange_code(
    body: ExchangeCode, request: Request, platform: Publishable, rooms: Rooms
) -> Tokens:
    """Turn the code of a hosted sign-in into tokens: once, within 60 seconds."""
    signed_in = await rooms.realm.exchange_authorization_code(
        platform.platform_id, body.code, body.code_verifier, caller=caller_of(request)
    )
    return tokens_of(signed_in)


@builtin.post("/refresh", responses=refusals(Unauthenticated))
async def refresh(body: Refresh, platform: Publishable, rooms: Rooms) -> Tokens:
    """Trade a refresh token for a new pair. It works once; its reuse ends the session."""
    return tokens_of(await rooms.realm.refresh(platform.platform_id, body.refresh_token))


@builtin.post("/sign-out", status_code=204, response_class=Response)
async def sign_out(
    request: Request, platform: Publishable, rooms: Rooms, body: SignOut | None = None
) -> Response:
    """End the session of this request's token or refresh token; none is no error.

    With `everywhere`, every session of the same person ends.
    """
    user = await _find_end_user(request)
    await rooms.realm.sign_out(
        platform.platform_id,
        session_id=None if user is None else user.session_id,
        refresh_token=None if body is None else body.refresh_token,
        everywhere=body is not None and body.everywhere,
    )
    return Response(status_code=204)


@builtin.post(
    "/password/forgot",
    status_code=202,
    response_class=Response,
    responses=refusals(TooManyAttempts),
)
async def forgot_password(
    body: ForgotPassword, request: Request, platform: Publishable, rooms: Rooms
) -> Response:
    """Mail a code that sets a new password, if the address has an account."""
    await rooms.realm.forgot_password(platform.platform_id, body.email, caller=caller_of(request))
    return Response(status_code=202)


@builtin.post(
    "/password/reset",
    status_code=204,
    response_class=Response,
    responses=refusals(InvalidCode, TooManyAttempts, PasswordsBusy),
)
async def reset_password(
    body: ResetPassword, request: Request, platform: Publishable, rooms: Rooms
) -> Response:
    """Set a new password with the mailed code. Every session ends; nobody is signed in."""
    await rooms.realm.reset_password(
        platform.platform_id, body.email, body.code, body.password, caller=caller_of(request)
    )
    return Response(status_code=204)


@builtin.post(
    "/password/change",
    status_code=204,
    response_class=Response,
    responses=refusals(ReauthRequired, TooManyAttempts, PasswordsBusy),
)
async def change_password(body: ChangePassword, user: EndUser, rooms: Rooms) -> Response:
    """Set a new password. Every other session ends. Needs a sign-in of the last 10 minutes."""
    await rooms.realm.change_password(_principal(user), body.current_password, body.new_password)
    return Response(status_code=204)


@builtin.post(
    "/email/change", status_code=202, response_class=Response, responses=refusals(ReauthRequired)
)
async def change_email(body: ChangeEmail, user: EndUser, rooms: Rooms) -> Response:
    """Mail a code to a new address; `POST /v1/auth/verify` confirms it.

    Until then the old address stays. Needs a sign-in of the last 10 minutes.
    """
    await rooms.realm.request_email_change(_principal(user), body.email)
    return Response(status_code=202)


@router.get("/sessions")
async def list_sessions(user: EndUser, rooms: Rooms) -> Sessions:
    """List where you are signed in, the newest first."""
    found = await rooms.realm.sessions(user.platform_id, user.user_id)
    return sessions_of(found, user.session_id)


@router.delete(
    "/sessions/{id}", status_code=204, response_class=Response, responses=refusals(NotFound)
)
async def end_session(id: str, user: EndUser, rooms: Rooms) -> Response:  # noqa: A002 - the contract's name.
    """End one session; its tokens are refused from the next request on."""
    await rooms.realm.revoke_session(user.platform_id, user.user_id, id)
    return Response(status_code=204)


@router.delete(
    "/me",
    status_code=204,
    response_class=Response,
    responses=refusals(ReauthRequired, StripeUnavailable),
)
async def delete_me(user: EndUser, rooms: Rooms) -> Response:
    """Delete your account: the subscription ends, then everything about you is erased.

    Needs a sign-in of the last 10 minutes.
    """
    rooms.realm.require_recent(_principal(user))
    await rooms.subscriptions.erase(user.platform_id, user.user_id, rooms.realm.delete)
    return Response(status_code=204)


async def _find_end_user(request: Request) -> EndUserCaller | None:
    """Find the end user behind a request that does not need one."""
    try:
        return await require_end_user(request)
    except DreamError as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            return None
        raise


def _principal(user: EndUserCaller) -> Principal:
    return Principal(
        user.platform_id,
        user.user_id,
        user.session_id,
        user.email,
        user.name,
        user.signed_in_at,
    )
