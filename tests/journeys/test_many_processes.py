"""``serve --workers`` and ``worker`` on PostgreSQL: many processes, one product."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.journeys.driver import FREE, PASSWORD, PRO, Developer, Journey, eventually
from tests.journeys.processes import (
    POLL_SECONDS,
    STOP_SECONDS_MAX,
    DevServer,
    ServingProcesses,
    dream_api,
)
from tests.postgres_fixtures import Database
from tests.postgres_server import PostgresServer

LIMIT = 60
WORKERS = 2
CONNECTIONS = 24
NOT_ROLLED_UP = (
    "SELECT count(*) FROM metering_ledger WHERE id > "
    "coalesce((SELECT max(ledger_id) FROM metering_watermarks), 0)"
)


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Database:
    """Give a database that these tests share, not migrated yet."""
    made = Database(postgres, "processes")
    postgres.sql(f"CREATE DATABASE {made.name}")
    return made


@pytest.fixture(scope="module")
def dev(database: Database, tmp_path_factory: pytest.TempPathFactory) -> DevServer:
    """Run ``dev`` once on PostgreSQL, so that there is a developer with keys; it has ended."""
    server = DevServer(tmp_path_factory.mktemp("processes"), database.environment)
    return server.start()


@pytest.fixture(scope="module")
def developer(dev: DevServer) -> Developer:
    """Walk a developer to keys on ``dev``, which then ends."""

    async def walk() -> Developer:
        journey = Journey(dev.base_url)
        try:
            return await journey.ready_developer([{**FREE, "limit": LIMIT}, PRO])
        finally:
            await journey.close()

    try:
        return asyncio.run(walk())
    finally:
        dev.stop()


@pytest.fixture(scope="module")
def processes(dev: DevServer, developer: Developer) -> Iterator[ServingProcesses]:
    """Give what serves from several processes, for all tests of this file."""
    assert developer.secret_key, "the walk has ended dev"
    made = ServingProcesses(dev, WORKERS)
    yield made
    made.stop()


@pytest.fixture
def serving(processes: ServingProcesses) -> ServingProcesses:
    """Have it running, also after a test that has ended it."""
    if not processes.is_running:
        processes.start()
    return processes


async def track(serving: ServingProcesses, developer: Developer, user_id: str, count: int) -> int:
    """Track from connections of their own; give how many calls were admitted."""

    async def one() -> bool:
        async with httpx.AsyncClient(base_url=serving.base_url, timeout=30) as client:
            answer = await client.post(
                "/v1/track", json={"userId": user_id}, headers=developer.secret
            )
            assert 200 == answer.status_code, answer.text
            return bool(answer.json()["allowed"])

    return sum(await asyncio.gather(*(one() for _ in range(count))))


async def statuses(serving: ServingProcesses, path: str, headers: dict[str, str]) -> set[int]:
    """Read from connections of their own, so that every process answers some."""

    async def one() -> int:
        async with httpx.AsyncClient(base_url=serving.base_url, timeout=30) as client:
            return (await client.get(path, headers=headers)).status_code

    return set(await asyncio.gather(*(one() for _ in range(CONNECTIONS))))


def audit(dev: DevServer) -> str:
    """Run ``dream-api audit`` beside the servers."""
    return dream_api("audit", environment=dev.environment).stdout.strip()


@contextmanager
def running_worker(dev: DevServer) -> Iterator[None]:
    """Run ``dream-api worker``; it ends cleanly."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "dream_api", "worker", "--data", str(dev.data_dir)],
        env=os.environ | dev.environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        worker.terminate()
        assert 0 == worker.wait(STOP_SECONDS_MAX)


async def test_two_processes_share_one_limit(
    serving: ServingProcesses, developer: Developer, dev: DevServer
) -> None:
    """Connections land on either process, and together they admit exactly the limit."""
    admitted = await track(serving, developer, f"u_{secrets.token_hex(4)}", LIMIT * 2)

    assert WORKERS == len(serving.children())
    assert LIMIT == admitted
    assert "0 differences" == audit(dev)


async def test_what_is_revoked_is_refused_by_every_process(
    serving: ServingProcesses, developer: Developer
) -> None:
    """A key and a session end with the next request, wherever it lands and whatever is cached."""
    async with httpx.AsyncClient(base_url=serving.base_url, timeout=30) as client:
        me = developer.headers
        key = (await client.post("/platform/keys", json={"name": "Short"}, headers=me)).json()
        signed_in = {"email": developer.email, "password": PASSWORD}
        session = (await client.post("/platform/sign-in", json=signed_in)).json()
    with_key = {"Authorization": f"Bearer {key['secretKey']}"}
    with_token = {"Authorization": f"Bearer {session['token']}"}
    before = await statuses(serving, "/v1/customers", with_key)
    before |= await statuses(serving, "/platform/me", with_token)

    async with httpx.AsyncClient(base_url=serving.base_url, timeout=30) as client:
        revoked = await client.post(f"/platform/keys/{key['id']}/revoke", headers=me)
        ended = await client.post("/platform/sign-out", headers=with_token)
    after = await statuses(serving, "/v1/customers", with_key)
    after |= await statuses(serving, "/platform/me", with_token)

    assert (204, 204) == (revoked.status_code, ended.status_code)
    assert ({200}, {401}) == (before, after)


async def test_a_process_that_dies_is_replaced(
    serving: ServingProcesses, developer: Developer
) -> None:
    """The other one goes on serving meanwhile."""
    victim, survivor = serving.children()
    os.kill(victim, signal.SIGKILL)

    async def is_replaced() -> bool:
        found = serving.children()
        return len(found) == WORKERS and victim not in found

    await eventually(is_replaced)

    assert survivor in serving.children()
    assert 5 == await track(serving, developer, f"u_{secrets.token_hex(4)}", 5)


async def test_the_worker_is_a_process_of_its_own(
    serving: ServingProcesses, developer: Developer, dev: DevServer, database: Database
) -> None:
    """``serve`` runs no loops on PostgreSQL; what waits is done once a worker runs."""
    await track(serving, developer, f"u_{secrets.token_hex(4)}", 3)
    before = database.rows(NOT_ROLLED_UP)

    async def is_rolled_up() -> bool:
        return [(0,)] == await asyncio.to_thread(database.rows, NOT_ROLLED_UP)

    with running_worker(dev):
        await eventually(is_rolled_up)

    assert 0 < before[0][0]
    assert "0 differences" == audit(dev)


def test_all_end_with_the_parent(serving: ServingProcesses) -> None:
    """A parent that is killed leaves nobody behind on the port."""
    children = serving.children()

    serving.kill()

    patience_ends = time.monotonic() + STOP_SECONDS_MAX
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        assert time.monotonic() < patience_ends, "a serving process outlived its parent"
        time.sleep(0.05)


def test_a_killed_parent_is_started_again_at_once(serving: ServingProcesses) -> None:
    """Its processes give the port back at once, also while one of them was only starting."""
    victim, _ = serving.children()
    os.kill(victim, signal.SIGKILL)
    patience_ends = time.monotonic() + STOP_SECONDS_MAX
    while len(serving.children()) < WORKERS or victim in serving.children():
        assert time.monotonic() < patience_ends, "nobody was started in its place"
        time.sleep(POLL_SECONDS)

    serving.kill()
    serving.start()

    assert serving.is_running


def test_interrupting_stops_all_cleanly(serving: ServingProcesses) -> None:
    """Ctrl-C reaches every process; the exit code says that all went well."""
    assert 0 == serving.interrupt()
