"""Every test fails while which something was said that is off Stripe's types."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.watching import Watch

ROOT = Path(__file__).parents[1]
IN_PROCESSES = ROOT / "tests" / "contract" / "in_processes"
REPORT = "STRIPE_WALKER_REPORT"


@pytest.fixture(scope="session", autouse=True)
def stripe_watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """Watch what is said for the whole run, here and in every process that a test starts."""
    report = tmp_path_factory.mktemp("walker") / "violations.txt"
    path = os.pathsep.join(map(str, (IN_PROCESSES, ROOT)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(REPORT, str(report))
        patch.setenv("PYTHONPATH", path, prepend=os.pathsep)
        yield Watch(report)


@pytest.fixture(autouse=True)
def nothing_off_stripes_types(stripe_watch: Watch) -> Iterator[None]:
    """Look after each test at what was said meanwhile."""
    yield
    found = stripe_watch.take()
    assert not found, "\n".join(found)
