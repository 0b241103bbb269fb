"""Both worlds in one PostgreSQL database, and each service's view of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

from dream_api.gateways.clock import Clock
from dream_api.stores.bindings import LOOPS, OperatorBindings, Role, World, bind
from dream_api.stores.postgres.meter import PostgresMeter
from dream_api.stores.postgres.store import PostgresStore

Addresses = Mapping[Role, str]
"""The address of the database as each role; a role that is missing has no address here."""


class PostgresStores:
    """Both worlds, opened to serve, by any number of processes at once.

    Use it as an async context manager; connections are opened when first needed.
    """

    def __init__(self, addresses: Addresses, clock: Clock) -> None:
        self._addresses = addresses
        self._stores: list[PostgresStore] = []
        self._meter = PostgresMeter(addresses.get(Role.METER))
        loops = bind(lambda role, world: self._store(LOOPS[role, world], world), self._meter, clock)
        self.bindings = replace(bind(self._store, self._meter, clock), of_loops=loops)

    async def close(self) -> None:
        """Finish what waits and close every connection."""
        await self._meter.close()
        for store in self._stores:
            await store.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _store(self, role: Role, world: World) -> PostgresStore:
        store = PostgresStore(self._addresses.get(role), role, world)
        self._stores.append(store)
        return store


class PostgresOperatorStores:
    """Both worlds, opened to look: runs beside serving processes and can write nothing."""

    def __init__(self, url: str) -> None:
        self._stores = [PostgresStore(url, Role.OPERATOR, world) for world in World]
        views = dict(zip(World, self._stores, strict=True))
        self.bindings = OperatorBindings(
            developers=views[World.DEVELOPERS], customers=views[World.CUSTOMERS]
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for store in self._stores:
            await store.close()
