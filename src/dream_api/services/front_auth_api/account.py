"""A developer about themselves: profile, password, address, sessions, and the way out."""

from typing import Literal, Protocol

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from dream_api.bridge.connect import Connect
from dream_api.bridge.keys import Keys
from dream_api.bridge.standing import StandingPublisher
from dream_api.developers.accounts import Accounts
from dream_api.developers.platform_subscription import PlatformSubscription
from dream_api.gateways.stripe import StripeUnavailable
from dream_api.kit.errors import NotFound
from dream_api.kit.passwords import PasswordsBusy
from dream_api.services.front_auth_api.rooms import Rooms
from dream_api.services.front_auth_api.sign_in import principal_of
from dream_api.services.http.callers import Developer, ModeQuery, RecentDeveloper
from dream_api.services.http.cookies import delete_session_cookie, developer_cookie
from dream_api.services.http.identity_wire import (
    ChangeEmail,
    ChangePassword,
    Sessions,
    sessions_of,
)
from dream_api.services.http.realms import BUILTIN_DEVELOPERS
from dream_api.services.http.refusals import refusals
from dream_api.services.http.wire import Answer
from dream_api.shared.identity import (
    DEVELOPERS_REALM_ID,
    Realm,
    ReauthRequired,
    TooManyAttempts,
)

router = APIRouter(prefix="/platform")


class Onboarding(Answer):
    """What is done on the way to live keys, in the mode that was asked for."""

    paid: bool
    connected: bool
    tiers: bool
    keys: bool


class Me(Answer):
    """A developer."""

    user_id: str = Field(examples=["dev_01kaw2nq1f4e8z7v3x5c9b6m0t"])
    email: str
    name: str | None
    plan: Literal["free", "paid"] = Field(examples=["paid"])
    platform_id: str | None = Field(description="Of the live platform, once its keys are issued.")
    test_platform_id: str = Field(examples=["pk_test_drm_EXAMPLE000000000000000000000000000000000"])
    onboarding: Onboarding


@router.get("/me")
async def read_me(developer: Developer, rooms: Rooms, mode: ModeQuery) -> Me:
    """Read who you are, your two platforms, and what is left to do."""
    profile = await rooms.accounts.get(developer.developer_id)
    ids = await rooms.accounts.platform_ids(developer.developer_id)
    standing = await rooms.platform_subscription.get(developer.developer_id)
    platform_id = ids.of(mode)
    connection = tiers = None
    if platform_id is not None:
        connection = await rooms.platforms.connection(platform_id)
        tiers = await rooms.platforms.tiers(platform_id)
    return Me(
        user_id=developer.developer_id,
        email=profile.email,
        name=profile.name,
        plan=standing.plan.value,
        platform_id=ids.shown,
        test_platform_id=ids.test,
        onboarding=Onboarding(
            paid=standing.is_paid,
            connected=connection is not None,
            tiers=tiers is not None and any(not tier.archived for tier in tiers.tiers),
            keys=mode in ids.with_keys,
        ),
    )


@router.delete(
    "/me",
    status_code=204,
    response_class=Response,
    responses=refusals(ReauthRequired, StripeUnavailable),
)
async def delete_me(developer: RecentDeveloper, rooms: Rooms) -> Response:
    """Delete your account: the subscription ends, every secret key dies, you are signed out."""
    await leave(rooms, developer.developer_id)
    response = Response(status_code=204)
    delete_session_cookie(response, developer_cookie(rooms.settings), rooms.settings)
    return response


@router.post(
    "/password/change",
    dependencies=[BUILTIN_DEVELOPERS],
    status_code=204,
    response_class=Response,
    responses=refusals(ReauthRequired, TooManyAttempts, PasswordsBusy),
)
async def change_password(body: ChangePassword, developer: Developer, rooms: Rooms) -> Response:
    """Set a new password. Every other session ends. Needs a sign-in of the last 10 minutes."""
    await rooms.realm.change_password(
        principal_of(developer), body.current_password, body.new_password
    )
    return Response(status_code=204)


@router.post(
    "/email/change",
    dependencies=[BUILTIN_DEVELOPERS],
    status_code=202,
    response_class=Response,
    responses=refusals(ReauthRequired),
)
async def change_email(body: ChangeEmail, developer: Developer, rooms: Rooms) -> Response:
    """Mail a code to a new address; `POST /platform/verify-email` confirms it.

    Until then the old address stays. Needs a sign-in of the last 10 minutes.
    """
    await rooms.realm.request_email_change(principal_of(developer), body.email)
    return Response(status_code=202)


@router.get("/sessions")
async def list_sessions(developer: Developer, rooms: Rooms) -> Sessions:
    """List where you are signed in, the newest first."""
    found = await rooms.realm.sessions(DEVELOPERS_REALM_ID, developer.developer_id)
    return sessions_of(found, developer.session_id)


@router.delete(
    "/sessions/{id}", status_code=204, response_class=Response, responses=refusals(NotFound)
)
async def end_session(id: str, developer: Developer, rooms: Rooms) -> Response:  # noqa: A002 - the contract's name.
    """End one session; its tokens are refused from the next request on."""
    await rooms.realm.revoke_session(DEVELOPERS_REALM_ID, developer.developer_id, id)
    return Response(status_code=204)


class Departments(Protocol):
    """The rooms that a developer leaves."""

    @property
    def accounts(self) -> Accounts:
        """Knows the developer's platforms."""
        ...

    @property
    def realm(self) -> Realm:
        """Knows who they are."""
        ...

    @property
    def platform_subscription(self) -> PlatformSubscription:
        """Takes their money."""
        ...

    @property
    def keys(self) -> Keys:
        """Holds their secret keys."""
        ...

    @property
    def connect(self) -> Connect:
        """Holds our access to their Stripe accounts."""
        ...

    @property
    def standing(self) -> StandingPublisher:
        """Tells the customers' world when it ended."""
        ...


async def leave(rooms: Departments, developer_id: str) -> None:
    """Take a developer's leave, in an order that can be repeated after a failure.

    The money stops first, then the keys, then our access to their Stripe accounts, then the
    person is forgotten; the live platform's standing says when it ended, so that the days of grace
    begin.

    Raises:
        StripeUnavailable: the subscription could not be ended; the account stays.
    """
    await rooms.platform_subscription.cancel(developer_id)
    ids = await rooms.accounts.platform_ids(developer_id)
    for platform_id in (ids.live, ids.test):
        if platform_id is None:
            continue
        credentials = await rooms.keys.credentials(platform_id)
        for key in credentials.secret_keys:
            await rooms.keys.revoke(developer_id, platform_id, key.id)
        await rooms.connect.leave(platform_id)
    await rooms.standing.publish(developer_id)
    await rooms.realm.delete(DEVELOPERS_REALM_ID, developer_id)
