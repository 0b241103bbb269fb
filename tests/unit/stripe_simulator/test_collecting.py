"""Money that does not come: dunning, the portal's way out, and pauses.

https://docs.stripe.com/billing/revenue-recovery and
https://docs.stripe.com/billing/subscriptions/pause-payment
"""

from typing import Any

import pytest
import stripe

from tests.unit.stripe_simulator.harness import DAY, GOOD_CARD, Simulator, submit_page
from tests.unit.stripe_simulator.selling import FAILS_LATER, HOUR, item_of, read, subscribe

MONTH_AND_RETRIES = 31 * DAY + 16 * DAY


def set_dunning(simulator: Simulator, choice: str) -> None:
    """Choose what happens when every retry has failed."""
    own = simulator.client().v1.accounts.retrieve_current().id
    page = simulator.http.get(f"{simulator.url}/accounts/{own}")
    submit_page(simulator.http, page, {"dunning": choice}, press=("action", "billing"))


def portal_of(simulator: Simulator, subscription_id: str, **features: Any) -> str:
    """Open the portal of whoever pays for a subscription."""
    client = simulator.client()
    wanted: Any = {"payment_method_update": {"enabled": True}, **features}
    configuration = client.v1.billing_portal.configurations.create({"features": wanted})
    customer = str(client.v1.subscriptions.retrieve(subscription_id).customer)
    session = client.v1.billing_portal.sessions.create(
        {"customer": customer, "configuration": configuration.id}
    )
    return session.url


@pytest.mark.parametrize(
    ("choice", "status"),
    [("cancel", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due")],
)
def test_the_owner_chooses_what_follows_the_last_retry(
    simulator: Simulator, price: stripe.Price, choice: str, status: str
) -> None:
    """A setting of the account, under "manage failed payments"."""
    set_dunning(simulator, choice)
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    simulator.advance(MONTH_AND_RETRIES)

    assert status == read(simulator, subscription_id)["status"]


def test_nobody_is_charged_while_unpaid(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Periods go on, and their invoices wait as drafts."""
    set_dunning(simulator, "unpaid")
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    simulator.advance(MONTH_AND_RETRIES + 31 * DAY)
    newest = client.v1.invoices.list({"subscription": subscription_id}).data[0]

    assert ("draft", False) == (newest.status, newest.auto_advance)


def test_another_card_and_a_payment_bring_a_subscription_back(
    simulator: Simulator, price: stripe.Price
) -> None:
    """Both on the portal's page; the same card again is declined there."""
    set_dunning(simulator, "unpaid")
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    simulator.advance(MONTH_AND_RETRIES)
    url = portal_of(simulator, subscription_id)
    declined = submit_page(simulator.http, simulator.http.get(url), {}, press=("action", "pay"))
    card = {"card_number": GOOD_CARD, "exp": "12/40", "cvc": "123"}
    submit_page(simulator.http, simulator.http.get(url), card, press=("action", "update_card"))
    submit_page(simulator.http, simulator.http.get(url), {}, press=("action", "pay"))

    assert (402, "active") == (declined.status_code, read(simulator, subscription_id)["status"])


def test_a_bad_card_on_the_portal_changes_nothing(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """402 with the words, and the old card stays."""
    subscription_id = subscribe(simulator, price)
    before = client.v1.subscriptions.retrieve(subscription_id).default_payment_method
    url = portal_of(simulator, subscription_id)
    bad = {"card_number": "4000 0000 0000 0002", "exp": "12/40", "cvc": "123"}
    refused = submit_page(
        simulator.http, simulator.http.get(url), bad, press=("action", "update_card")
    )

    assert (402, True) == (refused.status_code, "Your card was declined." in refused.text)
    assert before == client.v1.subscriptions.retrieve(subscription_id).default_payment_method


def test_people_switch_plans_where_the_portal_offers_it(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Only to the prices of its settings, prorated as they say."""
    dearer = client.v1.prices.create(
        {
            "product": str(price.product),
            "currency": "usd",
            "unit_amount": 5900,
            "recurring": {"interval": "month"},
        }
    )
    subscription_id = subscribe(simulator, price)
    switching = {
        "enabled": True,
        "default_allowed_updates": ["price"],
        "products": [{"product": str(price.product), "prices": [price.id, dearer.id]}],
        "proration_behavior": "always_invoice",
    }
    url = portal_of(simulator, subscription_id, subscription_update=switching)
    page = simulator.http.get(url)
    stranger = submit_page(
        simulator.http, page, {"price": "price_other"}, press=("action", "switch")
    )
    submit_page(simulator.http, page, {"price": dearer.id}, press=("action", "switch"))
    after = read(simulator, subscription_id)

    assert 409 == stranger.status_code
    assert (dearer.id, 3000) == (item_of(after)["price"]["id"], after["latest_invoice"]["total"])


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("void", "void"), ("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible")],
)
def test_a_pause_collects_nothing(
    simulator: Simulator,
    client: stripe.StripeClient,
    price: stripe.Price,
    behavior: Any,
    status: str,
) -> None:
    """The subscription stays active; its invoices go the way that was chosen."""
    subscription_id = subscribe(simulator, price)
    client.v1.subscriptions.update(subscription_id, {"pause_collection": {"behavior": behavior}})
    simulator.advance(32 * DAY)
    after = read(simulator, subscription_id)

    assert ("active", status) == (after["status"], after["latest_invoice"]["status"])


def test_a_pause_ends_by_itself_or_by_hand(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``resumes_at``, or the parameter unset."""
    by_itself, by_hand = subscribe(simulator, price), subscribe(simulator, price)
    now = client.v1.subscriptions.retrieve(by_hand).created
    client.v1.subscriptions.update(
        by_itself, {"pause_collection": {"behavior": "void", "resumes_at": now + 40 * DAY}}
    )
    client.v1.subscriptions.update(by_hand, {"pause_collection": {"behavior": "void"}})
    client.v1.subscriptions.update(by_hand, {"pause_collection": ""})
    simulator.advance(63 * DAY)
    invoices = client.v1.invoices.list({"subscription": by_itself}).data[::-1]

    assert ["paid", "void", "paid"] == [invoice.status for invoice in invoices]
    assert client.v1.subscriptions.retrieve(by_itself).pause_collection is None
    assert "paid" == read(simulator, by_hand)["latest_invoice"]["status"]


def test_a_trial_without_a_card_may_pause_and_be_resumed(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Status ``paused`` is not ``pause_collection``; resuming needs a card that pays."""
    customer = client.v1.customers.create({"email": "grace@example.com"}).id
    subscription = client.v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": price.id}],
            "trial_period_days": 7,
            "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
        }
    )
    simulator.advance(8 * DAY)
    paused = read(simulator, subscription.id)["status"]
    with pytest.raises(stripe.CardError):
        client.v1.subscriptions.resume(subscription.id, {"billing_cycle_anchor": "now"})
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    client.v1.subscriptions.update(subscription.id, {"default_payment_method": card.id})
    client.v1.subscriptions.resume(subscription.id, {"billing_cycle_anchor": "now"})
    after = read(simulator, subscription.id)

    assert ("paused", "active", 2900) == (
        paused,
        after["status"],
        after["latest_invoice"]["amount_paid"],
    )
    assert {"customer.subscription.paused", "customer.subscription.resumed"} <= set(
        simulator.types()
    )


def test_time_within_a_retry_is_no_retry(simulator: Simulator, price: stripe.Price) -> None:
    """Past due from the first failure on, and no sooner cancelled."""
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    item = item_of(read(simulator, subscription_id))
    simulator.advance(item["current_period_end"] - item["current_period_start"] + HOUR)
    at_once = read(simulator, subscription_id)
    simulator.advance(2 * DAY)

    assert ("past_due", 1) == (at_once["status"], at_once["latest_invoice"]["attempt_count"])
    assert 1 == read(simulator, subscription_id)["latest_invoice"]["attempt_count"]
