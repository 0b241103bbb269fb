"""Session cookies: names and flags.

``__Host-`` binds a cookie to our origin, encrypted and host-only. Plain http exists on loopback
only, where browsers do not accept the prefix, so development has names without it.
"""

import hashlib
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from dream_api.services.http.csrf import comes_from_browser
from dream_api.services.http.settings import DoorSettings
from dream_api.shared.identity import PendingSignUp, Realm, SignedIn

_SIGN_UP_SECONDS = 24 * 3600
"""As long as a sign-up waits for its proof."""
_NAME_HASH_CHARACTERS = 8


def developer_cookie(settings: DoorSettings) -> str:
    """Name the console's session cookie."""
    return _name("da_dev", settings)


def end_user_cookie(settings: DoorSettings, platform_id: str) -> str:
    """Name the hosted pages' session cookie, one per platform, so that they never mix."""
    digest = hashlib.sha256(platform_id.encode()).hexdigest()
    return _name(f"da_u_{digest[:_NAME_HASH_CHARACTERS]}", settings)


def set_session_cookie(
    response: Response, name: str, secret: str, *, settings: DoorSettings, max_age_seconds: int
) -> None:
    """Sign a browser in."""
    response.set_cookie(
        name,
        secret,
        max_age=max_age_seconds,
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """Where one population's browsers keep their session."""

    realm: Realm
    realm_id: str
    name: str
    settings: DoorSettings

    async def replace(self, request: Request, response: Response, signed_in: SignedIn) -> None:
        """Sign a browser in, under a session of its own; the one that it had ends.

        So a stolen or planted cookie is worth nothing once its browser has signed in again (OWASP
        ASVS 7.2.4). A program may keep cookies without knowing while it signs several people in;
        it lives by its tokens, so what it was given before goes on.
        """
        assert signed_in.session_secret is not None, "a fresh sign-in has a session"
        replaced = session_secret(request, self.name)
        if replaced is not None and comes_from_browser(request):
            await self.realm.sign_out(self.realm_id, session_secret=replaced)
        set_session_cookie(
            response,
            self.name,
            signed_in.session_secret,
            settings=self.settings,
            max_age_seconds=int(self.realm.config.absolute.total_seconds()),
        )


@dataclass(frozen=True, slots=True)
class SignUpCookie:
    """Where one population's browsers keep which sign-up they began.

    The link in a mail activates a sign-up in the browser that began it; elsewhere it asks for the
    password, since a stranger may have signed up with the address.
    """

    realm: Realm
    realm_id: str
    session_name: str
    """The name of the session cookie, on which this one's is built."""

    settings: DoorSettings

    @property
    def name(self) -> str:
        """Name the cookie."""
        return f"{self.session_name}_sign_up"

    def put(self, response: Response, email: str, user_id: str) -> None:
        """Let a browser keep the sign-up that it began; an earlier one is given up."""
        response.set_cookie(
            self.name,
            self.realm.keep_sign_up(self.realm_id, email, user_id),
            max_age=_SIGN_UP_SECONDS,
            path="/",
            secure=self.settings.is_https,
            httponly=True,
            samesite="lax",
        )

    def read(self, request: Request) -> str:
        """Give what the browser keeps; empty where that is nothing."""
        return request.cookies.get(self.name, "")

    def find(self, request: Request) -> PendingSignUp | None:
        """Find the sign-up that began in this browser."""
        return self.realm.find_sign_up(self.realm_id, self.read(request))

    def forget(self, response: Response) -> None:
        """Have the browser forget a sign-up that is done."""
        response.delete_cookie(
            self.name, path="/", secure=self.settings.is_https, httponly=True, samesite="lax"
        )


def delete_session_cookie(response: Response, name: str, settings: DoorSettings) -> None:
    """Sign a browser out; the session itself is ended by the realm."""
    response.delete_cookie(name, path="/", secure=settings.is_https, httponly=True, samesite="lax")


def session_secret(request: Request, name: str) -> str | None:
    """Read a session cookie; None when there is none."""
    return request.cookies.get(name) or None


def _name(name: str, settings: DoorSettings) -> str:
    return f"__Host-{name}" if settings.is_https else name
