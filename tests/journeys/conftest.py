"""One running product for all journeys: each makes developers of its own and disturbs nobody."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.journeys.driver import Journey
from tests.journeys.running import Running, running_product
from tests.postgres_fixtures import Database


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Serve the product and the simulator once per engine for the whole run."""
    database = None
    if request.param == "postgres":
        database = Database(request.getfixturevalue("postgres"), "journeys")
        database.create()
    with running_product(tmp_path_factory.mktemp("journeys"), database) as served:
        yield served


@pytest.fixture
async def journey(running: Running) -> AsyncIterator[Journey]:
    """Give the steps of the paid flow."""
    walking = Journey(running.base_url)
    yield walking
    await walking.close()
