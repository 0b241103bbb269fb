"""``dream-api demo``: a filled store that the product's own audit agrees with."""

import re
from pathlib import Path

import pytest

from tests.journeys.processes import dream_api


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill one folder with a small year for all tests of this file."""
    folder = tmp_path_factory.mktemp("demo")
    made = dream_api("demo", "--users", "60", "--events", "1500", "--data", str(folder))
    assert 0 == made.returncode, made.stdout + made.stderr
    assert re.search(r"sk_live_drm_[0-9A-Za-z]{38}", made.stdout)
    return folder


def test_the_ledger_and_every_counter_of_the_demo_agree(folder: Path) -> None:
    """What was filled in at once is as consistent as what is counted call by call."""
    audited = dream_api("audit", "--data", str(folder))

    assert "0 differences" in audited.stdout
    assert 0 == audited.returncode


def test_a_second_demo_of_the_same_seed_changes_nothing(folder: Path) -> None:
    """It says how to sign in, and which option adds another developer."""
    again = dream_api("demo", "--users", "60", "--events", "1500", "--data", str(folder))

    assert 2 == again.returncode
    assert "demo@example.com" in again.stdout
    assert "--seed" in again.stdout
