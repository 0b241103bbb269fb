"""Session cookies: names and flags.

``__Host-`` binds a cookie to our origin, encrypted and host-only. Plain http exists on loopback
only, where browsers do not accept the prefix, so development has names without it.
"""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from dream_api.services.http.settings import DoorSettings

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


def delete_session_cookie(response: Response, name: str, settings: DoorSettings) -> None:
    """Sign a browser out; the session itself is ended by the realm."""
    response.delete_cookie(name, path="/", secure=settings.is_https, httponly=True, samesite="lax")


def session_secret(request: Request, name: str) -> str | None:
    """Read a session cookie; None when there is none."""
    return request.cookies.get(name) or None


def _name(name: str, settings: DoorSettings) -> str:
    return f"__Host-{name}" if settings.is_https else name
