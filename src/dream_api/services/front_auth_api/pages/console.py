"""Who looks at the console, at which of their platforms, and how far they have come."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request

from dream_api.customers.platforms import Branding, StripeConnection, TierConfig
from dream_api.developers.accounts import PlatformIds
from dream_api.developers.platform_subscription import Standing
from dream_api.kit.keys import Mode
from dream_api.kit.money import format_money
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.http.callers import (
    RECENT_SIGN_IN,
    DeveloperCaller,
    find_developer,
)
from dream_api.services.pages.brands import OURS, Brand, logo_url, platform_brand
from dream_api.services.pages.links import with_parameters, with_query
from dream_api.services.pages.routing import SENDER, SignInFirst, is_sender

_PAGES_OF_FILES = {
    "/dashboard/users.csv": "/dashboard/users",
    "/dashboard/settings/export.json": "/dashboard/settings",
}
"""Signing in leads back to a page: a file would leave the person where they typed the password."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of setting up."""

    name: str
    url: str
    is_done: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class Onboarding:
    """How far a platform has come: read from facts each time, never stored."""

    is_paid: bool
    is_connected: bool
    has_tiers: bool
    has_keys: bool
    mode: Mode

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in their order; the first that is not done is the current one."""
        facts: tuple[tuple[str, str, bool], ...] = (
            ("Pay", "/configure", self.is_paid),
            ("Connect Stripe", "/configure", self.is_connected),
            ("Configure tiers", "/api-tier-config", self.has_tiers),
            ("Get your keys", "/api-tier-config", self.has_keys),
        )
        if self.mode is Mode.TEST:
            tier_page = "/api-tier-config?mode=test"
            facts = tuple((name, tier_page, is_done) for name, _, is_done in facts[1:])
        first_open = next((name for name, _, is_done in facts if not is_done), None)
        return tuple(
            Step(name, url, is_done, is_current=name == first_open) for name, url, is_done in facts
        )

    @property
    def next(self) -> Step | None:
        """The step to take now; None when all are done."""
        return next((step for step in self.steps if step.is_current), None)

    @property
    def is_finished(self) -> bool:
        """Whether every step is done."""
        return self.next is None


@dataclass(frozen=True, slots=True)
class Console:
    """What every page of the console knows."""

    developer: DeveloperCaller
    mode: Mode
    default_mode: Mode
    ids: PlatformIds
    standing: Standing
    connection: StripeConnection | None
    tiers: TierConfig
    branding: Branding
    has_keys: bool
    price: str
    """Of the platform subscription, a month, as people read it."""

    @property
    def developer_id(self) -> str:
        """Who is signed in."""
        return self.developer.developer_id

    @property
    def email(self) -> str:
        """The address of who is signed in."""
        return self.developer.email

    @property
    def session_id(self) -> str:
        """The session of this browser."""
        return self.developer.session_id

    @property
    def platform_id(self) -> str | None:
        """The platform that is looked at; None before the live one exists."""
        return self.ids.of(self.mode)

    @property
    def is_paid(self) -> bool:
        """Whether the platform subscription gives access."""
        return self.standing.is_paid

    @property
    def needs_payment(self) -> bool:
        """Whether this mode wants a subscription first."""
        return self.mode is Mode.LIVE and not self.is_paid

    @property
    def is_connected(self) -> bool:
        """Whether this platform has a Stripe account to sell on."""
        return self.connection is not None

    @property
    def can_publish(self) -> bool:
        """Whether tiers may be submitted now."""
        return self.is_connected and not self.needs_payment

    @property
    def connect_url(self) -> str:
        """Where connecting this mode's Stripe account begins."""
        return with_query("/oauth/authorize", mode=self.mode.value)

    @property
    def onboarding(self) -> Onboarding:
        """How far this platform has come."""
        return Onboarding(
            self.is_paid, self.is_connected, bool(self.tiers.tiers), self.has_keys, self.mode
        )

    @property
    def brand(self) -> Brand:
        """The app's name and logo, for the top of the navigation."""
        name = self.branding.app_name or "Your app"
        logo = logo_url(self.platform_id, self.branding) if self.platform_id else None
        return Brand(name=name, home="/dashboard", logo_url=logo)

    @property
    def preview_css_url(self) -> str:
        """Where the app's colour is a stylesheet for previews of its pages."""
        look = self.platform_id or self.ids.test
        url = platform_brand(look, self.branding).css_url
        return with_parameters(url or "", {"scope": "preview"})

    def link(self, path: str, **query: str | int | None) -> str:
        """Give the address of a page of the console in the mode that is looked at."""
        return self.link_to(path, query)

    def link_to(self, path: str, query: Mapping[str, str | int | None]) -> str:
        """Give an address as ``link`` does, for names that are no Python names."""
        mode = None if self.mode is self.default_mode else self.mode.value
        return with_parameters(path, {"mode": mode, **query})

    def action(self, path: str, **query: str | int | None) -> str:
        """Give the address that a form of this page is sent to: it says whose page it stood on.

        Another tab may have gone live or signed somebody else in by the time that it is sent.
        """
        shown = {"mode": self.mode.value, SENDER: self.developer_id}
        return with_parameters(path, {**shown, **query})

    def switch_link(self, mode: str, path: str) -> str:
        """Give the address of this page in another mode; one user's page leads to the list."""
        page = "/dashboard/users" if path.startswith("/dashboard/users/") else path
        return with_query(page, mode=None if mode == self.default_mode.value else mode)


async def read_console(request: Request) -> Console:
    """Find out who looks at what; whoever is not signed in is led to sign-in and back."""
    developer = await find_developer(request)
    if developer is None:
        raise SignInFirst(with_query("/sign-in", next=_come_back(request)), OURS)
    if not is_sender(request, developer.developer_id):
        raise SignInFirst("/sign-in", OURS, signed_in_as=developer.email)
    rooms = rooms_of(request)
    ids = await rooms.accounts.platform_ids(developer.developer_id)
    default_mode = Mode.TEST if ids.live is None else Mode.LIVE
    mode = _mode_of(request, default_mode)
    platform_id = ids.of(mode)
    look = platform_id or ids.test
    standing, connection, tiers, branding = await asyncio.gather(
        rooms.platform_subscription.get(developer.developer_id),
        rooms.platforms.connection(look),
        rooms.platforms.tiers(look),
        rooms.platforms.branding(look),
    )
    return Console(
        developer=developer,
        mode=mode,
        default_mode=default_mode,
        ids=ids,
        standing=standing,
        connection=connection if platform_id else None,
        tiers=tiers if platform_id else TierConfig(),
        branding=branding,
        has_keys=mode in ids.with_keys,
        price=format_money(rooms.settings.platform_price_cents, "usd"),
    )


SignedInConsole = Annotated[Console, Depends(read_console)]


def metered(request: Request, console: Console) -> AbstractAsyncContextManager[None]:
    """Count what happens inside as one management call; a refusal inside is not counted."""
    usage = rooms_of(request).management_usage
    return usage.metered(console.developer_id, is_paid=console.is_paid)


def is_recent(console: Console, now: datetime) -> bool:
    """Tell whether the password was typed within the last ten minutes."""
    return console.developer.signed_in_at >= now - RECENT_SIGN_IN


def require_recent(console: Console, now: datetime, back: str) -> None:
    """Lead to the password where the sign-in is older than ten minutes.

    Raises:
        SignInFirst: the page that asks for it, which leads back to *back*.
    """
    if not is_recent(console, now):
        raise SignInFirst(with_query("/reauth", next=back), OURS)


def stripe_targets(request: Request) -> tuple[str, ...]:
    """Give the origins that forms may lead to when they pay, connect or manage billing."""
    origins = rooms_of(request).settings.stripe_origin
    return tuple((origins or "").split())


def path_segment(text: str) -> str:
    """Write a text as one segment of a path."""
    return quote(text, safe="")


def _mode_of(request: Request, default: Mode) -> Mode:
    wanted = request.query_params.get("mode")
    return Mode(wanted) if wanted in (Mode.LIVE, Mode.TEST) else default


def _come_back(request: Request) -> str | None:
    if request.method != "GET":
        return None
    path, query = request.url.path, request.url.query
    return _PAGES_OF_FILES.get(path, path) + (f"?{query}" if query else "")
