"""The customer portal (https://docs.stripe.com/customer-management)."""

import pytest
import stripe

from tests.unit.stripe_simulator.harness import DAY, Simulator, submit_page

HOUR = 3600


@pytest.fixture
def subscription(client: stripe.StripeClient, price: stripe.Price) -> stripe.Subscription:
    """Give a running subscription."""
    customer = client.v1.customers.create({"email": "grace@example.com"})
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    return client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "default_payment_method": card.id,
        }
    )


def configure(
    client: stripe.StripeClient, *, enabled: bool = True
) -> stripe.billing_portal.Configuration:
    """Create a portal in which people may cancel."""
    return client.v1.billing_portal.configurations.create(
        {
            "features": {
                "subscription_cancel": {"enabled": enabled, "mode": "at_period_end"},
                "invoice_history": {"enabled": True},
                "payment_method_update": {"enabled": True},
                "customer_update": {"enabled": True, "allowed_updates": ["email"]},
            }
        }
    )


def open_portal(
    client: stripe.StripeClient, subscription: stripe.Subscription, *, enabled: bool = True
) -> str:
    """Open the portal for the subscription's customer; give its page."""
    session = client.v1.billing_portal.sessions.create(
        {
            "customer": str(subscription.customer),
            "configuration": configure(client, enabled=enabled).id,
            "return_url": "http://localhost:9/account",
        }
    )
    return session.url


def test_without_a_configuration_there_is_no_portal(
    client: stripe.StripeClient, subscription: stripe.Subscription
) -> None:
    """Stripe's own words; nobody has saved a default in a dashboard."""
    with pytest.raises(stripe.InvalidRequestError, match="default configuration has not been"):
        client.v1.billing_portal.sessions.create({"customer": str(subscription.customer)})


def test_an_inactive_configuration_opens_nothing(
    client: stripe.StripeClient, subscription: stripe.Subscription
) -> None:
    """It can be switched off."""
    configuration = configure(client)
    client.v1.billing_portal.configurations.update(configuration.id, {"active": False})

    with pytest.raises(stripe.InvalidRequestError, match="not active"):
        client.v1.billing_portal.sessions.create(
            {"customer": str(subscription.customer), "configuration": configuration.id}
        )


def test_cancelling_and_taking_it_back(
    simulator: Simulator, client: stripe.StripeClient, subscription: stripe.Subscription
) -> None:
    """Both are buttons; the subscription follows, and so do its events."""
    url = open_portal(client, subscription)
    seen = []
    for action in ("cancel", "resume"):
        page = simulator.http.get(url)
        assert submit_page(simulator.http, page, {}, press=("action", action)).status_code == 303
        seen.append(client.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end)

    assert [True, False] == seen
    assert simulator.types()[-2:] == ["customer.subscription.updated"] * 2


def test_a_portal_that_does_not_allow_it_refuses(
    simulator: Simulator, client: stripe.StripeClient, subscription: stripe.Subscription
) -> None:
    """There is no button, and a form posted by hand is refused."""
    url = open_portal(client, subscription, enabled=False)

    assert 'value="cancel"' not in simulator.http.get(url).text
    forged = {"action": "cancel", "subscription": subscription.id}
    assert 409 == simulator.http.post(url, data=forged).status_code


def test_nobody_cancels_another_customers_subscription(
    simulator: Simulator,
    client: stripe.StripeClient,
    subscription: stripe.Subscription,
    price: stripe.Price,
) -> None:
    """The portal knows its customer's subscriptions only."""
    other = client.v1.customers.create({})
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": other.id})
    theirs = client.v1.subscriptions.create(
        {
            "customer": other.id,
            "items": [{"price": price.id}],
            "default_payment_method": card.id,
        }
    )

    forged = {"action": "cancel", "subscription": theirs.id}
    answer = simulator.http.post(open_portal(client, subscription), data=forged)

    assert 409 == answer.status_code


def test_a_link_to_the_portal_is_short_lived(
    simulator: Simulator, client: stripe.StripeClient, subscription: stripe.Subscription
) -> None:
    """After an hour a new one is needed."""
    url = open_portal(client, subscription)
    assert "http://localhost:9/account" in simulator.http.get(url).text
    simulator.advance(HOUR)

    assert 404 == simulator.http.get(url).status_code


def test_an_ended_subscription_is_not_shown(
    simulator: Simulator, client: stripe.StripeClient, subscription: stripe.Subscription
) -> None:
    """Nothing is left to do about it."""
    client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    simulator.advance(32 * DAY)

    page = simulator.http.get(open_portal(client, subscription))

    assert "no running subscription" in page.text
