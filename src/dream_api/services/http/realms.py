"""Who signs people in: routes of the built-in realm, and those of Clerk's."""

from fastapi import Depends
from starlette.requests import Request

from dream_api.kit.errors import NotFound
from dream_api.services.http.callers import Doorkeeper
from dream_api.shared.identity import ClerkPeople, Realm


def clerk_of(realm: Realm) -> ClerkPeople:
    """Give the Clerk side of a realm.

    Raises:
        NotFound: the realm is built in.
    """
    if realm.clerk is None:
        raise NotFound("People sign in through the built-in realm here; Clerk is not connected.")
    return realm.clerk


def _require_builtin(realm: Realm | None) -> None:
    if realm is not None and realm.clerk is not None:
        raise NotFound(
            f"People sign in through Clerk here, at {realm.clerk.issuer}. Send its token as "
            "Authorization: Bearer; this route is the built-in realm's."
        )


async def _builtin_developers(request: Request) -> None:
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    _require_builtin(doorkeeper.developers)


async def _builtin_end_users(request: Request) -> None:
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    _require_builtin(doorkeeper.end_users)


BUILTIN_DEVELOPERS = Depends(_builtin_developers)
"""For routes that do not exist where developers sign in through Clerk."""
BUILTIN_END_USERS = Depends(_builtin_end_users)
"""For routes that do not exist where end users sign in through Clerk."""
