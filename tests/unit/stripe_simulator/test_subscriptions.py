"""The life of a subscription: what time, people and the API do to it.

https://docs.stripe.com/billing/subscriptions/overview
"""

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from tests.unit.stripe_simulator.conftest import monthly_price
from tests.unit.stripe_simulator.harness import DAY, GOOD_CARD, Json, Simulator

HOUR = 3600
FAILS_LATER = "4000 0000 0000 0341"


def subscribe(
    simulator: Simulator,
    price: stripe.Price,
    *,
    card: str = GOOD_CARD,
    **subscription_data: Any,
) -> str:
    """Sell *price* through Checkout; give the subscription's id."""
    sessions = simulator.client().v1.checkout.sessions
    wanted: Any = {"metadata": {}, **subscription_data}
    session = sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": price.id, "quantity": 1}],
            "success_url": "http://localhost:9/ok",
            "subscription_data": wanted,
        }
    )
    assert session.url is not None
    assert simulator.fill_in(session.url, card).status_code == 303
    return str(sessions.retrieve(session.id).subscription)


def read(simulator: Simulator, subscription_id: str) -> Json:
    """Read a subscription with its latest invoice."""
    found: Json = simulator.client().v1.subscriptions.retrieve(
        subscription_id, {"expand": ["latest_invoice"]}
    )
    return found


def item_of(subscription: Json) -> Json:
    """Give the only item."""
    (item,) = subscription["items"]["data"]
    found: Json = item
    return found


# Time


def test_a_subscription_renews_at_the_boundary_of_its_period(
    simulator: Simulator, price: stripe.Price
) -> None:
    """The next period starts where the last ended; its invoice is drafted, then paid."""
    subscription_id = subscribe(simulator, price)
    before = item_of(read(simulator, subscription_id))
    simulator.advance(before["current_period_end"] - before["current_period_start"])

    drafted = read(simulator, subscription_id)
    simulator.advance(HOUR)
    paid = read(simulator, subscription_id)

    assert before["current_period_end"] == item_of(drafted)["current_period_start"]
    assert ("draft", "subscription_cycle") == (
        drafted["latest_invoice"]["status"],
        drafted["latest_invoice"]["billing_reason"],
    )
    assert ("paid", 2900) == (
        paid["latest_invoice"]["status"],
        paid["latest_invoice"]["amount_paid"],
    )


def test_a_leap_of_months_bills_each_of_them_at_its_own_date(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Four periods, four invoices, each created at its boundary."""
    subscription_id = subscribe(simulator, price)
    simulator.advance(100 * DAY)

    invoices = client.v1.invoices.list({"subscription": subscription_id}).data[::-1]

    starts = [invoice.lines.data[0].period.start for invoice in invoices]
    assert 4 == len(invoices)
    assert starts == [invoice.created for invoice in invoices]
    assert {"paid"} == {str(invoice.status) for invoice in invoices}


def test_a_first_invoice_has_no_period_of_its_own(
    simulator: Simulator, price: stripe.Price
) -> None:
    """``period_start == period_end``; what was paid for stands on the line."""
    subscription = read(simulator, subscribe(simulator, price))
    invoice, item = subscription["latest_invoice"], item_of(subscription)

    assert invoice["period_start"] == invoice["period_end"]
    assert {"start": item["current_period_start"], "end": item["current_period_end"]} == dict(
        invoice["lines"]["data"][0]["period"]
    )


def test_a_trial_ends_with_the_first_bill(simulator: Simulator, price: stripe.Price) -> None:
    """A warning three days before, then active and billed."""
    subscription_id = subscribe(simulator, price, trial_period_days=14)
    simulator.advance(11 * DAY)
    simulator.client().v1.subscriptions.retrieve(subscription_id)
    assert "customer.subscription.trial_will_end" in simulator.types()
    simulator.advance(3 * DAY + HOUR)

    subscription = read(simulator, subscription_id)

    assert ("active", "paid", 2900) == (
        subscription["status"],
        subscription["latest_invoice"]["status"],
        subscription["latest_invoice"]["amount_paid"],
    )


def test_a_failed_renewal_is_past_due_and_retried(
    simulator: Simulator, price: stripe.Price
) -> None:
    """The invoice stays open and says when the next attempt is."""
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    simulator.advance(31 * DAY + HOUR)

    subscription = read(simulator, subscription_id)

    invoice = subscription["latest_invoice"]
    assert ("past_due", "open", 1) == (
        subscription["status"],
        invoice["status"],
        invoice["attempt_count"],
    )
    assert invoice["next_payment_attempt"] > invoice["created"]
    assert "invoice.payment_failed" in simulator.types()


def test_after_the_last_retry_the_subscription_ends(
    simulator: Simulator, price: stripe.Price
) -> None:
    """https://docs.stripe.com/billing/revenue-recovery/smart-retries: cancelled by default."""
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    simulator.advance(31 * DAY + HOUR + 15 * DAY)

    subscription = read(simulator, subscription_id)

    assert ("canceled", "payment_failed") == (
        subscription["status"],
        subscription["cancellation_details"]["reason"],
    )
    assert 4 == subscription["latest_invoice"]["attempt_count"]


def test_a_new_card_brings_a_past_due_subscription_back(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Paying the open invoice makes it active again."""
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    simulator.advance(31 * DAY + HOUR)
    past_due = read(simulator, subscription_id)
    with pytest.raises(stripe.CardError):
        client.v1.invoices.pay(past_due["latest_invoice"]["id"])
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": past_due["customer"]})
    client.v1.subscriptions.update(subscription_id, {"default_payment_method": card.id})

    paid = client.v1.invoices.pay(past_due["latest_invoice"]["id"])

    assert ("paid", 3) == (paid.status, paid.attempt_count)
    assert "active" == read(simulator, subscription_id)["status"]


# Ending


def test_cancelling_at_period_end_keeps_it_until_then(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``cancel_at`` says when; then one ``deleted`` event and no further invoice."""
    subscription_id = subscribe(simulator, price)
    scheduled: Json = client.v1.subscriptions.update(
        subscription_id, {"cancel_at_period_end": True}
    )
    end = item_of(scheduled)["current_period_end"]
    assert ("active", end) == (scheduled["status"], scheduled["cancel_at"])
    simulator.advance(32 * DAY)

    ended = read(simulator, subscription_id)

    assert ("canceled", end, "cancellation_requested") == (
        ended["status"],
        ended["ended_at"],
        ended["cancellation_details"]["reason"],
    )
    assert "subscription_create" == ended["latest_invoice"]["billing_reason"]
    assert 1 == simulator.types().count("customer.subscription.deleted")


def test_the_wish_to_cancel_shows_in_previous_attributes(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Only what changed, nested parts in part."""
    subscription_id = subscribe(simulator, price)
    client.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": True})

    event = simulator.events()[-1]

    assert {
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"reason": None},
    } == event["data"]["previous_attributes"]


def test_the_wish_to_cancel_can_be_taken_back(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Then it renews as if nothing had been."""
    subscription_id = subscribe(simulator, price)
    client.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": True})
    client.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": False})
    simulator.advance(32 * DAY)

    assert "active" == read(simulator, subscription_id)["status"]


def test_a_cancelled_subscription_cannot_be_cancelled_again(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """It can be read; for changes it is missing."""
    subscription_id = subscribe(simulator, price)
    client.v1.subscriptions.cancel(subscription_id)

    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        client.v1.subscriptions.cancel(subscription_id)
    assert "canceled" == read(simulator, subscription_id)["status"]


def test_ended_subscriptions_are_listed_only_on_demand(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/subscriptions/list: ``status=all`` shows them."""
    subscription_id = subscribe(simulator, price)
    client.v1.subscriptions.cancel(subscription_id)

    filters: list[Any] = [{}, {"status": "all"}, {"status": "canceled"}, {"status": "active"}]
    counts = [len(client.v1.subscriptions.list(wanted).data) for wanted in filters]

    assert [0, 1, 1, 0] == counts


def test_deleting_a_customer_cancels_what_they_have(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/customers/delete."""
    subscription_id = subscribe(simulator, price)
    client.v1.customers.delete(read(simulator, subscription_id)["customer"])

    assert "canceled" == read(simulator, subscription_id)["status"]


# Changing (https://docs.stripe.com/billing/subscriptions/prorations)


def change(
    client: stripe.StripeClient, subscription: Json, price: stripe.Price, **how: str
) -> Json:
    """Move the only item to *price*."""
    item = {"id": item_of(subscription)["id"], "price": price.id}
    wanted: Any = {"items": [item], **how, "expand": ["latest_invoice"]}
    changed: Json = client.v1.subscriptions.update(subscription["id"], wanted)
    return changed


def test_an_upgrade_bills_the_rest_of_the_period_at_once(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``always_invoice``: credit for the old, charge for the new, by the second."""
    dearer = monthly_price(client, 9900)
    subscription = read(simulator, subscribe(simulator, price))
    item = item_of(subscription)
    whole = item["current_period_end"] - item["current_period_start"]
    simulator.advance(whole // 2)

    changed = change(client, subscription, dearer, proration_behavior="always_invoice")

    invoice = changed["latest_invoice"]
    expected = (9900 - 2900) / 2
    assert ("subscription_update", "paid") == (invoice["billing_reason"], invoice["status"])
    assert abs(invoice["amount_paid"] - expected) < 2
    assert item["current_period_end"] == item_of(changed)["current_period_end"]
    details = [line["parent"]["subscription_item_details"] for line in invoice["lines"]["data"]]
    assert [True, True] == [detail["proration"] for detail in details]


def test_a_change_is_told_of_once(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """One ``updated`` event carries the old items and the old invoice."""
    subscription = read(simulator, subscribe(simulator, price))
    before = len(simulator.events())
    change(client, subscription, monthly_price(client, 9900), proration_behavior="always_invoice")

    updated = [
        event
        for event in simulator.events()[before:]
        if event["type"] == "customer.subscription.updated"
    ]

    assert 1 == len(updated)
    assert {"items", "latest_invoice"} == set(updated[0]["data"]["previous_attributes"])


def test_a_proration_waits_for_the_next_invoice(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``create_prorations``, the default."""
    subscription = read(simulator, subscribe(simulator, price))
    changed = change(client, subscription, monthly_price(client, 9900))
    assert subscription["latest_invoice"]["id"] == changed["latest_invoice"]["id"]
    simulator.advance(32 * DAY)

    invoice = read(simulator, subscription["id"])["latest_invoice"]

    assert 3 == len(invoice["lines"]["data"])
    assert abs(invoice["total"] - (9900 + 9900 - 2900)) < 5


def test_without_proration_the_new_price_starts_with_the_next_period(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``none``: nothing is billed now and nothing is made up for later."""
    subscription = read(simulator, subscribe(simulator, price))
    change(client, subscription, monthly_price(client, 900), proration_behavior="none")
    simulator.advance(32 * DAY)

    assert 900 == read(simulator, subscription["id"])["latest_invoice"]["total"]


def test_a_declined_upgrade_changes_nothing(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``error_if_incomplete``: 402, and price and invoice are what they were."""
    subscription = read(simulator, subscribe(simulator, price, card=FAILS_LATER))

    with pytest.raises(stripe.CardError):
        change(
            client,
            subscription,
            monthly_price(client, 9900),
            proration_behavior="always_invoice",
            payment_behavior="error_if_incomplete",
        )

    after = read(simulator, subscription["id"])
    assert subscription == after


def test_a_downgrade_at_once_leaves_a_credit_for_later(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """A negative invoice becomes balance, which the next invoice uses up."""
    dear, cheap = monthly_price(client, 9900), monthly_price(client, 2900)
    subscription = read(simulator, subscribe(simulator, dear))
    changed = change(client, subscription, cheap, proration_behavior="always_invoice")
    assert -7000 == client.v1.customers.retrieve(subscription["customer"]).balance
    assert 0 == changed["latest_invoice"]["amount_due"]
    simulator.advance(32 * DAY)

    invoice = read(simulator, subscription["id"])["latest_invoice"]

    assert (2900, 0, -4100) == (
        invoice["total"],
        invoice["amount_due"],
        invoice["ending_balance"],
    )


def test_who_has_an_archived_price_keeps_it(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Quantity and notes still change; whoever left the price cannot come back to it."""
    subscription = read(simulator, subscribe(simulator, price))
    client.v1.prices.update(price.id, {"active": False})
    item_id = item_of(subscription)["id"]

    more = client.v1.subscriptions.update(
        subscription["id"], {"items": [{"id": item_id, "price": price.id, "quantity": 2}]}
    )
    change(client, subscription, monthly_price(client, 9900))

    assert 2 == more["items"].data[0].quantity
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        change(client, subscription, price)


def test_a_customer_pays_in_one_currency(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/billing/customer: until what runs has ended."""
    in_euro = client.v1.prices.create(
        {
            "product": str(price.product),
            "currency": "eur",
            "unit_amount": 2900,
            "recurring": {"interval": "month"},
        }
    )
    customer = read(simulator, subscribe(simulator, price))["customer"]

    with pytest.raises(stripe.InvalidRequestError, match="cannot combine currencies"):
        client.v1.subscriptions.create(
            {
                "customer": customer,
                "items": [{"price": in_euro.id}],
                "payment_behavior": "default_incomplete",
            }
        )


def test_another_interval_starts_a_new_period_now(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """From monthly to yearly: credit, a whole year billed, a new anchor."""
    yearly = client.v1.prices.create(
        {
            "product": str(price.product),
            "currency": "usd",
            "unit_amount": 29_000,
            "recurring": {"interval": "year"},
        }
    )
    subscription = read(simulator, subscribe(simulator, price))

    changed = change(client, subscription, yearly)

    assert 26_100 == changed["latest_invoice"]["amount_paid"]
    assert item_of(changed)["current_period_start"] == changed["billing_cycle_anchor"]
    assert item_of(changed)["current_period_end"] - changed["billing_cycle_anchor"] >= 365 * DAY


def test_a_preview_says_what_the_change_will_cost(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/invoices/create_preview: and stores nothing."""
    dearer = monthly_price(client, 9900)
    subscription = read(simulator, subscribe(simulator, price))
    before = simulator.types()
    item: Any = {"id": item_of(subscription)["id"], "price": dearer.id}

    preview = client.v1.invoices.create_preview(
        {
            "subscription": subscription["id"],
            "subscription_details": {
                "items": [item],
                "proration_behavior": "always_invoice",
            },
        }
    )

    assert before == simulator.types()
    assert subscription == read(simulator, subscription["id"])
    changed = change(client, subscription, dearer, proration_behavior="always_invoice")
    assert abs(preview.amount_due - changed["latest_invoice"]["amount_due"]) < 5


def test_a_preview_without_a_change_is_the_next_renewal(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """It bills the period that follows."""
    subscription = read(simulator, subscribe(simulator, price))

    preview = client.v1.invoices.create_preview({"subscription": subscription["id"]})

    assert 2900 == preview.amount_due
    assert item_of(subscription)["current_period_end"] == preview.lines.data[0].period.start


def test_a_trial_can_be_ended_now(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``trial_end=now`` bills the first period at once."""
    subscription_id = subscribe(simulator, price, trial_period_days=14)
    changed: Json = client.v1.subscriptions.update(
        subscription_id, {"trial_end": "now", "expand": ["latest_invoice"]}
    )

    assert ("active", 2900) == (changed["status"], changed["latest_invoice"]["amount_paid"])


# Created through the API


def customer_with(client: stripe.StripeClient, card: str) -> stripe.Customer:
    """Create a customer whose default card is *card*."""
    customer = client.v1.customers.create({"email": "grace@example.com"})
    kept = client.v1.payment_methods.attach(card, {"customer": customer.id})
    return client.v1.customers.update(
        customer.id, {"invoice_settings": {"default_payment_method": kept.id}}
    )


def test_a_customer_with_a_card_is_subscribed_at_once(
    client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/subscriptions/create."""
    customer = customer_with(client, "pm_card_visa")
    created = client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id, "quantity": 2}]}
    )

    items = client.v1.subscription_items.list({"subscription": created.id}).data
    assert ("active", 2) == (created.status, items[0].quantity)


def test_a_customer_without_a_card_is_not(client: stripe.StripeClient, price: stripe.Price) -> None:
    """Stripe's own words."""
    customer = client.v1.customers.create({})

    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})


def test_an_unpaid_start_is_incomplete_for_23_hours(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Then it has expired, and its invoice is void."""
    customer = customer_with(client, "pm_card_chargeCustomerFail")
    created = client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}]}
    )
    assert "incomplete" == created.status
    simulator.advance(23 * HOUR)

    expired = read(simulator, created.id)

    assert ("incomplete_expired", "void") == (
        expired["status"],
        expired["latest_invoice"]["status"],
    )


def test_an_unpaid_start_can_be_refused_as_a_whole(
    client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``error_if_incomplete`` leaves nothing behind."""
    customer = customer_with(client, "pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        client.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": price.id}],
                "payment_behavior": "error_if_incomplete",
            }
        )

    assert [] == client.v1.subscriptions.list({"status": "all"}).data


def test_a_coupon_for_once_is_gone_after_one_invoice(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/billing/subscriptions/coupons: duration ``once``."""
    coupon = client.v1.coupons.create({"amount_off": 900, "currency": "usd", "duration": "once"})
    customer = customer_with(client, "pm_card_visa")
    created = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "discounts": [{"coupon": coupon.id}],
        }
    )
    first = read(simulator, created.id)["latest_invoice"]["amount_paid"]
    simulator.advance(32 * DAY)

    assert (2000, 2900) == (first, read(simulator, created.id)["latest_invoice"]["amount_paid"])


def test_an_items_price_is_shown_as_it_is_now(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """An archived price is archived wherever it shows; what it costs never changes."""
    subscription_id = subscribe(simulator, price)
    client.v1.prices.update(price.id, {"active": False, "metadata": {"tier": "pro"}})

    shown = item_of(read(simulator, subscription_id))["price"]

    assert (False, {"tier": "pro"}, 2900) == (
        shown["active"],
        dict(shown["metadata"]),
        shown["unit_amount"],
    )


@pytest.mark.parametrize(
    ("anchor", "moment", "interval", "expected"),
    [
        ("2026-01-31", "2026-01-31", "month", "2026-02-28"),
        ("2026-01-31", "2026-02-28", "month", "2026-03-31"),
        ("2024-02-29", "2024-02-29", "year", "2025-02-28"),
        ("2024-02-29", "2027-02-28", "year", "2028-02-29"),
        ("2026-01-01", "2026-01-05", "week", "2026-01-08"),
        ("2026-01-01", "2026-01-01", "day", "2026-01-02"),
    ],
)
def test_boundaries_keep_the_anchors_day(
    anchor: str, moment: str, interval: str, expected: str
) -> None:
    """https://docs.stripe.com/billing/subscriptions/billing-cycle: clamped, never drifting."""
    from stripe_simulator.billing.periods import boundary_after  # noqa: PLC0415

    def at(day: str) -> int:
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())

    recurring = {"interval": interval, "interval_count": 1}

    assert at(expected) == boundary_after(at(anchor), at(moment), recurring)
