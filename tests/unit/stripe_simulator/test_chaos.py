"""Deliveries that go wrong when somebody asks for it, and only then."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import stripe

from stripe_simulator.store import SCHEMA_VERSION, Store
from tests.contract.sdk_types import Walker
from tests.unit.stripe_simulator.harness import DAY, Receiver, Simulator, running, submit_page
from tests.unit.stripe_simulator.test_webhooks import listen, verify

CALM = {
    "duplicate": 0.0, "drop": 0.0, "wrong_mode": 0.0, "unknown_account": 0.0,
    "shuffle": False, "delay_seconds": 0, "seed": 0,
}  # fmt: skip


def go_wrong(simulator: Simulator, **chaos: Any) -> Any:
    """Set the chaos by the API of tests."""
    return simulator.http.post(f"{simulator.url}/chaos", json=chaos)


def events_at(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    """Wait for so many deliveries."""
    return [receiver.next().event for _ in range(count)]


def test_everything_goes_right_by_default(simulator: Simulator) -> None:
    """Nobody is surprised."""
    shown = simulator.http.get(f"{simulator.url}/chaos", headers={"Accept": "application/json"})

    assert CALM == shown.json()


def test_what_was_delivered_is_delivered_once_more(
    simulator: Simulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """The same event, and each only once more."""
    listen(client, receiver)
    go_wrong(simulator, duplicate=1)
    for number in range(3):
        client.v1.products.create({"name": f"P{number}"})
    ids = [event["id"] for event in events_at(receiver, 6)]

    assert 3 == len(set(ids))
    assert {2} == {ids.count(one) for one in ids}
    assert receiver.arrived.empty()


def test_false_copies_follow_the_true_event(
    simulator: Simulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """One says live mode, one names a stranger; both are signed, and none has the true id."""
    account = simulator.connect()
    secret = listen(client, receiver, connect=True).secret
    go_wrong(simulator, wrong_mode=1, unknown_account=1)
    client.v1.products.create({"name": "Pro"}, {"stripe_account": account})
    delivered = [receiver.next() for _ in range(3)]
    events = [verify(one, secret) for one in delivered]

    assert {(account, False), (account, True), ("acct_simnobody", False)} == {
        (str(event.account), event.livemode) for event in events
    }
    assert 3 == len({event.id for event in events})


def test_a_lost_attempt_is_repeated(tmp_path: Path, walker: Walker, receiver: Receiver) -> None:
    """Dropped on the way, retried like any failure; the log says why."""
    with running(
        tmp_path / "s", tmp_path / "clock.json", walker, retry_seconds=(DAY,)
    ) as simulator:
        listen(simulator.client(), receiver)
        go_wrong(simulator, drop=1)
        simulator.client().v1.products.create({"name": "Pro"})
        while "Dropped" not in simulator.http.get(f"{simulator.url}/events").text:
            assert receiver.arrived.empty()
        go_wrong(simulator)
        simulator.advance(DAY)

        assert "product.created" == receiver.next().event["type"]


def test_events_wait_and_arrive_in_any_order(
    simulator: Simulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """Held back until the clock has moved, then shuffled by the seed."""
    listen(client, receiver)
    go_wrong(simulator, delay_seconds=DAY, shuffle=True, seed=7)
    names = [f"P{number}" for number in range(8)]
    for name in names:
        client.v1.products.create({"name": name})
    simulator.advance(DAY)
    arrived = [event["data"]["object"]["name"] for event in events_at(receiver, len(names))]

    assert sorted(names) == sorted(arrived)
    assert names != arrived


def test_a_rolled_secret_signs_on_for_a_day(
    simulator: Simulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """Two v1 in the header, then one."""
    endpoint = listen(client, receiver)
    rolled = simulator.http.post(
        f"{simulator.url}/chaos/endpoints/{endpoint.id}/roll",
        headers={"Accept": "application/json"},
    ).json()
    client.v1.products.create({"name": "both"})
    both = receiver.next()
    simulator.advance(DAY + 1)
    client.v1.products.create({"name": "new"})
    new = receiver.next()

    for secret in (endpoint.secret, rolled["secret"]):
        assert both.headers["stripe-signature"].count("v1=") == 2
        verify(both, secret)
    assert 1 == new.headers["stripe-signature"].count("v1=")


@pytest.mark.parametrize(
    "chaos",
    [{"mayhem": 1}, {"drop": 2}, {"drop": True}, {"delay_seconds": -1}, {"shuffle": "yes"}],
    ids=str,
)
def test_chaos_that_makes_no_sense_is_refused(simulator: Simulator, chaos: dict[str, Any]) -> None:
    """And nothing changes."""
    refused = go_wrong(simulator, **chaos)
    shown = simulator.http.get(f"{simulator.url}/chaos", headers={"Accept": "application/json"})

    assert (400, CALM) == (refused.status_code, shown.json())


def test_people_have_a_page_for_it(simulator: Simulator) -> None:
    """The same settings, by a form."""
    url = f"{simulator.url}/chaos"
    page = simulator.http.get(url)
    submit_page(simulator.http, page, {"drop": "0.5", "seed": "3"}, press=("action", "set"))
    set_now = simulator.http.get(url, headers={"Accept": "application/json"}).json()
    submit_page(simulator.http, simulator.http.get(url), {}, press=("action", "calm"))

    assert CALM | {"drop": 0.5, "seed": 3} == set_now
    assert CALM == simulator.http.get(url, headers={"Accept": "application/json"}).json()


def test_a_file_of_the_first_version_goes_on(tmp_path: Path) -> None:
    """What a simulator of yesterday kept is not lost."""
    path = tmp_path / "stripe_simulator.db"
    store = Store(path)
    store.close()
    with sqlite3.connect(path) as old:
        old.executescript(
            "DROP INDEX objects_due_by_clock; ALTER TABLE objects DROP COLUMN clock;"
            "ALTER TABLE deliveries DROP COLUMN is_unsettled;"
            "ALTER TABLE deliveries DROP COLUMN is_copy; DROP TABLE settings;"
            "INSERT INTO objects (account, kind, id, body, hidden) VALUES"
            " ('acct_1', 'product', 'prod_1', '{\"id\": \"prod_1\"}', '{}');"
            "PRAGMA user_version = 1;"
        )
    old.close()

    store = Store(path)
    kept = store.find("acct_1", "product", "prod_1")
    version = store.execute("PRAGMA user_version").fetchone()[0]
    store.close()

    assert kept is not None
    assert kept.clock is None
    assert SCHEMA_VERSION == version
