"""Payments as objects, and money that goes back: refunds and disputes.

https://docs.stripe.com/refunds and https://docs.stripe.com/disputes
"""

import pytest
import stripe

from tests.unit.stripe_simulator.harness import Simulator, submit_page
from tests.unit.stripe_simulator.selling import FAILS_LATER, HOUR, item_of, read, subscribe

DISPUTED = "4000 0000 0000 0259"


@pytest.fixture
def charge(simulator: Simulator, client: stripe.StripeClient, price: stripe.Price) -> stripe.Charge:
    """Sell a subscription; give the charge of its first payment."""
    subscribe(simulator, price)
    (charge,) = client.v1.charges.list().data
    return charge


def test_a_payment_leads_to_its_invoice(client: stripe.StripeClient, charge: stripe.Charge) -> None:
    """Charges name no invoice since 2025-03-31.basil: invoice payments do."""
    payments = client.v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": str(charge.payment_intent)}}
    )
    (payment,) = payments.data

    assert "invoice" not in charge
    assert "paid" == client.v1.invoices.retrieve(str(payment.invoice)).status
    assert ("paid", 2900) == (payment.status, payment.amount_paid)


def test_a_declined_renewal_leaves_a_failed_charge(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Each attempt is a charge of the same payment intent."""
    subscription_id = subscribe(simulator, price, card=FAILS_LATER)
    item = item_of(read(simulator, subscription_id))
    simulator.advance(item["current_period_end"] - item["current_period_start"] + HOUR)

    failed, first = client.v1.charges.list().data
    intent = client.v1.payment_intents.retrieve(str(failed.payment_intent))

    assert ("failed", "card_declined") == (failed.status, failed.failure_code)
    assert ("requires_payment_method", failed.id) == (intent.status, intent.latest_charge)
    assert first.payment_intent != failed.payment_intent


def test_a_refund_in_two_parts(client: stripe.StripeClient, charge: stripe.Charge) -> None:
    """The charge counts up; it is refunded once nothing is left."""
    client.v1.refunds.create({"charge": charge.id, "amount": 900})
    part = client.v1.charges.retrieve(charge.id)
    client.v1.refunds.create({"payment_intent": str(charge.payment_intent)})
    whole = client.v1.charges.retrieve(charge.id)

    assert (900, False) == (part.amount_refunded, part.refunded)
    assert (2900, True) == (whole.amount_refunded, whole.refunded)
    assert 2 == len(client.v1.refunds.list({"charge": charge.id}).data)


def test_a_refund_is_told_with_the_charge(
    simulator: Simulator, client: stripe.StripeClient, charge: stripe.Charge
) -> None:
    """``charge.refunded`` carries the charge as it is then; the subscription goes on."""
    client.v1.refunds.create({"charge": charge.id})
    told = next(e for e in simulator.events() if e["type"] == "charge.refunded")

    assert (charge.id, 2900) == (
        told["data"]["object"]["id"],
        told["data"]["object"]["amount_refunded"],
    )
    assert "customer.subscription.deleted" not in simulator.types()


@pytest.mark.parametrize(
    ("before", "wanted", "words"),
    [
        (None, 3000, "greater than unrefunded amount"),
        (2900, None, "already been refunded"),
        (2000, 901, "greater than unrefunded amount"),
    ],
)
def test_nobody_gets_more_back_than_they_paid(
    client: stripe.StripeClient,
    charge: stripe.Charge,
    before: int | None,
    wanted: int | None,
    words: str,
) -> None:
    """Stripe's own words."""
    if before is not None:
        client.v1.refunds.create({"charge": charge.id, "amount": before})
    parameters: stripe.params.RefundCreateParams = {"charge": charge.id}
    if wanted is not None:
        parameters["amount"] = wanted

    with pytest.raises(stripe.InvalidRequestError, match=words):
        client.v1.refunds.create(parameters)


def test_a_disputed_payment_cannot_be_refunded(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """The bank has the money already; the card of https://docs.stripe.com/testing#disputes."""
    subscribe(simulator, price, card=DISPUTED)
    (charge,) = client.v1.charges.list().data
    (dispute,) = client.v1.disputes.list({"charge": charge.id}).data

    assert (True, "needs_response") == (charge.disputed, dispute.status)
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        client.v1.refunds.create({"charge": charge.id})


@pytest.mark.parametrize(
    ("evidence", "verdict"), [("winning_evidence", "won"), ("losing_evidence", "lost")]
)
def test_evidence_decides_a_dispute(
    simulator: Simulator,
    client: stripe.StripeClient,
    price: stripe.Price,
    evidence: str,
    verdict: str,
) -> None:
    """Two magic words, as in Stripe's test mode; it is closed once."""
    subscribe(simulator, price, card=DISPUTED)
    (dispute,) = client.v1.disputes.list().data
    closed = client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": evidence}})

    assert verdict == closed.status
    assert "charge.dispute.closed" in simulator.types()
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(dispute.id)


def test_the_owner_refunds_and_the_buyer_disputes_by_buttons(simulator: Simulator) -> None:
    """The account's page does what Stripe's dashboard and a bank would."""
    account = simulator.connect()
    client = simulator.client()
    options: stripe.RequestOptions = {"stripe_account": account}
    product = client.v1.products.create({"name": "Pro"}, options)
    mine = client.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 2900,
            "recurring": {"interval": "month"},
        },
        options,
    )
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": mine.id, "quantity": 1}],
            "success_url": "http://localhost:9/ok",
        },
        options,
    )
    simulator.fill_in(str(session.url))
    url = f"{simulator.url}/accounts/{account}"
    page = simulator.http.get(url)
    submit_page(simulator.http, page, {"amount": "100"}, press=("action", "refund"))
    page = simulator.http.get(url)
    submit_page(simulator.http, page, {}, press=("action", "dispute"))
    page = simulator.http.get(url)
    submit_page(simulator.http, page, {}, press=("action", "lose"))

    (charge,) = client.v1.charges.list({}, options).data
    (dispute,) = client.v1.disputes.list({}, options).data
    assert (100, True, "lost") == (charge.amount_refunded, charge.disputed, dispute.status)
