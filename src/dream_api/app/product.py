"""The product, opened: stores, gateways, rooms, doors and loops, and their orderly end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dream_api.app.doors import build_doors
from dream_api.app.engines import engine_of
from dream_api.app.errors import WrongMasterKey
from dream_api.app.jobs import build_workers
from dream_api.app.readiness import loop_checks, store_checks
from dream_api.app.rooms import House, build_house, build_outside
from dream_api.gateways.clock import Clock
from dream_api.kit.services import ALL_SERVICES, ServiceName
from dream_api.services.http import Application
from dream_api.services.http.operations import Check
from dream_api.settings import Settings
from dream_api.stores import Role
from dream_api.worker import Worker

_ROLES = {
    ServiceName.FRONT_AUTH_API: (Role.FRONT_AUTH_API,),
    ServiceName.OAUTH_API: (Role.OAUTH_API,),
    ServiceName.API_MULTI: (Role.API_MULTI, Role.METER),
}
_ROLES_OF_LOOPS = frozenset({Role.WORKER_DEVELOPERS, Role.WORKER_CUSTOMERS, Role.METER})
_SERVICES_OF_LOOPS = frozenset({ServiceName.FRONT_AUTH_API, ServiceName.API_MULTI})


@dataclass(frozen=True, slots=True)
class Product:
    """What a process runs: one ASGI application and the loops of both worlds."""

    asgi: Application
    workers: tuple[Worker, ...]


@asynccontextmanager
async def open_product(
    settings: Settings,
    *,
    clock: Clock,
    services: frozenset[ServiceName] = ALL_SERVICES,
    development: bool = False,
    runs_loops: bool = True,
    more_checks: Mapping[str, Check] | None = None,
) -> AsyncIterator[Product]:
    """Open the product; close it in the reverse order, whatever happened.

    Args:
        settings: every knob.
        clock: tells the time.
        services: whose doors are built; readiness asks for what they need, no more.
        development: whether this is ``dev``.
        runs_loops: whether this process runs the loops, so that readiness asks for them.
        more_checks: what else was started, and readiness asks for.

    Raises:
        AlreadyServed: another process serves this data folder.
        WrongMasterKey: the stores were sealed with another key; nothing was changed.
        ValueError: the master key is none.
    """
    outside = build_outside(settings, clock)
    roles = _roles_of(services, runs_loops=runs_loops)
    async with engine_of(settings).opened(clock, roles) as bindings:
        house = build_house(bindings, outside)
        loops = house if bindings.loops is bindings else build_house(bindings.loops, outside)
        await _prepare_signing_keys(house, services)
        if runs_loops:
            await _prepare_signing_keys(loops, _SERVICES_OF_LOOPS)
        workers = build_workers(bindings, house, loops, outside)
        checks = {
            **store_checks(bindings, services),
            **(loop_checks(workers) if runs_loops else {}),
            **(more_checks or {}),
        }
        asgi = build_doors(
            house, outside, services=services, development=development, checks=checks
        )
        try:
            yield Product(asgi, workers)
        finally:
            await house.customers.metering.close()
            await loops.customers.metering.close()
            await outside.close()


def _roles_of(services: frozenset[ServiceName], *, runs_loops: bool) -> frozenset[Role]:
    """Name whose bindings these services have: a process opens nothing beyond the table."""
    roles = {role for service in services for role in _ROLES[service]}
    return frozenset(roles | _ROLES_OF_LOOPS if runs_loops else roles)


async def _prepare_signing_keys(house: House, services: frozenset[ServiceName]) -> None:
    realms = {
        ServiceName.FRONT_AUTH_API: house.developers.realm,
        ServiceName.API_MULTI: house.customers.realm,
    }
    for service, realm in realms.items():
        if service not in services:
            continue
        if not await realm.keyring.can_be_opened():
            raise WrongMasterKey(
                "DREAM_MASTER_KEY is not the key that sealed these stores. Set the key they were "
                "made with, or put it behind the new one in the list: new,old."
            )
        await realm.keyring.prepare()
