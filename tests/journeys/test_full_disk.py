"""A disk without room under a serving process: nothing is admitted, and it heals by itself."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.journeys.driver import FREE, Developer, Journey, eventually
from tests.journeys.processes import DevServer, dream_api

ROOM_BYTES = 4_096
UNLIMITED = resource.RLIM_INFINITY


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DevServer]:
    """Run ``dream-api dev``, whose log goes nowhere: it would need room, too."""
    started = DevServer(tmp_path / "data", is_quiet=True).start()
    yield started
    started.stop()


@contextmanager
def no_room(server: DevServer) -> Iterator[None]:
    """Have the kernel refuse every write behind the first page of any file, for root as well."""
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (ROOM_BYTES, UNLIMITED))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))


async def track(journey: Journey, developer: Developer, key: str) -> httpx.Response:
    """Count one use under a key."""
    body = {"userId": "u_1", "idempotencyKey": key}
    return await journey.http.post("/v1/track", json=body, headers=developer.secret)


async def test_a_full_disk_admits_nothing_and_heals(server: DevServer) -> None:
    """Calls are 503 problems, ``/readyz`` says no and ``/healthz`` yes; with room all is well."""
    journey = Journey(server.base_url)
    developer = await journey.ready_developer([{**FREE, "limit": 10}])

    async def is_ready() -> bool:
        return (await journey.http.get("/readyz")).status_code == 200

    async def is_not_ready() -> bool:
        return (await journey.http.get("/readyz")).status_code == 503

    before = await track(journey, developer, "before")
    with no_room(server):
        during = [await track(journey, developer, f"during-{number}") for number in range(3)]
        await eventually(is_not_ready)  # A good answer is remembered for a second.
        healthy = await journey.http.get("/healthz")
    await eventually(is_ready)
    after = await track(journey, developer, "during-0")
    await journey.close()
    audit = dream_api("audit", "--data", str(server.data_dir))

    assert {(503, "store_unavailable")} == {
        (answer.status_code, answer.json()["code"]) for answer in during
    }
    assert 200 == healthy.status_code
    assert (1, False) == (before.json()["usage"], before.json()["replayed"])
    assert (2, False) == (after.json()["usage"], after.json()["replayed"])
    assert (0, "0 differences") == (audit.returncode, audit.stdout.strip())
