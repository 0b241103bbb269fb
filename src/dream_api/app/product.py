"""The product, opened: stores, gateways, rooms, doors and loops, and their orderly end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dream_api.app.doors import ALL_SERVICES, ServiceName, build_doors
from dream_api.app.errors import WrongMasterKey
from dream_api.app.jobs import build_workers
from dream_api.app.rooms import House, build_house, build_outside
from dream_api.gateways.clock import Clock
from dream_api.services.http import Application
from dream_api.settings import Settings
from dream_api.stores import Store
from dream_api.stores.sqlite import SqliteStores
from dream_api.worker import Worker


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
) -> AsyncIterator[Product]:
    """Open the product; close it in the reverse order, whatever happened.

    Raises:
        AlreadyServed: another process serves this data folder.
        WrongMasterKey: the stores were sealed with another key; nothing was changed.
        ValueError: the master key is none.
    """
    outside = build_outside(settings, clock)
    with SqliteStores(settings.data_dir, clock) as stores:
        house = build_house(stores.bindings, outside)
        await _prepare_signing_keys(house)
        workers = build_workers(stores.bindings, house, outside)
        checks = {
            "developers_store": _can_write(stores.bindings.front_auth_api.developers),
            "customers_store": _can_write(stores.bindings.api_multi.customers),
            **{f"{worker.name}_worker": _is_alive(worker) for worker in workers},
        }
        asgi = build_doors(
            house, outside, services=services, development=development, checks=checks
        )
        try:
            yield Product(asgi, workers)
        finally:
            await house.customers.metering.close()
            await outside.stripes.close()


async def _prepare_signing_keys(house: House) -> None:
    for realm in (house.developers.realm, house.customers.realm):
        if not await realm.keyring.can_be_opened():
            raise WrongMasterKey(
                "DREAM_MASTER_KEY is not the key that sealed these stores. Set the key they were "
                "made with, or put it behind the new one in the list: new,old."
            )
        await realm.keyring.prepare()


def _can_write(store: Store) -> Callable[[], Awaitable[bool]]:
    """Take the writer once round: a locked or read-only file shows here, a slow reader does not."""

    async def check() -> bool:
        await store.write(lambda _: None)
        return True

    return check


def _is_alive(worker: Worker) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return worker.is_alive

    return check
