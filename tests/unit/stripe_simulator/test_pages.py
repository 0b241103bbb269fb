"""What the simulator's own pages show to whoever develops against it."""

import html
from urllib.parse import urlencode

import pytest
import stripe

from tests.unit.stripe_simulator.harness import Receiver, Simulator, submit_page


def log(simulator: Simulator, **query: str) -> str:
    """Read the log of events, as far as one asks for."""
    page = simulator.http.get(f"{simulator.url}/events?{urlencode(query)}")
    assert 200 == page.status_code
    return html.unescape(page.text)


def test_the_log_shows_only_what_one_asks_for(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """By the beginning of the type, by account, by both."""
    account = simulator.connect(business_name="Corner shop")
    client.v1.customers.create({"name": "Ours"})
    client.v1.products.create({"name": "Ours too"})
    client.v1.customers.create({"name": "Theirs"}, {"stripe_account": account})

    assert 2 == log(simulator, type="customer.").count("<summary>")
    assert 1 == log(simulator, type="customer.", account=account).count("<summary>")
    assert "Theirs" in log(simulator, account=account, type="customer.")
    assert 0 == log(simulator, type="%").count("<summary>")


def test_an_event_that_nobody_hears_says_so(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """It is in the log all the same, with its payload."""
    client.v1.customers.create({"name": "Grace"})
    page = log(simulator)

    assert "nobody listens" in page
    assert '"name": "Grace"' in page


def test_a_delivery_is_sent_again_from_the_log(
    simulator: Simulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """Whatever became of it before, the same event arrives once more."""
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    client.v1.customers.create({"name": "Grace"})
    first = receiver.wait_for("customer.created")
    page = simulator.http.get(f"{simulator.url}/events?type=customer.created")
    form = page.text.partition('action="/events/')[2].partition('"')[0]
    answer = simulator.http.post(f"{simulator.url}/events/{form}")

    assert 303 == answer.status_code
    assert first.event["id"] == receiver.wait_for("customer.created").event["id"]


def test_the_portal_shows_invoices_where_its_settings_say_so(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Each leads to the page of the invoice."""
    customer = client.v1.customers.create({})
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "default_payment_method": card.id,
        }
    )
    pages = []
    for is_shown in (True, False):
        configuration = client.v1.billing_portal.configurations.create(
            {"features": {"invoice_history": {"enabled": is_shown}}}
        )
        session = client.v1.billing_portal.sessions.create(
            {"customer": customer.id, "configuration": configuration.id}
        )
        pages.append(simulator.http.get(session.url).text)
    invoice = pages[0].partition(f"{simulator.url}/i/")[2].partition('"')[0]

    assert "$29.00 / month" in pages[0]
    assert 200 == simulator.http.get(f"{simulator.url}/i/{invoice}").status_code
    assert "/i/" not in pages[1]


@pytest.mark.parametrize("path", ["/", "/events", "/chaos"])
def test_pages_of_the_desk_lead_to_each_other(simulator: Simulator, path: str) -> None:
    """And say where one is, and that nothing here is real."""
    page = simulator.http.get(f"{simulator.url}{path}").text

    assert f'href="{path}" aria-current="page"' in page
    assert {'href="/"', 'href="/events"', 'href="/chaos"'} == {
        found for found in ('href="/"', 'href="/events"', 'href="/chaos"') if found in page
    }
    assert "no money moves" in page


def test_a_chaos_page_sets_what_it_shows(simulator: Simulator) -> None:
    """Back to calm as well."""
    url = f"{simulator.url}/chaos"
    page = simulator.http.get(url)
    submit_page(simulator.http, page, {"duplicate": "0.5"}, press=("action", "set"))
    wild = simulator.http.get(url)
    submit_page(simulator.http, wild, {}, press=("action", "calm"))

    assert 'name="duplicate" value="0.5"' in wild.text
    assert 'name="duplicate" value="0"' in simulator.http.get(url).text
