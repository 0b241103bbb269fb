"""Start it, kill it, start it again; and move its clock."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import stripe

from stripe_simulator import Application, Configuration, ConfigurationError
from stripe_simulator.__main__ import main
from stripe_simulator.clock import Clock
from tests.contract.sdk_types import Walker
from tests.unit.stripe_simulator.harness import Receiver, Simulator

START_SECONDS = 20.0


@contextmanager
def started(data: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start ``python -m stripe_simulator``; give the process and where it says that it listens."""
    command = [sys.executable, "-m", "stripe_simulator", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready = process.stdout.readline()
        assert "ready on http://127.0.0.1:" in ready
        yield process, ready.split()[3]
    finally:
        process.kill()
        process.wait(START_SECONDS)
        process.stdin.close()
        process.stdout.close()


def client_of(url: str, key: str = "sk_test_simulator") -> stripe.StripeClient:
    """Give the SDK, pointed at *url*."""
    return stripe.StripeClient(key, base_addresses={"api": url, "connect": url, "files": url})


def test_nothing_is_lost_when_it_is_killed(tmp_path: Path, walker: Walker) -> None:
    """What was answered is there again, and what was owed is delivered."""
    receiver = Receiver(walker)
    with started(tmp_path) as (process, url):
        client = client_of(url)
        client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        receiver.answers.put(500)
        customer = client.v1.customers.create({"name": "Grace"})
        receiver.next()
        os.kill(process.pid, signal.SIGKILL)
        process.wait(START_SECONDS)

    with started(tmp_path) as (_, url):
        assert "Grace" == client_of(url).v1.customers.retrieve(customer.id).name
        assert customer.id == receiver.next().event["data"]["object"]["id"]
    receiver.close()


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """With ``--until-stdin-closes`` a killed parent leaves nothing behind."""
    with started(tmp_path, "--until-stdin-closes") as (process, _):
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(START_SECONDS) in (0, -signal.SIGTERM)


def test_two_cannot_work_on_one_folder(tmp_path: Path) -> None:
    """They would deliver everything twice; the second says so and ends."""
    with started(tmp_path):
        second = subprocess.run(
            [sys.executable, "-m", "stripe_simulator", "--port", "0", "--data", str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    assert 0 != second.returncode
    assert "in use by another simulator" in second.stderr


def test_applications_are_named_on_the_command_line(tmp_path: Path) -> None:
    """Each secret key is an account of ours; the default ones are gone then."""
    with started(tmp_path, "--application", "sk_test_mine=ca_mine") as (_, url):
        assert client_of(url, "sk_test_mine").v1.accounts.retrieve_current().id
        with pytest.raises(stripe.AuthenticationError):
            client_of(url).v1.accounts.retrieve_current()


@pytest.mark.parametrize(
    "option", ["sk_live_abc=ca_1", "rk_live_abc=ca_1", "sk_test_abc=app_1", "sk_test_abc"]
)
def test_live_keys_and_broken_options_are_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what is wanted."""
    assert 2 == main(["--application", option])
    assert capsys.readouterr().err.startswith("stripe-sim: ")


def test_a_configuration_refuses_live_keys_too(tmp_path: Path) -> None:
    """Also for whoever builds the app."""
    with pytest.raises(ConfigurationError):
        Configuration(data=tmp_path, applications={"sk_live_1": Application("ca_1")})


def test_the_clock_follows_its_file(tmp_path: Path) -> None:
    """Written, changed, half written, gone: each reading is what the file last said."""
    path = tmp_path / "clock.json"
    clock = Clock(path)
    real = clock.now()
    offsets = []
    for text in ('{"offsetSeconds": 1000}', '{"offsetSeconds": 50000}', '{"offset'):
        path.write_text(text)
        offsets.append(clock.now() - real)
    path.unlink()
    offsets.append(clock.now() - real)

    assert [1000, 50_000, 50_000, 0] == [offset // 10 * 10 for offset in offsets]


def test_what_is_created_carries_the_simulated_time(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """Moving the file's offset moves everything."""
    before = client.v1.customers.create({}).created
    simulator.advance(1_000_000)

    assert client.v1.customers.create({}).created - before >= 1_000_000


def test_ids_say_that_they_are_simulated(client: stripe.StripeClient) -> None:
    """None can be mistaken for one of Stripe's."""
    ids = [client.v1.customers.create({}).id, client.v1.products.create({"name": "Pro"}).id]

    assert all("_sim" in identifier for identifier in ids)


@pytest.mark.parametrize("path", ["/", "/events"])
def test_every_page_says_that_no_money_moves(simulator: Simulator, path: str) -> None:
    """In words, at the top."""
    simulator.connect()

    page = simulator.http.get(simulator.url + path)

    assert 200 == page.status_code
    assert "SIMULATED — no money moves" in page.text


def test_an_owner_can_change_their_account(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """Its name and whether it can charge, as after Stripe's reviews; both are told."""
    account = simulator.connect()
    url = f"{simulator.url}/accounts/{account}"
    for form in ({"action": "rename", "business_name": "C Inc"}, {"action": "disable_charges"}):
        assert simulator.http.post(url, data=form).status_code == 303

    changed = client.v1.accounts.retrieve(account)

    assert changed.business_profile is not None
    assert ("C Inc", False) == (changed.business_profile.name, changed.charges_enabled)
    assert 2 == simulator.types(account).count("account.updated")


def test_a_body_that_is_too_large_is_refused(simulator: Simulator) -> None:
    """Nothing reads without an end."""
    answer = httpx.post(f"{simulator.url}/oauth/token", content=b"a=" + b"x" * 300_000)

    assert 413 == answer.status_code
    simulator.walker.violations.clear()
