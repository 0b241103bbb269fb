"""What the handlers of oauth-api may use; ``app.py`` puts it at ``app.state.oauth_api``."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from dream_api.bridge.connect import Connect
from dream_api.services.http.settings import DoorSettings


@dataclass(frozen=True, slots=True)
class OauthApi:
    """The rooms behind /oauth; who calls is told by the doorkeeper."""

    connect: Connect
    settings: DoorSettings


async def _rooms(request: Request) -> OauthApi:
    rooms = request.app.state.oauth_api
    assert isinstance(rooms, OauthApi), "app.py puts it there"
    return rooms


Rooms = Annotated[OauthApi, Depends(_rooms)]
