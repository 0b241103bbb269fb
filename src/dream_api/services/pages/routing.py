"""The route class of every page: forms come from our own pages, and a page may lead elsewhere."""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from typing_extensions import override  # typing has it only since Python 3.12.

from dream_api.services.http.callers import Doorkeeper
from dream_api.services.http.csrf import check_same_origin
from dream_api.services.http.settings import DoorSettings
from dream_api.services.pages.brands import Brand
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.resuming import pack

SENDER = "sender"
"""The query parameter by which a form says who was signed in on the page that it stood on."""


class SeeOther(Exception):
    """The person belongs on another page; raised where a page finds that out midway."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class SignInFirst(SeeOther):
    """Nobody is signed in, or not recently enough, for what is wanted.

    A page that was asked for is found again through the address. A form that was sent is kept in
    the page that asks for the password, so that nothing typed is lost.
    """

    def __init__(
        self,
        url: str,
        brand: Brand,
        form_targets: Iterable[str] = (),
        *,
        signed_in_as: str | None = None,
    ) -> None:
        super().__init__(url)
        self.brand = brand
        self.form_targets = form_targets
        self.signed_in_as = signed_in_as
        """Somebody is signed in, but not the one whose page the form stood on."""


class PageRoute(APIRoute):
    """A route class: ``APIRouter(route_class=PageRoute, include_in_schema=False)``.

    Refuses forms that another site sent, sign-in forms too; answers ``SeeOther`` with 303; keeps
    what was typed where the session has ended.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Any]:
        """Wrap the handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            check_same_origin(request, door_settings(request))
            try:
                answer: Response = await handler(request)
            except SignInFirst as first:
                if request.method == "POST":
                    return await _keep_form(request, first)
                return see_other(first.url)
            except SeeOther as other:
                return see_other(other.url)
            return answer

        return handle


async def _keep_form(request: Request, first: SignInFirst) -> Response:
    form = await read_form(request)
    return render(
        request,
        "auth/expired.html",
        Answering(401, first.form_targets),
        brand=first.brand,
        at=first.url,
        resume=pack(request, form),
        signed_in_as=first.signed_in_as,
        form=Form(),
    )


def is_sender(request: Request, person_id: str) -> bool:
    """Tell whether a form stood on a page of this person; a form that does not say so may pass."""
    return request.method != "POST" or request.query_params.get(SENDER, person_id) == person_id


def door_settings(request: Request) -> DoorSettings:
    """Give what the doors know of the settings."""
    doorkeeper = request.app.state.doorkeeper
    assert isinstance(doorkeeper, Doorkeeper), "app.py puts it there"
    return doorkeeper.settings
