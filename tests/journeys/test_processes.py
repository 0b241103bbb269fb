"""What holds for real processes: many clients, SIGKILL at a bad moment, a clean stop."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.driver import FREE, PRO, Developer, Journey, eventually
from tests.journeys.processes import DevServer, dream_api, json_lines

LOAD_CLIENT = Path(__file__).with_name("load_client.py")
CLIENT_SECONDS_MAX = 60
UNLIMITED = {**FREE, "limit": None}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DevServer]:
    """Run ``dream-api dev`` in a folder of its own."""
    started = DevServer(tmp_path / "data").start()
    yield started
    started.stop()


async def ready_developer(server: DevServer, free: dict[str, Any]) -> Developer:
    """Walk a developer to keys on this server."""
    journey = Journey(server.base_url)
    try:
        return await journey.ready_developer([free, PRO])
    finally:
        await journey.close()


def start_client(
    server: DevServer, developer: Developer, prefix: str, count: int, log: Path
) -> subprocess.Popen[bytes]:
    """Start one client process that tracks *count* times for the user ``u_1``."""
    arguments = [server.base_url, developer.secret_key, "u_1", prefix, str(count), str(log)]
    return subprocess.Popen([sys.executable, str(LOAD_CLIENT), *arguments])


def audit_of(server: DevServer) -> subprocess.CompletedProcess[str]:
    """Run ``dream-api audit`` on the server's folder, beside it or after it."""
    return dream_api("audit", "--data", str(server.data_dir))


async def has_lines(log: Path, count: int) -> bool:
    """Tell whether a client has written down that many answers."""
    text = await asyncio.to_thread(lambda: log.read_text() if log.exists() else "")
    return text.count("\n") >= count


async def test_two_processes_never_get_more_than_the_limit(
    server: DevServer, tmp_path: Path
) -> None:
    """400 parallel calls from two clients on a limit of 100: exactly 100 are admitted."""
    developer = await ready_developer(server, {**FREE, "limit": 100})
    logs = [tmp_path / "a.log", tmp_path / "b.log"]

    clients = [start_client(server, developer, log.stem, 200, log) for log in logs]
    for client in clients:
        client.wait(CLIENT_SECONDS_MAX)
    answers = [line for log in logs for line in json_lines(log.read_text())]
    audit = audit_of(server)

    assert 400 == len(answers)
    assert 100 == sum(answer["allowed"] for answer in answers)
    assert (0, "0 differences") == (audit.returncode, audit.stdout.strip())


async def test_a_kill_under_load_loses_no_acknowledged_count(
    server: DevServer, tmp_path: Path
) -> None:
    """What was answered is there after SIGKILL, and a repeated key is never counted again."""
    developer = await ready_developer(server, UNLIMITED)
    log, count = tmp_path / "answers.log", 2_000

    client = start_client(server, developer, "n", count, log)
    await eventually(lambda: has_lines(log, 200))
    server.kill()
    client.wait(CLIENT_SECONDS_MAX)
    acknowledged = {line["name"] for line in json_lines(log.read_text()) if line.get("allowed")}
    audit_of_the_dead = audit_of(server)
    server.start()
    again = start_client(server, developer, "n", count, tmp_path / "again.log")
    again.wait(CLIENT_SECONDS_MAX)
    repeated = json_lines((tmp_path / "again.log").read_text())
    replayed = {line["name"] for line in repeated if line["replayed"]}
    journey = Journey(server.base_url)
    usage = (await journey.customer(developer, "u_1"))["usageCount"]
    await journey.close()
    audit_of_the_living = audit_of(server)

    assert 200 <= len(acknowledged) < count
    assert acknowledged <= replayed
    assert count == usage
    assert "0 differences" == audit_of_the_dead.stdout.strip()
    assert "0 differences" == audit_of_the_living.stdout.strip()


def test_the_simulator_ends_with_its_parent_and_a_restart_succeeds_at_once(
    server: DevServer,
) -> None:
    """After SIGKILL of the parent alone nothing keeps the ports."""
    server.kill()
    server.start()

    assert server.is_ready()


def simulators_of(server: DevServer) -> list[int]:
    """List the simulator's process, by its parent."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # It ended while we looked.
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            if (
                int(parent) == server.pid
                and b"stripe_simulator" in (folder / "cmdline").read_bytes()
            ):
                found.append(int(folder.name))
    return found


async def test_a_simulator_that_is_killed_comes_back_and_the_paid_flow_goes_on(
    server: DevServer,
) -> None:
    """SIGKILL to that child alone, in the middle: nothing that Stripe knew is lost."""
    journey = Journey(server.base_url)
    developer = await journey.sign_up()
    await journey.pay(developer)
    (killed,) = simulators_of(server)

    async def is_back() -> bool:
        # Another process, and not what is left of the killed one while the kernel clears up.
        return bool(set(simulators_of(server)) - {killed}) and server.is_stripe_listening()

    os.kill(killed, signal.SIGKILL)
    await eventually(is_back)
    landed = await journey.connect(developer)
    await journey.create_products(developer)
    decision = await journey.track(developer, "u_1")
    await journey.close()

    assert landed.endswith("?stripe=connected")
    assert decision["allowed"]
    assert server.is_ready()


def test_a_misspelt_folder_is_said_and_nothing_is_made_in_it(tmp_path: Path) -> None:
    """A command that only looks makes neither stores nor a master key."""
    folder = tmp_path / "typo"

    audit = dream_api("audit", "--data", str(folder))
    rekey = dream_api("rekey", "--data", str(folder))

    assert (2, 2) == (audit.returncode, rekey.returncode)
    assert "There are no stores" in audit.stderr
    assert "DREAM_MASTER_KEY" in rekey.stderr
    assert not folder.exists()


def test_interrupting_stops_everything_cleanly(server: DevServer) -> None:
    """Ctrl-C ends with exit code 0 and leaves no process behind."""
    exit_code = server.interrupt()

    assert 0 == exit_code
    assert not server.is_stripe_listening()


def test_a_second_server_on_the_same_folder_is_refused(server: DevServer) -> None:
    """The message says what to do."""
    other = dream_api("serve", "--data", str(server.data_dir), "--port", "1")
    beside = DevServer(server.data_dir)

    refused = dream_api(
        "dev", "--data", str(server.data_dir),
        "--port", str(beside.port), "--stripe-port", str(beside.stripe_port),
    )  # fmt: skip

    assert 0 != other.returncode
    assert 2 == refused.returncode
    assert "--data" in refused.stderr


async def test_the_namespaces_show_no_secret(server: DevServer) -> None:
    """``kv list`` masks what would let a reader act as somebody else."""
    developer = await ready_developer(server, FREE)

    shown = [
        dream_api("kv", "list", "--namespace", name, "--data", str(server.data_dir))
        for name in ("PLATFORM_TOKENS_KV", "CUSTOMER_TOKENS_KV", "CUSTOMER_USAGE_KV")
    ]
    text = "".join(command.stdout for command in shown)
    keys = {line["key"].split(":")[0] for line in json_lines(text)}

    assert [0, 0, 0] == [command.returncode for command in shown]
    assert {"user", "platform", "apikey", "stripeaccount"} <= keys
    assert developer.secret_key not in text
    assert hashlib.sha256(developer.secret_key.encode()).hexdigest() not in text
    assert developer.platform_id in text
