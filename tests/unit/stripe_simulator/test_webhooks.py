"""Webhooks: endpoints, what is delivered to them, signed how, and how often.

https://docs.stripe.com/webhooks and https://docs.stripe.com/connect/webhooks
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from tests.contract.sdk_types import Walker
from tests.unit.stripe_simulator.harness import (
    DAY,
    PATIENCE_SECONDS,
    Delivered,
    Receiver,
    Simulator,
    running,
)

OWN = "account"
CONNECT = "connect"


@pytest.fixture
def patient(tmp_path: Path, walker: Walker) -> Iterator[Simulator]:
    """Give a simulator that waits a day before it tries again."""
    settings = {"retry_seconds": (DAY,)}
    with running(tmp_path / "patient", tmp_path / "clock.json", walker, **settings) as simulator:
        yield simulator


def listen(
    client: stripe.StripeClient, receiver: Receiver, *, connect: bool = False
) -> stripe.WebhookEndpoint:
    """Create an endpoint that hears everything; its path says of whom."""
    return client.v1.webhook_endpoints.create(
        {
            "url": f"{receiver.url}/{CONNECT if connect else OWN}",
            "enabled_events": ["*"],
            "connect": connect,
            "api_version": "2025-11-17.clover",
        }
    )


def verify(delivered: Delivered, secret: str | None) -> stripe.Event:
    """Verify a delivery as the SDK does."""
    construct: stripe.Event = stripe.Webhook.construct_event(  # type: ignore[no-untyped-call]
        delivered.body, delivered.headers["stripe-signature"], secret
    )
    return construct


def eventually_pending(client: stripe.StripeClient, event_id: str, expected: int) -> bool:
    """Wait until so many endpoints still have to be told."""
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < patience_ends:
        if client.v1.events.retrieve(event_id).pending_webhooks == expected:
            return True
    return False


def shown(simulator: Simulator, words: str) -> str:
    """Wait until the log of deliveries says *words*; give the page."""
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < patience_ends:
        page = simulator.http.get(f"{simulator.url}/events").text
        if words in page:
            return page
    message = f"the log never said {words!r}"
    raise AssertionError(message)


# Endpoints


def test_a_secret_is_shown_once(client: stripe.StripeClient, receiver: Receiver) -> None:
    """https://docs.stripe.com/api/webhook_endpoints/object: only at creation."""
    created = listen(client, receiver)
    read = client.v1.webhook_endpoints.retrieve(created.id)
    changed = client.v1.webhook_endpoints.update(created.id, {"description": "ours"})

    assert str(created.secret).startswith("whsec_sim")
    assert "secret" not in read
    assert "secret" not in changed


def test_a_connected_account_cannot_have_endpoints(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """403 in Stripe's own words: https://github.com/stripe/stripe-php/issues/541."""
    account = simulator.connect()

    with pytest.raises(
        stripe.PermissionError,
        match="You are not permitted to configure webhook endpoints on a connected account",
    ):
        client.v1.webhook_endpoints.create(
            {"url": "https://b.example/hook", "enabled_events": ["*"]}, {"stripe_account": account}
        )


def test_an_account_has_at_most_sixteen_endpoints(client: stripe.StripeClient) -> None:
    """The seventeenth is refused."""
    wanted: stripe.params.WebhookEndpointCreateParams = {
        "url": "http://localhost:9/hook",
        "enabled_events": ["invoice.paid"],
        "connect": True,
    }
    for _ in range(16):
        client.v1.webhook_endpoints.create(wanted)

    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        client.v1.webhook_endpoints.create(wanted)


@pytest.mark.usefixtures("refusals")
def test_an_unknown_event_name_is_refused(simulator: Simulator) -> None:
    """The names are those of the SDK."""
    answer = simulator.api(
        "POST",
        "/v1/webhook_endpoints",
        data={"url": "https://b.example/hook", "enabled_events[]": "invoice.payed"},
    )

    assert (400, "enabled_events[0]") == (answer.status_code, answer.json()["error"]["param"])


# What is delivered to whom


def test_events_of_our_own_account_do_not_name_it(
    client: stripe.StripeClient, receiver: Receiver
) -> None:
    """Only Connect deliveries have ``account``."""
    listen(client, receiver)
    listen(client, receiver, connect=True)
    client.v1.customers.create({})

    delivered = receiver.wait_for("customer.created")

    assert "/account" == delivered.path
    assert "account" not in delivered.event


def test_events_of_a_connected_account_name_it_in_the_signed_body(
    simulator: Simulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """In the body, and in no header: a header would not be signed."""
    listen(client, receiver)
    listen(client, receiver, connect=True)
    account = simulator.connect()
    client.v1.customers.create({}, {"stripe_account": account})

    delivered = receiver.wait_for("customer.created")

    assert ("/connect", account) == (delivered.path, delivered.event["account"])
    assert "stripe-account" not in delivered.headers


def test_the_end_of_a_connection_is_told_to_the_application(
    simulator: Simulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """``account.application.deauthorized`` carries the application, not the account."""
    listen(client, receiver, connect=True)
    account = simulator.connect()
    client.oauth.deauthorize({"stripe_user_id": account})

    event = receiver.wait_for("account.application.deauthorized").event

    assert account == event["account"]
    assert ("application", "ca_simulator") == (
        event["data"]["object"]["object"],
        event["data"]["object"]["id"],
    )


def test_only_what_was_asked_for_is_delivered(
    client: stripe.StripeClient, receiver: Receiver
) -> None:
    """``enabled_events`` counts; so does ``disabled``."""
    client.v1.webhook_endpoints.create(
        {"url": f"{receiver.url}/few", "enabled_events": ["product.created"]}
    )
    disabled = listen(client, receiver)
    client.v1.webhook_endpoints.update(disabled.id, {"disabled": True})
    client.v1.customers.create({})
    client.v1.products.create({"name": "Pro"})

    assert ("/few", "product.created") == (
        (first := receiver.next()).path,
        first.event["type"],
    )


def test_deliveries_look_like_stripes(client: stripe.StripeClient, receiver: Receiver) -> None:
    """The headers of a recorded real one."""
    listen(client, receiver)
    client.v1.customers.create({})

    headers = receiver.next().headers

    assert "Stripe/1.0 (+https://stripe.com/docs/webhooks)" == headers["user-agent"]
    assert "application/json; charset=utf-8" == headers["content-type"]
    assert "no-cache" == headers["cache-control"]


def test_an_event_names_the_request_that_caused_it(
    client: stripe.StripeClient, receiver: Receiver
) -> None:
    """With its idempotency key; what happens by itself names none."""
    listen(client, receiver)
    customer = client.v1.customers.create({}, {"idempotency_key": "k1"})
    assert customer.last_response is not None

    event = receiver.next().event

    assert {"id": customer.last_response.request_id, "idempotency_key": "k1"} == event["request"]


def test_events_are_delivered_in_order(client: stripe.StripeClient, receiver: Receiver) -> None:
    """First in, first out, as long as nothing fails."""
    listen(client, receiver)
    names = [f"customer {number}" for number in range(5)]
    for name in names:
        client.v1.customers.create({"name": name})

    assert names == [receiver.next().event["data"]["object"]["name"] for _ in names]


def test_a_payload_is_frozen_when_the_event_happens(patient: Simulator, receiver: Receiver) -> None:
    """What changes later does not reach an event that is delivered later."""
    client = patient.client()
    listen(client, receiver)
    receiver.answers.put(500)
    product = client.v1.products.create({"name": "Pro"})
    receiver.next()
    shown(patient, ": 500 ")
    client.v1.products.update(product.id, {"name": "Max"})
    patient.advance(DAY)

    assert "Pro" == receiver.wait_for("product.created").event["data"]["object"]["name"]


# Signatures


def test_a_delivery_is_signed_with_its_endpoints_secret(
    client: stripe.StripeClient, receiver: Receiver
) -> None:
    """The SDK accepts it with this secret and with no other."""
    endpoint = listen(client, receiver)
    client.v1.customers.create({})
    delivered = receiver.next()

    assert "customer.created" == verify(delivered, endpoint.secret).type
    with pytest.raises(stripe.SignatureVerificationError):
        verify(delivered, "whsec_other")


def test_v0_is_a_decoy(client: stripe.StripeClient, receiver: Receiver) -> None:
    """Whoever accepted it would accept anything."""
    endpoint = listen(client, receiver)
    client.v1.customers.create({})
    delivered = receiver.next()
    signature = delivered.headers["stripe-signature"]
    only_decoy = re.sub(r"v1=\w+,", "", signature).replace("v0=", "v1=")

    forged = Delivered(delivered.path, {"stripe-signature": only_decoy}, delivered.body)

    assert "v0=" in signature
    with pytest.raises(stripe.SignatureVerificationError):
        verify(forged, endpoint.secret)


def test_each_attempt_is_signed_anew(patient: Simulator, receiver: Receiver) -> None:
    """With the time of the attempt, so that a late one is not stale."""
    client = patient.client()
    listen(client, receiver)
    receiver.answers.put(500)
    client.v1.customers.create({})
    first = receiver.next()
    shown(patient, ": 500 ")
    patient.advance(DAY)
    second = receiver.next()

    times = [int(d.headers["stripe-signature"][2:].split(",")[0]) for d in (first, second)]

    assert first.body == second.body
    assert times[1] - times[0] >= DAY


# Attempts


@pytest.mark.parametrize("status", [302, 404, 500])
def test_anything_but_2xx_is_tried_again(
    client: stripe.StripeClient, receiver: Receiver, status: int
) -> None:
    """Redirects are failures too; ``pending_webhooks`` counts who still has to be told."""
    listen(client, receiver)
    receiver.answers.put(status)
    client.v1.customers.create({})

    first, second = receiver.next(), receiver.next()

    assert (first.event["id"], 1) == (second.event["id"], first.event["pending_webhooks"])
    assert eventually_pending(client, first.event["id"], 0)


def test_after_the_last_attempt_it_rests_until_it_is_sent_again(
    simulator: Simulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """Four attempts here; then the log shows it as failed, with a button."""
    listen(client, receiver)
    for _ in range(4):
        receiver.answers.put(500)
    client.v1.customers.create({})
    arrived = [receiver.next().event["id"] for _ in range(4)]
    page = shown(simulator, "<strong>failed</strong>")
    assert receiver.arrived.empty()

    button = re.search(r'action="(/events/\d+/resend)"', page)
    assert button is not None
    simulator.http.post(simulator.url + button[1])

    assert {receiver.next().event["id"]} == set(arrived)


def test_undelivered_events_can_be_listed(client: stripe.StripeClient, receiver: Receiver) -> None:
    """https://docs.stripe.com/api/events/list: ``delivery_success``."""
    endpoint = listen(client, receiver)
    client.v1.customers.create({})
    delivered = receiver.next().event["id"]
    assert eventually_pending(client, delivered, 0)
    client.v1.webhook_endpoints.update(endpoint.id, {"url": "http://127.0.0.1:9/closed"})
    client.v1.products.create({"name": "Pro"})

    succeeded = client.v1.events.list({"delivery_success": True}).data
    failed = client.v1.events.list({"delivery_success": False}).data

    assert [delivered] == [event.id for event in succeeded]
    assert ["product.created"] == [event.type for event in failed]


def test_a_deleted_endpoint_gets_nothing_more(
    client: stripe.StripeClient, receiver: Receiver
) -> None:
    """Not even what was already owed to it."""
    endpoint = listen(client, receiver)
    client.v1.webhook_endpoints.delete(endpoint.id)
    client.v1.customers.create({})
    listen(client, receiver)
    client.v1.products.create({"name": "Pro"})

    assert "product.created" == receiver.next().event["type"]


def test_events_are_kept_for_thirty_days(simulator: Simulator, client: stripe.StripeClient) -> None:
    """https://docs.stripe.com/api/events: older ones are gone."""
    client.v1.customers.create({})
    event = client.v1.events.list().data[0]
    simulator.advance(31 * DAY)

    assert [] == client.v1.events.list().data
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        client.v1.events.retrieve(event.id)
