"""A platform's realm as verifiers see it; it goes on when the platform no longer pays."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from dream_api.kit.errors import NotFound
from dream_api.services.api_multi.rooms import ApiMulti, Rooms
from dream_api.services.http.identity_wire import published
from dream_api.services.http.realms import BUILTIN_END_USERS
from dream_api.services.http.refusals import refusals

router = APIRouter(
    prefix="/realms/{platformId}/.well-known",
    responses=refusals(NotFound),
    dependencies=[BUILTIN_END_USERS],
)


@router.get("/jwks.json")
async def read_keys(platformId: str, rooms: Rooms) -> JSONResponse:  # noqa: N803 - the contract's name.
    """Read the public keys that verify the tokens of a platform's end users."""
    await _require(rooms, platformId)
    return published(await rooms.realm.keyring.jwks())


@router.get("/openid-configuration")
async def read_configuration(platformId: str, rooms: Rooms) -> JSONResponse:  # noqa: N803 - the contract's name.
    """Read what a stock verifier needs to know of a platform's realm."""
    await _require(rooms, platformId)
    return published(rooms.realm.discovery(platformId))


async def _require(rooms: ApiMulti, platform_id: str) -> None:
    if not await rooms.platforms.exists(platform_id):
        raise NotFound("There is no such platform.")
