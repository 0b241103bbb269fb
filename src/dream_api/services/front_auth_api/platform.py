"""Which of the caller's platforms a route of ``/platform`` is about, and the meter of changes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from dream_api.bridge.connect import PaymentRequired
from dream_api.kit.keys import Mode
from dream_api.services.front_auth_api.rooms import FrontAuthApi, rooms_of
from dream_api.services.http.callers import Developer, ModeQuery


@dataclass(frozen=True, slots=True)
class OwnedPlatform:
    """The caller's platform in the mode that was asked for."""

    developer_id: str
    mode: Mode
    platform_id: str


async def owned_platform(request: Request, developer: Developer, mode: ModeQuery) -> OwnedPlatform:
    """Find the caller's platform.

    Raises:
        PaymentRequired: there is no live one before the first payment.
    """
    ids = await rooms_of(request).accounts.platform_ids(developer.developer_id)
    platform_id = ids.live if mode is Mode.LIVE else ids.test
    if platform_id is None:
        raise PaymentRequired
    return OwnedPlatform(developer.developer_id, mode, platform_id)


Owned = Annotated[OwnedPlatform, Depends(owned_platform)]


@asynccontextmanager
async def metered(rooms: FrontAuthApi, developer_id: str) -> AsyncIterator[None]:
    """Count what happens inside as one changing call of a developer, unless it fails."""
    standing = await rooms.platform_subscription.get(developer_id)
    async with rooms.management_usage.metered(developer_id, is_paid=standing.is_paid):
        yield
