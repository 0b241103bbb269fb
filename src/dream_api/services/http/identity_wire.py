"""What both sign-in doors take and answer: developers under /platform, end users under /v1/auth."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema
from starlette.requests import Request
from starlette.responses import JSONResponse

from dream_api.services.http.networks import network_of
from dream_api.services.http.settings import DoorSettings
from dream_api.services.http.wire import Answer, Body, Email, Line, Moment, Omittable, UserId
from dream_api.shared.identity import Caller, Principal, Session, SignedIn

_PUBLISHED_HEADERS = {
    # For verifiers of anybody, in any browser; keys are published long before they sign.
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*",
}
_PASSWORD_CHARACTERS_MAX = 512
"""The realm counts characters after normalisation (128 at most); this ends the absurd earlier."""

Password = Annotated[
    str,
    Field(min_length=1, max_length=_PASSWORD_CHARACTERS_MAX),
    WithJsonSchema({"type": "string", "minLength": 8, "maxLength": 128, "format": "password"}),
]
_CODE_WORDS = "Six digits, by mail; twelve after 20 wrong ones for an address in a day."
Code = Annotated[str, Field(min_length=1, max_length=32, description=_CODE_WORDS)]
RefreshToken = Annotated[str, Field(min_length=1, max_length=256)]


class SignUp(Body):
    """Who wants an account."""

    email: Email
    password: Password
    name: Omittable[Line] = None


class VerifyEmail(Body):
    """The code, and for which sign-up it is: the `userId` that the sign-up was answered with."""

    email: Email
    code: Code
    user_id: Annotated[
        Omittable[UserId],
        Field(description="Send it always: only one of several sign-ups is the caller's."),
    ] = None


class SignIn(Body):
    """Address and password."""

    email: Email
    password: Password


class Refresh(Body):
    """The refresh token of the last pair."""

    refresh_token: RefreshToken


class SignOut(Body):
    """The refresh token, where the caller has no valid access token; and how much shall end."""

    refresh_token: Omittable[RefreshToken] = None
    everywhere: Annotated[
        bool, Field(description="End every session of this person, on all devices.")
    ] = False


class ForgotPassword(Body):
    """Whose password is forgotten."""

    email: Email


class ResetPassword(Body):
    """The mailed code and a new password."""

    email: Email
    code: Code
    password: Password


class ChangePassword(Body):
    """The present password and a new one."""

    current_password: Password
    new_password: Password


class ChangeEmail(Body):
    """A new address."""

    email: Email


class SignedUp(Answer):
    """The id that the person will have; the same for an address that has an account."""

    user_id: str = Field(examples=["usr_01kaw2nq1f4e8z7v3x5c9b6m0t"])
    email_verified: Literal[False] = False


class Tokens(Answer):
    """An access token, until when it works, and what renews it, once."""

    user_id: str = Field(examples=["usr_01kaw2nq1f4e8z7v3x5c9b6m0t"])
    token: str
    refresh_token: str
    expires_at: Moment


class SessionRow(Answer):
    """One place where somebody is signed in."""

    id: str = Field(examples=["ses_01kaw2nq1f4e8z7v3x5c9b6m0t"])
    device: str = Field(description="The browser's own words.", examples=["Mozilla/5.0"])
    created_at: Moment
    last_used_at: Moment
    expires_at: Moment
    current: bool = Field(description="Whether it is the session of this request.")


class Sessions(Answer):
    """The caller's living sessions, the newest first."""

    sessions: list[SessionRow]


def tokens_of(signed_in: SignedIn) -> Tokens:
    """Show a sign-in; the cookie's secret is not part of it."""
    return Tokens(
        user_id=signed_in.user_id,
        token=signed_in.token,
        refresh_token=signed_in.refresh_token,
        expires_at=signed_in.expires_at,
    )


def sessions_of(sessions: list[Session], current_id: str) -> Sessions:
    """Show sessions."""
    return Sessions(
        sessions=[
            SessionRow(
                id=session.session_id,
                device=session.device,
                created_at=session.created_at,
                last_used_at=session.last_used_at,
                expires_at=session.expires_at,
                current=session.session_id == current_id,
            )
            for session in sessions
        ]
    )


def caller_of(request: Request, principal: Principal | None = None) -> Caller:
    """Tell the realm from where a request comes, and who signed it if anybody did."""
    settings: DoorSettings = request.app.state.doorkeeper.settings
    network = network_of(request, settings.trusted_proxies)
    return Caller(request.headers.get("user-agent", ""), principal, network)


def published(document: dict[str, object]) -> JSONResponse:
    """Answer a document for everybody's verifiers."""
    return JSONResponse(document, headers=_PUBLISHED_HEADERS)
