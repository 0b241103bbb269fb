"""The doors that a process serves, as one ASGI application."""

import importlib.metadata
from typing import Any

from dream_api.app.rooms import House, Outside
from dream_api.gateways.clock import MovableClock
from dream_api.kit.keys import Mode
from dream_api.kit.services import ALL_SERVICES, ServiceName
from dream_api.services import api_multi, front_auth_api, oauth_api, pages
from dream_api.services.api_multi import ApiMulti, DataPlane
from dream_api.services.front_auth_api import (
    Console,
    EndUserVerbs,
    FarVerbs,
    FrontAuthApi,
    NearVerbs,
)
from dream_api.services.http import (
    Application,
    Description,
    Development,
    Doorkeeper,
    DoorSettings,
    Measures,
    Operations,
    ProblemWriter,
    assemble,
    build_stack,
    describe_routers,
)
from dream_api.services.http.operations import Check
from dream_api.services.oauth_api import OauthApi
from dream_api.settings import LOOPBACK_PREFIXES, Settings

STRIPE_ORIGINS = (
    "https://checkout.stripe.com",
    "https://connect.stripe.com",
    "https://billing.stripe.com",
)


_ROUTERS = {
    ServiceName.FRONT_AUTH_API: front_auth_api.routers,
    ServiceName.OAUTH_API: oauth_api.routers,
    ServiceName.API_MULTI: api_multi.routers,
}


def build_doors(
    house: House,
    outside: Outside,
    *,
    services: frozenset[ServiceName],
    development: bool,
    checks: dict[str, Check],
) -> Application:
    """Put the chosen services together behind everything that a request passes."""
    settings = door_settings(outside.settings, development=development)
    measures = Measures()
    writer = ProblemWriter(settings.public_url, pages.render_problem)
    rooms = {
        "doorkeeper": _doorkeeper(house, outside, settings, services),
        "operations": Operations(settings, measures, checks),
        "development": _development(house, outside, settings),
        **_rooms_of_services(house, outside, settings, services),
    }
    application: Application = assemble(
        _routers(services), rooms=rooms, writer=writer, description=_description(settings)
    )
    is_multi = ServiceName.API_MULTI in services
    stack = build_stack(
        application,
        settings=settings,
        writer=writer,
        measures=measures,
        platforms=house.customers.platforms if is_multi else None,
    )
    if not is_multi:
        return stack
    return DataPlane(
        stack,
        metering=house.customers.metering,
        clock=outside.clock,
        settings=settings,
        measures=measures,
        writer=writer,
    )


def describe() -> dict[str, Any]:
    """Describe the API of all services. Builds no room."""
    settings = DoorSettings(public_url="http://localhost:8787")
    return describe_routers(_routers(ALL_SERVICES), _description(settings))


def door_settings(settings: Settings, *, development: bool) -> DoorSettings:
    """Pick what doors need to know."""
    base = settings.stripe_api_base
    account = {
        Mode.LIVE: settings.stripe_webhook_secrets,
        Mode.TEST: settings.stripe_test_webhook_secrets,
    }
    connect = {
        Mode.LIVE: settings.stripe_connect_webhook_secrets,
        Mode.TEST: settings.stripe_test_connect_webhook_secrets,
    }
    token = settings.metrics_token
    return DoorSettings(
        public_url=settings.public_url,
        development=development,
        simulated=base is not None and f"{base}:".startswith(LOOPBACK_PREFIXES),
        platform_price_cents=settings.platform_price_cents,
        stripe_origin=base or " ".join(STRIPE_ORIGINS),
        trusted_proxies=settings.trusted_proxies,
        metrics_token=None if token is None else token.get_secret_value(),
        account_webhook_secrets=_revealed(account),
        connect_webhook_secrets=_revealed(connect),
    )


def _revealed(by_mode: dict[Mode, Any]) -> dict[Mode, tuple[str, ...]]:
    return {
        mode: tuple(secret.get_secret_value() for secret in secrets)
        for mode, secrets in by_mode.items()
        if secrets
    }


def _routers(services: frozenset[ServiceName]) -> list[Any]:
    chosen = [router for name in ServiceName if name in services for router in _ROUTERS[name]]
    return [*pages.routers, *chosen]


def _description(settings: DoorSettings) -> Description:
    return Description(
        version=importlib.metadata.version("dream-api"),
        public_url=settings.public_url,
    )


def _doorkeeper(
    house: House, outside: Outside, settings: DoorSettings, services: frozenset[ServiceName]
) -> Doorkeeper:
    is_front = ServiceName.FRONT_AUTH_API in services
    return Doorkeeper(
        settings=settings,
        clock=outside.clock,
        developers=house.developers.realm if is_front else house.bridge.realm,
        end_users=house.customers.realm,
        metering=house.customers.metering,
        platforms=house.customers.platforms,
    )


def _development(house: House, outside: Outside, settings: DoorSettings) -> Development | None:
    if not settings.development:
        return None
    clock = outside.clock if isinstance(outside.clock, MovableClock) else None
    mailboxes = (house.developers.mailbox, house.customers.mailbox)
    return Development(settings, mailboxes, clock)


def _rooms_of_services(
    house: House, outside: Outside, settings: DoorSettings, services: frozenset[ServiceName]
) -> dict[str, Any]:
    rooms: dict[str, Any] = {}
    if ServiceName.FRONT_AUTH_API in services:
        is_near = ServiceName.API_MULTI in services
        console = _console(
            house, _near_verbs(house) if is_near else FarVerbs(outside.console_calls)
        )
        rooms["front_auth_api"] = _front_auth_api(house, outside, settings, console)
    if ServiceName.OAUTH_API in services:
        rooms["oauth_api"] = OauthApi(house.bridge.connect, settings)
    if ServiceName.API_MULTI in services:
        rooms["api_multi"] = _api_multi(house, outside, settings)
    return rooms


def _near_verbs(house: House) -> NearVerbs:
    rooms = house.customers
    return NearVerbs(rooms.end_users, rooms.subscriptions, rooms.metering, rooms.inbox, rooms.realm)


def _console(house: House, verbs: EndUserVerbs) -> Console:
    rooms = house.developers
    return Console(
        end_users=rooms.end_users,
        subscriptions=rooms.subscriptions,
        inbox=rooms.platform_inbox,
        verbs=verbs,
    )


def _front_auth_api(
    house: House, outside: Outside, settings: DoorSettings, console: Console
) -> FrontAuthApi:
    rooms = house.developers
    return FrontAuthApi(
        accounts=rooms.accounts,
        realm=rooms.realm,
        platform_subscription=rooms.platform_subscription,
        management_usage=rooms.management_usage,
        catalog=rooms.catalog,
        keys=rooms.keys,
        connect=rooms.connect,
        standing=rooms.standing,
        platforms=rooms.platforms,
        editor=rooms.editor,
        dashboard=rooms.dashboard,
        console=console,
        inbox=rooms.inbox,
        idempotency=rooms.idempotency,
        clock=outside.clock,
        settings=settings,
    )


def _api_multi(house: House, outside: Outside, settings: DoorSettings) -> ApiMulti:
    rooms = house.customers
    return ApiMulti(
        metering=rooms.metering,
        platforms=rooms.platforms,
        end_users=rooms.end_users,
        subscriptions=rooms.subscriptions,
        dashboard=rooms.dashboard,
        realm=rooms.realm,
        inbox=rooms.inbox,
        idempotency=rooms.idempotency,
        clock=outside.clock,
        settings=settings,
        grants=rooms.grants,
        grant_keys=outside.vault.grant_keys,
    )
