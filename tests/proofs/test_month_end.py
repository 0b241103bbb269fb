"""A month ends while clients track: each event is counted in exactly one of the two."""

import random
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from dream_api.kit.periods import month_of
from tests.journeys.processes import DevServer, dream_api
from tests.proofs.clients import Clients, ready_developer
from tests.proofs.history import violations

LIMIT = 100_000
CALLS = 150


@pytest.mark.parametrize("engine", ["sqlite", "postgres_dev"])
def test_each_event_lands_in_exactly_one_month(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Both months add up by themselves, in the answers, the counters and the ledger."""
    server: DevServer = request.getfixturevalue(engine)
    developer = ready_developer(server, LIMIT)
    folder = tmp_path / "clients"
    folder.mkdir()
    chance = random.Random(7)  # noqa: S311 - a seed, so that a failure can be repeated.

    with Clients(server.base_url, developer, folder, chance) as clients:
        clients.start(CALLS)
        clients.wait_for(CALLS // 2)
        move_to_next_month(server)
        clients.finish()
        clients.repeat_everything()
    history = clients.history()
    months = {answer.period_start for answer in history}
    audit = dream_api("audit", "--data", str(server.data_dir), environment=server.environment)

    assert 2 == len(months)
    assert [] == violations(history, limit=LIMIT, stored=clients.stored())
    assert (0, "0 differences") == (audit.returncode, audit.stdout.strip())


def move_to_next_month(server: DevServer) -> None:
    """Move the product's clock over the end of the month in one step."""
    now = datetime.now(UTC)
    seconds = int((month_of(now)[1] - now).total_seconds()) + 1
    answer = httpx.post(f"{server.base_url}/dev/clock", json={"advanceSeconds": seconds})
    answer.raise_for_status()
