"""The route class of every page: forms come from our own pages, and a page may lead elsewhere."""

from collections.abc import Callable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from typing_extensions import override  # typing has it only since Python 3.12.

from dream_api.services.http.callers import Doorkeeper
from dream_api.services.http.csrf import check_same_origin
from dream_api.services.http.settings import DoorSettings
from dream_api.services.pages.rendering import see_other


class SeeOther(Exception):
    """The person belongs on another page; raised where a page finds that out midway."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class PageRoute(APIRoute):
    """A route class: ``APIRouter(route_class=PageRoute, include_in_schema=False)``.

    Refuses forms that another site sent, sign-in forms too, and answers ``SeeOther`` with 303.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Any]:
        """Wrap the handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            check_same_origin(request, door_settings(request))
            try:
                answer: Response = await handler(request)
            except SeeOther as other:
                return see_other(other.url)
            return answer

        return handle


def door_settings(request: Request) -> DoorSettings:
    """Give what the doors know of the settings."""
    doorkeeper = request.app.state.doorkeeper
    assert isinstance(doorkeeper, Doorkeeper), "app.py puts it there"
    return doorkeeper.settings
