"""Three services in three processes on PostgreSQL, each with its own role, behind one origin."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest
from typing_extensions import override

from dream_api.cli.configuration import load_settings
from dream_api.cli.simulator import run_simulator
from tests.journeys.driver import FREE, PASSWORD, PRO, Developer, Journey, eventually
from tests.journeys.origin import one_origin
from tests.journeys.processes import DevServer
from tests.postgres_fixtures import Database
from tests.postgres_server import PostgresServer

ROLES_OF = {
    "front-auth-api": ("front_auth_api",),
    "oauth-api": ("oauth_api",),
    "api-multi": ("api_multi", "meter"),
}


class Service(DevServer):
    """One ``dream-api serve --service NAME``, which is given the addresses of its roles alone."""

    def __init__(self, name: str, dev: DevServer, database: Database) -> None:
        addresses = {
            f"DREAM_DATABASE_URL_{role.upper()}": database.server.url(database.name, role)
            for role in ROLES_OF[name]
        }
        super().__init__(dev.data_dir, addresses)
        self.name = name

    @override
    def _command(self) -> list[str]:
        return ["serve", "--port", str(self.port), "--service", self.name]


class Loops(DevServer):
    """``dream-api worker`` with the loops' roles; it serves nothing, so it is ready at once."""

    @override
    def _command(self) -> list[str]:
        return ["worker"]

    @override
    def is_ready(self) -> bool:
        return True


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Database:
    """Give a database of its own, not migrated yet."""
    postgres.sql("CREATE DATABASE apart")
    return Database(postgres, "apart")


@pytest.fixture(scope="module")
def apart(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[DevServer, Developer]]:
    """Walk a developer to keys on ``dev``, then serve the same store from three processes."""
    dev = DevServer(tmp_path_factory.mktemp("apart"), database.environment)

    async def walk() -> Developer:
        journey = Journey(dev.base_url)
        try:
            return await journey.ready_developer([FREE, PRO])
        finally:
            await journey.close()

    dev.start()
    try:
        developer = asyncio.run(walk())
    finally:
        dev.stop()
    services = {name: Service(name, dev, database) for name in ROLES_OF}
    loops = Loops(dev.data_dir, database.environment)
    with ExitStack() as stack:
        settings = load_settings(dev.data_dir)
        stack.enter_context(run_simulator(settings, dev.stripe_port, is_quiet=True))
        for process in (*services.values(), loops):
            stack.callback(process.stop)
            process.start()
        addresses = {name: service.base_url for name, service in services.items()}
        stack.enter_context(one_origin(dev.port, addresses))
        yield dev, developer


@pytest.fixture
async def journey(apart: tuple[DevServer, Developer]) -> AsyncIterator[Journey]:
    """Give the steps of the flow through the origin, signed in anew."""
    dev, developer = apart
    walking = Journey(dev.base_url)
    answer = await walking.http.post(
        "/platform/sign-in", json={"email": developer.email, "password": PASSWORD}
    )
    assert 200 == answer.status_code, answer.text
    developer.token = answer.json()["token"]
    yield walking
    await walking.close()


async def test_the_console_changes_end_users_through_the_other_process(
    apart: tuple[DevServer, Developer], journey: Journey
) -> None:
    """Grant, block, adjust and erase: each holds for the customers' door on the next call."""
    _, developer = apart
    user = "/platform/dashboard/users/u_1"
    headers = developer.headers

    first = await journey.track(developer, "u_1")
    granted = await journey.http.patch(user, json={"plan": "pro"}, headers=headers)
    lifted = await journey.track(developer, "u_1")
    blocked = await journey.http.patch(user, json={"blocked": True}, headers=headers)
    refused = await journey.track(developer, "u_1")
    await journey.http.patch(user, json={"blocked": False}, headers=headers)
    correction = {"amount": -1, "reason": "a test"}
    adjusted = await journey.http.post(f"{user}/usage/adjust", json=correction, headers=headers)
    correction["amount"] = -1_000
    below = await journey.http.post(f"{user}/usage/adjust", json=correction, headers=headers)
    unknown = await journey.http.patch(user, json={"plan": "gold"}, headers=headers)
    erased = await journey.http.delete(user, headers=headers)
    gone = await journey.http.get(user, headers=headers)
    missing = await journey.http.delete(user, headers=headers)

    assert ("free", 3) == (first["plan"], first["limit"])
    assert (200, "pro") == (granted.status_code, granted.json()["plan"])
    assert ("pro", 1000) == (lifted["plan"], lifted["limit"])
    assert (200, "user_blocked") == (blocked.status_code, refused["reason"])
    assert (200, 1) == (adjusted.status_code, adjusted.json()["usage"])
    assert (422, "usage_below_zero") == (below.status_code, below.json()["code"])
    assert (422, "plan") == (unknown.status_code, unknown.json()["errors"][0]["param"])
    assert [204, 404, 404] == [erased.status_code, gone.status_code, missing.status_code]


async def test_a_webhook_is_replayed_by_the_process_that_holds_it(
    apart: tuple[DevServer, Developer], journey: Journey
) -> None:
    """An end user pays, the worker handles the event, the console has it handled again."""
    _, developer = apart
    await journey.track(developer, "u_2")
    paid = await journey.pay_with(await journey.checkout(developer, "u_2"))

    async def events() -> list[dict[str, str]]:
        answer = await journey.http.get("/platform/dashboard/webhooks", headers=developer.headers)
        assert 200 == answer.status_code, answer.text
        return [one for one in answer.json()["webhooks"] if one["state"] == "done"]

    event = (await eventually(events))[0]
    replayed = await journey.http.post(
        f"/platform/dashboard/webhooks/{event['id']}/replay", headers=developer.headers
    )

    async def is_handled_again() -> bool:
        return event["id"] in {one["id"] for one in await events()}

    await eventually(is_handled_again)

    assert 303 == paid.status_code
    assert (202, {"id": event["id"]}) == (replayed.status_code, replayed.json())


async def test_every_service_answers_with_no_more_than_its_roles(
    apart: tuple[DevServer, Developer], journey: Journey
) -> None:
    """Sign-in, the bridge and the customers' door all work, each with its own role alone."""
    _, developer = apart
    overview = await journey.http.get("/platform/dashboard/metrics", headers=developer.headers)
    bridge = await journey.http.get("/oauth/authorize", headers=developer.headers)
    journey.http.cookies.clear()
    strange = await journey.http.get("/oauth/authorize")
    realms = [
        await journey.http.get(f"/realms/{realm}/.well-known/jwks.json")
        for realm in ("developers", developer.platform_id)
    ]
    pricing = await journey.http.get(f"/p/{developer.platform_id}/pricing")

    assert 200 == overview.status_code
    assert [302, 401] == [bridge.status_code, strange.status_code]
    assert [200, 200, 200] == [answer.status_code for answer in (*realms, pricing)]
