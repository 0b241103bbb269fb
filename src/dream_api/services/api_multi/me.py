"""The signed-in end user about themselves."""

from typing import Any

from fastapi import APIRouter

from dream_api.kit.errors import NotFound
from dream_api.services.api_multi.customers import Customer
from dream_api.services.api_multi.rooms import Rooms
from dream_api.services.http.callers import EndUser
from dream_api.services.http.refusals import refusals

router = APIRouter(prefix="/v1")


class Me(Customer):
    """The end user that the token stands for."""

    email_verified: bool


@router.get("/me", response_model=Me, responses=refusals(NotFound))
async def read_me(user: EndUser, rooms: Rooms) -> dict[str, Any]:
    """Read what the platform knows of you. Only a verified address signs in."""
    row = await rooms.end_users.get(user.platform_id, user.user_id)
    return {**row.to_wire(), "emailVerified": True}
