"""The developers' realm as verifiers see it."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from dream_api.services.front_auth_api.rooms import Rooms
from dream_api.services.http.identity_wire import published
from dream_api.services.http.realms import BUILTIN_DEVELOPERS
from dream_api.shared.identity import DEVELOPERS_REALM_ID

router = APIRouter(
    prefix=f"/realms/{DEVELOPERS_REALM_ID}/.well-known", dependencies=[BUILTIN_DEVELOPERS]
)


@router.get("/jwks.json")
async def read_keys(rooms: Rooms) -> JSONResponse:
    """Read the public keys that verify developers' tokens."""
    return published(await rooms.realm.keyring.jwks())


@router.get("/openid-configuration")
async def read_configuration(rooms: Rooms) -> JSONResponse:
    """Read what a stock verifier needs to know of the developers' realm."""
    return published(rooms.realm.discovery(DEVELOPERS_REALM_ID))
