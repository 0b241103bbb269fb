"""Checkout: a session, its page, and what paying changes.

https://docs.stripe.com/payments/checkout/how-checkout-works
"""

import re

import httpx
import pytest
import stripe
from stripe.params.checkout import SessionCreateParams

from tests.unit.stripe_simulator.harness import DAY, Json, Simulator, submit_page

SUCCESS_URL = "http://localhost:9/ok?sid={CHECKOUT_SESSION_ID}"
CANCEL_URL = "http://localhost:9/no"


def open_session(
    client: stripe.StripeClient, price: stripe.Price, **more: object
) -> stripe.checkout.Session:
    """Open a session for one of *price*."""
    params: SessionCreateParams = {
        "mode": "subscription",
        "line_items": [{"price": price.id, "quantity": 1}],
        "success_url": SUCCESS_URL,
        "cancel_url": CANCEL_URL,
    }
    return client.v1.checkout.sessions.create({**params, **more})  # type: ignore[arg-type]


def url_of(session: stripe.checkout.Session) -> str:
    """Give the page of an open session."""
    assert session.url is not None
    return session.url


def reason(page: httpx.Response) -> str:
    """Give what the page says is wrong."""
    found = re.search(r'role="alert"[^>]*>([^<]*)<', page.text)
    assert found is not None, page.text
    return found[1]


def test_paying_redirects_with_the_sessions_id(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``{CHECKOUT_SESSION_ID}`` in the success URL is filled in."""
    session = open_session(client, price)

    answer = simulator.fill_in(url_of(session))

    assert 303 == answer.status_code
    assert f"http://localhost:9/ok?sid={session.id}" == answer.headers["location"]


def test_paying_makes_customer_subscription_and_invoice(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """The session names all of them, and its page is gone."""
    session = open_session(
        client,
        price,
        client_reference_id="usr_9",
        metadata={"tier": "pro"},
        subscription_data={"metadata": {"user": "usr_9"}},
    )
    simulator.fill_in(url_of(session))

    wanted = ["customer", "subscription.latest_invoice", "line_items"]
    paid: Json = client.v1.checkout.sessions.retrieve(session.id, {"expand": wanted})

    assert ("complete", "paid", None) == (paid["status"], paid["payment_status"], paid["url"])
    assert "grace@example.com" == paid["customer"]["email"]
    assert ("active", {"user": "usr_9"}) == (
        paid["subscription"]["status"],
        dict(paid["subscription"]["metadata"]),
    )
    invoice = paid["subscription"]["latest_invoice"]
    assert ("paid", 2900, "subscription_create") == (
        invoice["status"],
        invoice["amount_paid"],
        invoice["billing_reason"],
    )
    assert price.id == paid["line_items"]["data"][0]["price"]["id"]


def test_the_sessions_metadata_does_not_reach_the_subscription(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Only ``subscription_data.metadata`` does, and from there the invoice's parent."""
    session = open_session(
        client, price, metadata={"a": "1"}, subscription_data={"metadata": {"b": "2"}}
    )
    simulator.fill_in(url_of(session))

    subscription: Json = client.v1.subscriptions.list({"expand": ["data.latest_invoice"]}).data[0]

    parent = subscription["latest_invoice"]["parent"]["subscription_details"]
    assert [{"b": "2"}] * 2 == [dict(subscription["metadata"]), dict(parent["metadata"])]


def test_the_events_of_a_first_payment(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """A realistic set; a subscription is born incomplete and updated to active."""
    session = open_session(client, price)
    before = len(simulator.events())
    simulator.fill_in(url_of(session))

    events = simulator.events()[before:]

    assert {
        "customer.created",
        "payment_method.attached",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
        "checkout.session.completed",
    } == {event["type"] for event in events}
    updated = next(e for e in events if e["type"] == "customer.subscription.updated")
    assert {"status": "incomplete"} == updated["data"]["previous_attributes"]


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("4000 0000 0000 0002", "Your card was declined."),
        ("4000000000009995", "Your card has insufficient funds."),
        ("4000-0000-0000-0069", "Your card has expired."),
        ("4242424242424241", "Your card number is invalid."),
        ("not a card", "Your card number is invalid."),
        ("4012888888881881", "used a non test card"),
    ],
)
def test_a_declined_card_leaves_the_session_open(
    simulator: Simulator,
    client: stripe.StripeClient,
    price: stripe.Price,
    card: str,
    words: str,
) -> None:
    """402 with the reason, nothing is made, and another card may be tried."""
    session = open_session(client, price)

    declined = simulator.fill_in(url_of(session), card)

    assert 402 == declined.status_code
    assert words in reason(declined)
    assert [] == client.v1.customers.list().data
    assert 303 == simulator.fill_in(url_of(session)).status_code


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("exp", "13/40", "month is invalid"),
        ("exp", "12/20", "is in the past"),
        ("exp", "soon", "is incomplete"),
        ("cvc", "12", "security code is incomplete"),
        ("email", "nobody", "email is incomplete"),
    ],
)
def test_a_wrong_field_is_shown_with_its_reason(
    simulator: Simulator,
    client: stripe.StripeClient,
    price: stripe.Price,
    field: str,
    value: str,
    words: str,
) -> None:
    """The form comes back with what was typed in."""
    answer = simulator.fill_in(url_of(open_session(client, price)), **{field: value})

    assert 402 == answer.status_code
    assert words in reason(answer)
    assert f'value="{value}"' in answer.text


@pytest.mark.parametrize(("action", "status"), [("approve", 303), ("deny", 402)])
def test_a_bank_may_ask_the_person(
    simulator: Simulator,
    client: stripe.StripeClient,
    price: stripe.Price,
    action: str,
    status: int,
) -> None:
    """3-D Secure: the card travels in hidden fields, the buttons decide."""
    asked = simulator.fill_in(url_of(open_session(client, price)), "4000 0025 0000 3155")

    answer = submit_page(simulator.http, asked, {}, press=("action", action))

    assert (200, status) == (asked.status_code, answer.status_code)


def test_a_session_is_paid_once(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """A second form post makes nothing, and the page says so."""
    session = open_session(client, price)
    page = simulator.http.get(url_of(session))
    card = {"card_number": "4242424242424242", "exp": "12/40", "cvc": "123", "email": "a@b.c"}
    submit_page(simulator.http, page, card)

    again = submit_page(simulator.http, page, card)

    assert 409 == again.status_code
    assert "Already paid" in simulator.http.get(url_of(session)).text
    assert 1 == len(client.v1.subscriptions.list().data)


def test_a_session_expires_after_a_day(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/checkout/sessions/object: 24 hours, and an event."""
    session = open_session(client, price)
    simulator.advance(DAY)

    assert "expired" in simulator.http.get(url_of(session)).text
    found = client.v1.checkout.sessions.retrieve(session.id)
    assert ("expired", "unpaid", None) == (found.status, found.payment_status, found.url)
    assert "checkout.session.expired" in simulator.types()


def test_a_session_can_be_expired_while_it_is_open(
    client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/checkout/sessions/expire: once."""
    session = open_session(client, price)

    assert "expired" == client.v1.checkout.sessions.expire(session.id).status
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        client.v1.checkout.sessions.expire(session.id)


def test_an_account_without_a_name_cannot_use_checkout(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """Stripe's own words."""
    account = simulator.connect(business_name="")
    options: stripe.RequestOptions = {"stripe_account": account}
    product = client.v1.products.create({"name": "Pro"}, options)
    price = client.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 100,
            "recurring": {"interval": "month"},
        },
        options,
    )

    with pytest.raises(stripe.InvalidRequestError, match="you must set an account or business"):
        client.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "line_items": [{"price": price.id, "quantity": 1}],
                "success_url": SUCCESS_URL,
            },
            options,
        )


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"success_url": "localhost/ok"}, "success_url"),
        ({"customer": "cus_none"}, "customer"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"expires_at": 1}, "expires_at"),
        (
            {"subscription_data": {"trial_period_days": 731}},
            "subscription_data[trial_period_days]",
        ),
    ],
)
def test_a_session_that_stripe_refuses_is_refused(
    client: stripe.StripeClient, price: stripe.Price, wrong: dict[str, object], param: str
) -> None:
    """https://docs.stripe.com/api/checkout/sessions/create."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        open_session(client, price, **wrong)

    assert param == caught.value.param


def test_an_archived_price_cannot_be_sold(client: stripe.StripeClient, price: stripe.Price) -> None:
    """Who has it keeps it; nobody new gets it."""
    client.v1.prices.update(price.id, {"active": False})

    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        open_session(client, price)


def test_a_known_customer_is_kept(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """No second customer is made, and the known email cannot be changed on the page."""
    customer = client.v1.customers.create({"email": "ada@example.com"})
    session = open_session(client, price, customer=customer.id)
    simulator.fill_in(url_of(session))

    assert customer.id == client.v1.checkout.sessions.retrieve(session.id).customer
    assert ["ada@example.com"] == [found.email for found in client.v1.customers.list().data]


def test_a_deleted_customer_cannot_pay(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """The page says so, and nothing is made."""
    customer = client.v1.customers.create({"email": "ada@example.com"})
    session = open_session(client, price, customer=customer.id)
    client.v1.customers.delete(customer.id)

    answer = simulator.fill_in(url_of(session))

    assert 400 == answer.status_code
    assert "No such customer" in reason(answer)


def test_a_trial_costs_nothing_today(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/payments/checkout/free-trials: an invoice of nothing."""
    session = open_session(client, price, subscription_data={"trial_period_days": 14})
    simulator.fill_in(url_of(session))

    paid: Json = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription.latest_invoice"]}
    )

    assert ("no_payment_required", "trialing", 0) == (
        paid["payment_status"],
        paid["subscription"]["status"],
        paid["subscription"]["latest_invoice"]["total"],
    )


def test_a_coupon_reduces_what_is_due(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """And its discount stays on the subscription, whose coupon stands under ``source``."""
    coupon = client.v1.coupons.create({"percent_off": 25, "duration": "forever"})
    session = open_session(client, price, discounts=[{"coupon": coupon.id}])
    simulator.fill_in(url_of(session))

    subscription: Json = client.v1.subscriptions.list(
        {"expand": ["data.discounts", "data.latest_invoice"]}
    ).data[0]

    assert 2175 == session.amount_total
    assert 2175 == subscription["latest_invoice"]["amount_paid"]
    assert coupon.id == subscription["discounts"][0]["source"]["coupon"]


def test_the_page_runs_no_script_and_says_that_it_is_simulated(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """A strict policy that leaves form-action open, since a payment ends with a redirect."""
    page = simulator.http.get(url_of(open_session(client, price)))

    policy = page.headers["content-security-policy"]
    assert "SIMULATED — no money moves" in page.text
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action" not in policy
    assert CANCEL_URL in page.text


def test_what_is_shown_is_escaped(simulator: Simulator, client: stripe.StripeClient) -> None:
    """A product's name is text, whatever stands in it."""
    product = client.v1.products.create({"name": "<script>alert(1)</script>"})
    price = client.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 100,
            "recurring": {"interval": "month"},
        }
    )

    assert "<script>" not in simulator.http.get(url_of(open_session(client, price))).text


@pytest.mark.parametrize("path", ["/c/pay/cs_none", "/p/session/bps_none", "/i/in_none"])
def test_a_page_that_is_not_there_is_a_404(simulator: Simulator, path: str) -> None:
    """Readable, for people."""
    answer = simulator.http.get(simulator.url + path)

    assert 404 == answer.status_code
    assert "<h1>" in answer.text
