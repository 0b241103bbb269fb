"""The watch over the whole run can fail: each of these goes wrong on purpose, and is seen."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.contract.watching import Watch
from tests.stripe_server import LIVE_KEY, serving, simulator
from tests.unit.stripe_simulator.test_running import started

MISSPELT = "POST /v1/customers: CustomerCreateParams.nmae: unknown parameter"
CARELESS_TEST = """
import httpx

from tests.contract.test_watching import misspell
from tests.stripe_server import serving, simulator
from tests.walker_fixtures import nothing_off_stripes_types, stripe_watch


def test_that_is_careless(tmp_path):
    with serving(simulator(tmp_path)) as url:
        misspell(url)


def test_that_does_nothing():
    pass
"""


def ask(url: str, **parameters: str) -> httpx.Response:
    """Create a customer."""
    headers = {"Authorization": f"Bearer {LIVE_KEY}"}
    return httpx.post(f"{url}/v1/customers", data=parameters, headers=headers)


def misspell(url: str) -> None:
    """Send a parameter that Stripe does not have."""
    assert 400 == ask(url, nmae="Grace").status_code


def test_a_wrong_request_is_found(stripe_watch: Watch, tmp_path: Path) -> None:
    """To a simulator in this process."""
    with serving(simulator(tmp_path)) as url:
        misspell(url)

    assert [MISSPELT] == stripe_watch.take()


def test_a_wrong_request_to_another_process_is_found(stripe_watch: Watch, tmp_path: Path) -> None:
    """As ``dream-api dev`` starts its simulator."""
    with started(tmp_path) as (_, url):
        misspell(url)

        assert [MISSPELT] == stripe_watch.take()


def test_a_wrong_event_is_found(
    stripe_watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when nobody listens to it."""
    monkeypatch.setattr("stripe_simulator.books.API_VERSION", 7)
    with serving(simulator(tmp_path)) as url:
        assert 200 == ask(url, name="Grace").status_code

    assert ["event customer.created: Event.api_version: expected str, got int 7"] == (
        stripe_watch.take()
    )


def test_what_is_right_is_passed_over(stripe_watch: Watch, tmp_path: Path) -> None:
    """Otherwise the three above would prove nothing."""
    with serving(simulator(tmp_path)) as url:
        assert 200 == ask(url, name="Grace").status_code

    assert [] == stripe_watch.take()


def test_a_finding_fails_the_test_that_caused_it(tmp_path: Path) -> None:
    """And no other."""
    careless = tmp_path / "test_careless.py"
    careless.write_text(CARELESS_TEST)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", careless],
        capture_output=True,
        text=True,
        check=False,
    )

    assert MISSPELT in run.stdout
    assert "ERROR at teardown of test_that_is_careless" in run.stdout
    assert "2 passed, 1 error" in run.stdout
