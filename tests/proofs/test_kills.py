"""SIGKILL at random moments, round after round: every answer stays true.

A few rounds in every run of the tests; ``make proofs`` does thirty of each kind.
"""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

from tests.journeys.driver import Developer
from tests.journeys.processes import DevServer, ServingProcesses, dream_api
from tests.postgres_server import PostgresServer
from tests.proofs.clients import Clients, ready_developer
from tests.proofs.history import violations

ROUNDS = int(os.environ.get("PROOF_ROUNDS", "2"))
SEED = int(os.environ.get("PROOF_SEED", "1"))
CALLS = 120
"""New calls of each client process in each round."""
LIMIT = 90 * ROUNDS
"""Is reached during the last rounds, so that counting and denying are both proved."""
WORKERS = 2


def prove(server: DevServer, developer: Developer, folder: Path, kill: Callable[[], None]) -> None:
    """Let clients track while *kill* strikes, once a round; then judge everything they were told.

    *kill* returns when what it struck runs again; clients repeat meanwhile.
    """
    folder.mkdir()
    chance = random.Random(SEED)  # noqa: S311 - a seed, so that a failure can be repeated.
    with Clients(server.base_url, developer, folder, chance) as clients:
        for _ in range(ROUNDS):
            clients.start(CALLS)
            clients.wait_for(chance.randint(1, CALLS))
            kill()
            clients.finish()
        clients.repeat_everything()
    audit = dream_api("audit", "--data", str(server.data_dir), environment=server.environment)

    assert [] == violations(clients.history(), limit=LIMIT, stored=clients.stored())
    assert (0, "0 differences") == (audit.returncode, audit.stdout.strip())


def test_killing_the_server_on_sqlite(sqlite: DevServer, tmp_path: Path) -> None:
    """One process, killed between any two instructions; the file is all that is left."""

    def kill() -> None:
        sqlite.kill()
        audit = dream_api("audit", "--data", str(sqlite.data_dir))
        assert "0 differences" == audit.stdout.strip()
        sqlite.start()

    prove(sqlite, ready_developer(sqlite, LIMIT), tmp_path / "clients", kill)


def test_killing_serving_processes_on_postgresql(postgres_dev: DevServer, tmp_path: Path) -> None:
    """By turns one of two workers, which is replaced, and the parent with all of them."""
    developer = ready_developer(postgres_dev, LIMIT)
    postgres_dev.stop()
    serving = ServingProcesses(postgres_dev, WORKERS)
    serving.start()
    turns = iter(range(ROUNDS))

    def kill() -> None:
        if next(turns) % 2:
            serving.kill()
            serving.start()
        else:
            os.kill(serving.children()[0], signal.SIGKILL)

    try:
        prove(serving, developer, tmp_path / "clients", kill)
    finally:
        serving.stop()


def test_killing_the_database(
    postgres_dev: DevServer, durable: PostgresServer, tmp_path: Path
) -> None:
    """The database server loses all its processes at once, and recovers from its log."""
    developer = ready_developer(postgres_dev, LIMIT)
    postgres_dev.stop()
    serving = ServingProcesses(postgres_dev, WORKERS)
    serving.start()

    def kill() -> None:
        durable.kill_at_once()
        durable.start()

    try:
        prove(serving, developer, tmp_path / "clients", kill)
    finally:
        serving.stop()
