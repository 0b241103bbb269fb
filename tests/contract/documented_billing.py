"""What Stripe documents of subscriptions, time, events and money that goes back."""

import time

from tests.contract.documented import DAY, MONTH, documented
from tests.contract.speaker import Speaker

# Subscriptions


@documented("changelog/basil/2025-03-31/deprecate-subscription-current-period-start-and-end")
def periods_stand_on_items(to: Speaker) -> None:
    """The subscription itself has none any more."""
    subscription = to.subscribe(to.customer(), to.price())
    item = subscription["items"].data[0]

    assert item.current_period_end > item.current_period_start
    assert "current_period_end" not in subscription


@documented("changelog/clover/2025-09-30/billing-mode-default-flexible")
def billing_is_flexible_by_default(to: Speaker) -> None:
    """Since 2025-09-30.clover."""
    assert "flexible" == to.subscribe(to.customer(), to.price()).billing_mode.type


@documented("changelog/basil/2025-03-31/adds-new-parent-field-to-invoicing-objects")
def an_invoice_names_its_subscription_by_its_parent(to: Speaker) -> None:
    """And a line its price by its pricing."""
    price = to.price()
    subscription = to.subscribe(to.customer(), price)
    invoice = to.v1.invoices.retrieve(subscription.latest_invoice)

    assert subscription.id == invoice.parent.subscription_details.subscription
    assert price.id == invoice.lines.data[0].pricing.price_details.price


@documented("billing/subscriptions/cancel")
def an_end_with_the_period_is_announced_and_taken_back(to: Speaker) -> None:
    """It stays active until then."""
    subscription = to.subscribe(to.customer(), to.price())
    ending = to.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    running = to.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})

    assert ("active", True) == (ending.status, ending.cancel_at_period_end)
    assert ending["items"].data[0].current_period_end == ending.cancel_at
    assert (False, None) == (running.cancel_at_period_end, running.cancel_at)


@documented("api/subscriptions/cancel")
def an_end_is_final(to: Speaker) -> None:
    """Nothing can be sold on it any more."""
    subscription = to.subscribe(to.customer(), to.price())
    ended = to.v1.subscriptions.cancel(subscription.id)
    other = {"items": [{"price": to.price(900).id}]}

    assert "canceled" == ended.status
    assert ended.ended_at is not None
    assert to.refusal(lambda: to.v1.subscriptions.update(subscription.id, other)).http_status in (
        400,
        404,
    )


@documented("billing/subscriptions/prorations")
def an_upgrade_can_be_invoiced_at_once(to: Speaker) -> None:
    """Credit for what is left of the old price, charge for as much of the new one."""
    subscription = to.subscribe(to.customer(), to.price(1000))
    item = subscription["items"].data[0].id
    changed = to.v1.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": item, "price": to.price(3000).id}],
            "proration_behavior": "always_invoice",
        },
    )
    invoice = to.v1.invoices.retrieve(changed.latest_invoice)

    assert ("subscription_update", "paid") == (invoice.billing_reason, invoice.status)
    assert 1990 <= invoice.amount_paid <= 2000
    assert all(line.parent.subscription_item_details.proration for line in invoice.lines.data)


@documented("billing/subscriptions/prorations#disable-prorations")
def a_change_without_proration_bills_nothing_now(to: Speaker) -> None:
    """The new price counts from the next renewal."""
    subscription = to.subscribe(to.customer(), to.price(3000))
    item, cheaper = subscription["items"].data[0].id, to.price(1000)
    changed = to.v1.subscriptions.update(
        subscription.id,
        {"items": [{"id": item, "price": cheaper.id}], "proration_behavior": "none"},
    )

    assert subscription.latest_invoice == changed.latest_invoice
    assert cheaper.id == changed["items"].data[0].price.id


@documented("api/invoices/create_preview")
def a_preview_stores_nothing(to: Speaker) -> None:
    """What would be due, and no invoice of it."""
    customer = to.customer()
    subscription = to.subscribe(customer, to.price(1000))
    before = to.v1.invoices.list({"customer": customer.id}).data
    item = {"id": subscription["items"].data[0].id, "price": to.price(3000).id}
    preview = to.v1.invoices.create_preview(
        {
            "subscription": subscription.id,
            "subscription_details": {"items": [item], "proration_behavior": "always_invoice"},
        }
    )

    assert 1990 <= preview.amount_due <= 2000
    assert len(before) == len(to.v1.invoices.list({"customer": customer.id}).data)


@documented("billing/subscriptions/overview#subscription-payment-behavior")
def a_declined_first_payment_leaves_it_incomplete(to: Speaker) -> None:
    """With ``allow_incomplete``, the default; there are 23 hours to pay."""
    customer = to.customer(card="pm_card_chargeCustomerFail")
    subscription = to.subscribe(customer, to.price(), payment_behavior="allow_incomplete")

    assert "incomplete" == subscription.status
    assert "open" == to.v1.invoices.retrieve(subscription.latest_invoice).status


@documented("api/invoices/pay")
def what_is_paid_is_not_paid_again(to: Speaker) -> None:
    """The first payment stands."""
    subscription = to.subscribe(to.customer(), to.price())

    assert 400 == to.refusal(lambda: to.v1.invoices.pay(subscription.latest_invoice)).http_status


# Time


@documented("billing/testing/test-clocks")
def a_renewal_is_invoiced_and_paid(to: Speaker) -> None:
    """A new period begins where the old one ended."""
    clock = to.clock()
    customer = to.customer(test_clock=clock.id)
    subscription = to.subscribe(customer, to.price())
    first = subscription["items"].data[0]
    to.advance(clock, MONTH)
    renewed = to.v1.subscriptions.retrieve(subscription.id)
    invoice = to.v1.invoices.retrieve(renewed.latest_invoice)

    assert ("active", "subscription_cycle", "paid") == (
        renewed.status,
        invoice.billing_reason,
        invoice.status,
    )
    assert first.current_period_end == renewed["items"].data[0].current_period_start


@documented("billing/testing/test-clocks/api-advanced-usage")
def a_clock_never_goes_back(to: Speaker) -> None:
    """Only forward."""
    clock = to.clock()
    back = {"frozen_time": clock.frozen_time - DAY}

    assert (
        400
        == to.refusal(lambda: to.v1.test_helpers.test_clocks.advance(clock.id, back)).http_status
    )


@documented("billing/subscriptions/trials")
def a_trial_is_announced_and_then_paid(to: Speaker) -> None:
    """Three days before its end there is an event; at its end the card is charged."""
    clock = to.clock()
    customer = to.customer(test_clock=clock.id)
    subscription = to.subscribe(customer, to.price(), trial_period_days=7)
    free = to.v1.invoices.retrieve(subscription.latest_invoice)
    to.advance(clock, 5 * DAY)
    told = to.v1.events.list({"type": "customer.subscription.trial_will_end", "limit": 20}).data
    to.advance(clock, 3 * DAY)

    assert ("trialing", "paid", 0) == (subscription.status, free.status, free.amount_due)
    assert subscription.id in {event.data.object.id for event in told}
    assert "active" == to.v1.subscriptions.retrieve(subscription.id).status


@documented("billing/revenue-recovery/smart-retries")
def a_failed_renewal_is_past_due_and_tried_again(to: Speaker) -> None:
    """The invoice stays open and says when."""
    clock = to.clock()
    customer = to.customer(test_clock=clock.id, card=None)
    price = to.price()
    subscription = to.subscribe(customer, price, trial_period_days=7)
    card = to.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    to.v1.subscriptions.update(subscription.id, {"default_payment_method": card.id})
    to.advance(clock, 8 * DAY)
    failed = to.v1.subscriptions.retrieve(subscription.id)
    invoice = to.v1.invoices.retrieve(failed.latest_invoice)

    assert ("past_due", "open", 1) == (failed.status, invoice.status, invoice.attempt_count)
    assert invoice.next_payment_attempt is not None


@documented("billing/subscriptions/trials#create-free-trials-without-payment")
def a_trial_without_a_card_can_pause(to: Speaker) -> None:
    """``missing_payment_method=pause``: no invoice, no access, and it can be resumed."""
    clock = to.clock()
    customer = to.customer(test_clock=clock.id, card=None)
    subscription = to.subscribe(
        customer,
        to.price(),
        trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )
    to.advance(clock, 8 * DAY)

    assert "paused" == to.v1.subscriptions.retrieve(subscription.id).status


# Events and endpoints


@documented("api/webhook_endpoints/object")
def a_secret_is_shown_at_creation_only(to: Speaker) -> None:
    """Never again by the API."""
    made = to.v1.webhook_endpoints.create(
        {"url": "https://dream.example/hook", "enabled_events": ["invoice.paid"]}
    )
    read = to.v1.webhook_endpoints.retrieve(made.id)
    to.v1.webhook_endpoints.delete(made.id)

    assert made.secret.startswith("whsec_")
    assert "secret" not in read


@documented("api/webhook_endpoints/create")
def an_event_that_does_not_exist_is_refused(to: Speaker) -> None:
    """A typing error is not swallowed."""
    wanted = {"url": "https://dream.example/hook", "enabled_events": ["invoice.payed"]}

    assert 400 == to.refusal(lambda: to.v1.webhook_endpoints.create(wanted)).http_status


@documented("billing/subscriptions/webhooks")
def a_first_payment_is_told_by_these_events(to: Speaker) -> None:
    """What our handlers wait for is among them."""
    since = int(time.time()) - 60
    subscription = to.subscribe(to.customer(), to.price())
    wanted = {
        "charge.succeeded",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "payment_intent.succeeded",
    }
    told: set[str] = set()
    patience_ends = time.monotonic() + 30
    while not wanted <= told and time.monotonic() < patience_ends:
        events = to.v1.events.list({"limit": 100, "created": {"gte": since}}).data
        told = {event.type for event in events}

    assert "active" == subscription.status
    assert set() == wanted - told


# Money back


@documented("refunds")
def a_refund_is_never_more_than_what_was_paid(to: Speaker) -> None:
    """Several are possible until nothing is left."""
    customer = to.customer()
    to.subscribe(customer, to.price(1000))
    (charge,) = to.v1.charges.list({"customer": customer.id}).data
    to.v1.refunds.create({"charge": charge.id, "amount": 400})
    refusal = to.refusal(lambda: to.v1.refunds.create({"charge": charge.id, "amount": 700}))
    after = to.v1.charges.retrieve(charge.id)

    assert 400 == refusal.http_status
    assert (400, False) == (after.amount_refunded, after.refunded)
