"""A backup taken while everybody counts, and the product that starts again from it."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.driver import PASSWORD, Journey, eventually
from tests.journeys.processes import DevServer, dream_api, json_lines
from tests.journeys.test_processes import (
    CLIENT_SECONDS_MAX,
    UNLIMITED,
    has_lines,
    ready_developer,
    start_client,
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DevServer]:
    """Run ``dream-api dev`` in a folder of its own."""
    started = DevServer(tmp_path / "data").start()
    yield started
    started.stop()


async def test_a_backup_under_load_restores_to_a_state_that_agrees_and_goes_on(
    server: DevServer, tmp_path: Path
) -> None:
    """What was acknowledged before is in it, no request fails for it, and life goes on."""
    developer = await ready_developer(server, UNLIMITED)
    log, archive, count = tmp_path / "answers.log", tmp_path / "nightly.tar.gz", 6_000
    folder = str(server.data_dir)

    client = start_client(server, developer, "n", count, log)
    await eventually(lambda: has_lines(log, 200))
    before = json_lines(log.read_text())
    taken = dream_api("backup", str(archive), "--data", folder)
    was_still_counting = client.poll() is None
    client.wait(CLIENT_SECONDS_MAX)
    everything = json_lines(log.read_text())
    server.stop()
    put_back = dream_api("restore", str(archive), "--data", folder, "--overwrite")
    server.start()
    journey = Journey(server.base_url)
    signed_in = await journey.http.post(
        "/platform/sign-in", json={"email": developer.email, "password": PASSWORD}
    )
    usage = (await journey.customer(developer, "u_1"))["usageCount"]
    repeated = await journey.track(developer, "u_1", idempotencyKey=before[0]["name"])
    upgrade = await journey.pay_with(await journey.checkout(developer, "u_1"))
    await journey.close()

    assert 0 == taken.returncode, taken.stderr
    assert was_still_counting
    assert {200} == {answer["status"] for answer in everything}
    assert count == len(everything)
    assert 0 == put_back.returncode, put_back.stderr
    assert "0 differences" in put_back.stdout
    assert 200 == signed_in.status_code
    assert len(before) <= usage < count
    assert repeated["replayed"]
    assert 303 == upgrade.status_code


async def test_a_backup_is_private_and_holds_neither_key_nor_secret(
    server: DevServer, tmp_path: Path
) -> None:
    """Mode 0600 whatever the umask; no master key, and no secret key that would work."""
    developer = await ready_developer(server, UNLIMITED)
    archive = tmp_path / "nightly.tar.gz"

    taken = dream_api("backup", str(archive), "--data", str(server.data_dir))
    with tarfile.open(archive) as tar:
        members = {entry.name: tar.extractfile(entry) for entry in tar}
        content = b"".join(member.read() for member in members.values() if member is not None)

    assert "master key is not in it" in taken.stdout
    assert 0o600 == archive.stat().st_mode & 0o777
    assert {"manifest.json", "seal", "developers.db", "customers.db"} == set(members)
    assert (server.data_dir / "master.key").read_bytes().strip() not in content
    assert developer.secret_key.encode() not in content
