"""Secret keys: shown once, rotated, revoked."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from dream_api.bridge.connect import PaymentRequired
from dream_api.bridge.keys import OVERLAP_SECONDS_MAX, Issued, KeyLimitReached, KeysChanged
from dream_api.developers.management_usage import ManagementLimitReached
from dream_api.kit.keys import Mode
from dream_api.services.front_auth_api.platform import Owned, metered
from dream_api.services.front_auth_api.rooms import Rooms
from dream_api.services.http.callers import Developer, ModeQuery, RecentDeveloper
from dream_api.services.http.refusals import refusals
from dream_api.services.http.replay import CreatingRoute
from dream_api.services.http.wire import Answer, Body, Line, Moment, MomentIn, Omittable
from dream_api.shared.identity import ReauthRequired

router = APIRouter(prefix="/platform", route_class=CreatingRoute)

_REFUSALS = refusals(
    PaymentRequired, ReauthRequired, KeyLimitReached, KeysChanged, ManagementLimitReached
)


class CreateKey(Body):
    """One more secret key; without scopes it may do everything."""

    name: Annotated[Line, Field(examples=["Continuous integration"])]
    scopes: Annotated[
        Omittable[list[str]],
        Field(description="Some of `usage`, `customers`, `billing`, `read`."),
    ] = None
    expires_at: Omittable[MomentIn] = None


class RotateKeys(Body):
    """How long the old keys go on; 0 ends them at once."""

    overlap_seconds: Annotated[int, Field(ge=0, le=OVERLAP_SECONDS_MAX)]


class NewKeyAnswer(Answer):
    """A secret key, shown here and never again."""

    id: str
    secret_key: str


class RotatedAnswer(NewKeyAnswer):
    """A secret key, and when the keys that it replaces stop working."""

    previous_expires_at: Moment | None


class KeyAnswer(Answer):
    """What can be seen of a secret key."""

    id: str
    name: Annotated[str, Field(examples=["Secret key"])]
    hint: str
    scopes: list[str]
    created_at: Moment
    last_used_at: Moment | None
    expires_at: Moment | None


class CredentialsAnswer(Answer):
    """A platform's keys; ``platformId`` is null before the live platform exists."""

    platform_id: str | None
    publishable_key: str | None
    secret_keys: list[KeyAnswer]


@router.get("/credentials")
async def credentials(developer: Developer, mode: ModeQuery, rooms: Rooms) -> CredentialsAnswer:
    """List the keys that work. Secrets are stored as hashes, so none is shown."""
    ids = await rooms.accounts.platform_ids(developer.developer_id)
    platform_id = ids.live if mode is Mode.LIVE else ids.test
    if platform_id is None:
        return CredentialsAnswer(platform_id=None, publishable_key=None, secret_keys=[])
    found = await rooms.keys.credentials(platform_id)
    return CredentialsAnswer(
        platform_id=found.platform_id,
        publishable_key=found.publishable_key,
        secret_keys=[KeyAnswer.model_validate(key) for key in found.secret_keys],
    )


@router.post("/keys", status_code=201, responses=_REFUSALS)
async def create_key(
    body: CreateKey, _: RecentDeveloper, platform: Owned, rooms: Rooms
) -> NewKeyAnswer:
    """Issue one more secret key."""
    async with metered(rooms, platform.developer_id):
        issued = await rooms.keys.create(
            platform.developer_id,
            platform.platform_id,
            name=body.name,
            scopes=body.scopes,
            expires_at=body.expires_at,
        )
    return NewKeyAnswer(id=issued.key.id, secret_key=issued.secret)


@router.post("/keys/rotate", status_code=201, responses=_REFUSALS)
async def rotate_keys(
    body: RotateKeys, _: RecentDeveloper, platform: Owned, rooms: Rooms
) -> RotatedAnswer:
    """Replace every current key by one new key; works with no live key too."""
    async with metered(rooms, platform.developer_id):
        issued = await rooms.keys.rotate(
            platform.developer_id, platform.platform_id, overlap_seconds=body.overlap_seconds
        )
    return _rotated(issued)


@router.post("/keys/{key_id}/rotate", status_code=201, responses=_REFUSALS)
async def rotate_key(
    key_id: str, body: RotateKeys, _: RecentDeveloper, platform: Owned, rooms: Rooms
) -> RotatedAnswer:
    """Replace one key by another of the same name and scopes."""
    async with metered(rooms, platform.developer_id):
        issued = await rooms.keys.rotate_one(
            platform.developer_id,
            platform.platform_id,
            key_id,
            overlap_seconds=body.overlap_seconds,
        )
    return _rotated(issued)


@router.post("/keys/{key_id}/revoke", status_code=204, responses=_REFUSALS)
async def revoke_key(key_id: str, _: RecentDeveloper, platform: Owned, rooms: Rooms) -> None:
    """End a key from the next request on, on every worker."""
    async with metered(rooms, platform.developer_id):
        await rooms.keys.revoke(platform.developer_id, platform.platform_id, key_id)


def _rotated(issued: Issued) -> RotatedAnswer:
    return RotatedAnswer(
        id=issued.key.id,
        secret_key=issued.secret,
        previous_expires_at=issued.previous_expires_at,
    )
