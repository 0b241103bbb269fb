"""A process that serves some services opens what the table gives those, and nothing else."""

import pytest
from sqlalchemy import text

from dream_api.app import engine_of
from dream_api.gateways.clock import MovableClock
from dream_api.kit.crypto import new_master_key
from dream_api.settings import Settings
from dream_api.stores import BindingRefused, Connection, Role
from tests.postgres_fixtures import Database


async def test_addresses_of_other_services_are_not_used(
    database: Database, clock: MovableClock
) -> None:
    """Every address is set, as on a laptop; front-auth-api still cannot act as api-multi."""
    settings = database.settings(Settings(master_key=Settings.read_list(new_master_key())))

    async with engine_of(settings).opened(clock, frozenset({Role.FRONT_AUTH_API})) as bindings:
        own = await bindings.front_auth_api.developers.read(_one)
        with pytest.raises(BindingRefused):
            await bindings.api_multi.customers.read(_one)
        with pytest.raises(BindingRefused):
            await bindings.oauth_api.developers.read(_one)

    assert 1 == own


def _one(connection: Connection) -> int:
    found: int = connection.execute(text("SELECT 1")).scalar_one()
    return found
