"""Whose hosted page it is, who is signed in there, and where its forms may lead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from starlette.exceptions import HTTPException

from dream_api.customers.platforms import Branding, PlatformSettings, TierConfig
from dream_api.kit.errors import DreamError
from dream_api.kit.keys import Mode, mode_of
from dream_api.services.api_multi.rooms import ApiMulti
from dream_api.services.http.cookies import end_user_cookie, session_secret
from dream_api.services.pages.brands import BRAND_STATE, Brand, hosted_base, platform_brand
from dream_api.services.pages.links import with_parameters, with_query
from dream_api.services.pages.policy import origins_of
from dream_api.services.pages.rendering import Answering, render
from dream_api.services.pages.routing import SENDER, SignInFirst, is_sender
from dream_api.shared.identity import Principal, Realm


@dataclass(frozen=True, slots=True)
class Host:
    """One platform's hosted pages, as one person sees them."""

    rooms: ApiMulti
    platform_id: str
    branding: Branding
    settings: PlatformSettings
    tiers: TierConfig
    person: Principal | None

    @property
    def realm(self) -> Realm:
        """Who signs people in here."""
        return self.rooms.realm

    @property
    def base(self) -> str:
        """The path under which the pages stand."""
        return hosted_base(self.platform_id)

    @property
    def brand(self) -> Brand:
        """The platform's name, mark and colour."""
        return platform_brand(self.platform_id, self.branding)

    @property
    def form_targets(self) -> tuple[str, ...]:
        """Origins that forms may lead to: Stripe's, and where this platform's people return to."""
        stripe = (self.rooms.settings.stripe_origin or "").split()
        return (*stripe, *origins_of(self.settings.redirect_urls))

    def absolute(self, path: str) -> str:
        """Give the full address of one of these pages, for Stripe to lead back to."""
        return f"{self.rooms.settings.public_url}{self.base}{path}"

    def action(self, path: str) -> str:
        """Give the address that a form of this page is sent to: it says whose page it stood on."""
        sender = None if self.person is None else self.person.user_id
        return with_parameters(f"{self.base}{path}", {SENDER: sender})

    def signed_in(self, request: Request) -> Principal:
        """Demand a person; whoever is not signed in is led to sign-in and back.

        Raises:
            SignInFirst: nobody is signed in, or another person than the one who opened the page.
        """
        here = request.url.path if request.method == "GET" else f"{self.base}/account"
        url = with_query(f"{self.base}/sign-in", next=here)
        if self.person is None:
            raise SignInFirst(url, self.brand, self.form_targets)
        if not is_sender(request, self.person.user_id):
            email = self.person.email
            raise SignInFirst(url, self.brand, self.form_targets, signed_in_as=email)
        return self.person

    def render(
        self,
        request: Request,
        template: str,
        context: Mapping[str, Any],
        *,
        status: int = 200,
    ) -> Response:
        """Answer with one of these pages."""
        shared = {
            "host": self,
            "brand": self.brand,
            "base": self.base,
            "person": self.person,
            "is_test": mode_of(self.platform_id) is Mode.TEST,
        }
        answering = Answering(status, self.form_targets)
        return render(request, template, answering, **shared, **context)


async def read_host(request: Request, platform_id: str) -> Host:
    """Find the platform of a hosted page, and who is signed in.

    Raises:
        HTTPException: 404, there is no such platform.
    """
    rooms = rooms_of(request)
    if not await rooms.platforms.exists(platform_id):
        raise HTTPException(404)
    branding = await rooms.platforms.branding(platform_id)
    setattr(request.state, BRAND_STATE, platform_brand(platform_id, branding))
    return Host(
        rooms=rooms,
        platform_id=platform_id,
        branding=branding,
        settings=await rooms.platforms.settings(platform_id),
        tiers=await rooms.platforms.tiers(platform_id),
        person=await _find_person(request, rooms, platform_id),
    )


async def read_open_host(request: Request, platform_id: str) -> Host:
    """Find the platform of a page where people join or buy.

    Raises:
        HTTPException: 404, there is no such platform.
        PlatformInactive: its developer no longer pays us; who has an account keeps it.
    """
    host = await read_host(request, platform_id)
    await host.rooms.metering.gate(platform_id)
    return host


HostedPage = Annotated[Host, Depends(read_host)]
OpenHostedPage = Annotated[Host, Depends(read_open_host)]


def rooms_of(request: Request) -> ApiMulti:
    """Give the verbs that pages of this door may call."""
    rooms = request.app.state.api_multi
    assert isinstance(rooms, ApiMulti), "app.py puts it there"
    return rooms


async def _find_person(request: Request, rooms: ApiMulti, platform_id: str) -> Principal | None:
    secret = session_secret(request, end_user_cookie(rooms.settings, platform_id))
    if secret is None:
        return None
    try:
        return await rooms.realm.authenticate_session(platform_id, secret)
    except DreamError as refusal:
        if refusal.status == 401:  # noqa: PLR2004 - the session has ended; so nobody is signed in.
            return None
        raise
