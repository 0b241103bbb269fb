"""What a Checkout may add or take off: promotion codes and tax.

https://docs.stripe.com/payments/checkout/discounts and https://docs.stripe.com/tax/checkout
"""

from typing import Any

import pytest
import stripe

from tests.unit.stripe_simulator.harness import DAY, Simulator, submit_page
from tests.unit.stripe_simulator.selling import HOUR, item_of, read


def open_page(client: stripe.StripeClient, price: stripe.Price, **options: Any) -> Any:
    """Open a Checkout session."""
    wanted: Any = {
        "mode": "subscription",
        "line_items": [{"price": price.id, "quantity": 1}],
        "success_url": "http://localhost:9/ok",
        **options,
    }
    return client.v1.checkout.sessions.create(wanted)


@pytest.fixture
def half(client: stripe.StripeClient) -> stripe.Coupon:
    """Give a coupon of half the price, for ever."""
    return client.v1.coupons.create({"percent_off": 50, "duration": "forever"})


def code_for(client: stripe.StripeClient, coupon: stripe.Coupon, **options: Any) -> Any:
    """Create a promotion code."""
    wanted: Any = {"code": "HALF", "promotion": {"type": "coupon", "coupon": coupon.id}, **options}
    return client.v1.promotion_codes.create(wanted)


def test_a_code_on_the_page_takes_its_coupon_off(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price, half: stripe.Coupon
) -> None:
    """Capitals do not matter; session, invoice and subscription all show it."""
    code = code_for(client, half)
    session = open_page(client, price, allow_promotion_codes=True)
    assert 303 == simulator.fill_in(session.url, promotion_code="half").status_code

    paid = client.v1.checkout.sessions.retrieve(session.id)
    subscription = client.v1.subscriptions.retrieve(
        str(paid.subscription), {"expand": ["discounts.source.coupon", "latest_invoice"]}
    )
    discount: Any = subscription.discounts[0]

    assert (1450, 1450) == (paid.amount_total, paid.total_details.amount_discount)  # type: ignore[union-attr]
    assert (code.id, half.id) == (discount.promotion_code, discount.source.coupon.id)
    assert 1450 == subscription.latest_invoice.amount_paid  # type: ignore[union-attr]
    assert 1 == client.v1.promotion_codes.retrieve(code.id).times_redeemed


@pytest.mark.parametrize(
    ("options", "typed"),
    [
        ({}, "OTHER"),
        ({"active": False}, "HALF"),
        ({"restrictions": {"minimum_amount": 5000, "minimum_amount_currency": "usd"}}, "HALF"),
        ({"expires_at": 1}, "HALF"),
    ],
    ids=["unknown", "switched off", "too little", "expired"],
)
def test_a_code_that_is_not_valid_leaves_the_page_open(
    simulator: Simulator,
    client: stripe.StripeClient,
    price: stripe.Price,
    half: stripe.Coupon,
    options: dict[str, Any],
    typed: str,
) -> None:
    """The form comes back with the reason, and nothing is made."""
    code_for(client, half, **options)
    session = open_page(client, price, allow_promotion_codes=True)
    refused = simulator.fill_in(session.url, promotion_code=typed)

    assert (402, True) == (refused.status_code, "This code is invalid." in refused.text)
    assert "open" == client.v1.checkout.sessions.retrieve(session.id).status


def test_the_last_redemption_switches_a_code_off(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price, half: stripe.Coupon
) -> None:
    """``max_redemptions`` is counted across people."""
    code_for(client, half, max_redemptions=1)
    statuses = [
        simulator.fill_in(
            open_page(client, price, allow_promotion_codes=True).url, promotion_code="HALF"
        ).status_code
        for _ in range(2)
    ]

    assert [303, 402] == statuses


def test_a_page_without_codes_takes_none(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price, half: stripe.Coupon
) -> None:
    """There is no field, and posting one all the same is refused."""
    code_for(client, half)
    session = open_page(client, price)

    assert "promotion_code" not in simulator.http.get(session.url).text
    assert 402 == simulator.fill_in(session.url, promotion_code="HALF").status_code


def test_two_active_codes_never_share_their_letters(
    client: stripe.StripeClient, half: stripe.Coupon
) -> None:
    """Nobody could tell which one was meant."""
    code_for(client, half)

    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        code_for(client, half)


@pytest.fixture
def taxed(simulator: Simulator, client: stripe.StripeClient) -> None:
    """Set Stripe Tax up on our own account, at ten percent."""
    own = client.v1.accounts.retrieve_current().id
    page = simulator.http.get(f"{simulator.url}/accounts/{own}")
    submit_page(simulator.http, page, {"tax_percent": "10"}, press=("action", "billing"))


@pytest.mark.usefixtures("taxed")
def test_tax_is_added_to_every_invoice(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """On the first payment and on renewals; the price stays what it is."""
    session = open_page(client, price, automatic_tax={"enabled": True})
    simulator.fill_in(session.url)
    paid = client.v1.checkout.sessions.retrieve(session.id)
    before = item_of(read(simulator, str(paid.subscription)))
    simulator.advance(before["current_period_end"] - before["current_period_start"] + HOUR)
    renewed = read(simulator, str(paid.subscription))["latest_invoice"]

    assert (3190, 290, "complete") == (
        paid.amount_total,
        paid.total_details.amount_tax,  # type: ignore[union-attr]
        paid.automatic_tax.status,
    )
    assert (3190, 2900, 290) == (
        renewed["amount_paid"],
        renewed["total_excluding_tax"],
        renewed["total_taxes"][0]["amount"],
    )


def test_tax_that_is_not_set_up_opens_no_page(
    client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Stripe's own words."""
    with pytest.raises(stripe.InvalidRequestError, match="enable automatic tax calculation"):
        open_page(client, price, automatic_tax={"enabled": True})


@pytest.mark.usefixtures("taxed")
def test_a_customer_without_an_address_is_not_taxed_unless_one_may_be_kept(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """``customer_update[address]=auto`` keeps the one of the page."""
    customer = client.v1.customers.create({"email": "grace@example.com"}).id
    taxed = {"automatic_tax": {"enabled": True}, "customer": customer}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_page(client, price, **taxed)
    session = open_page(client, price, **taxed, customer_update={"address": "auto"})
    simulator.fill_in(session.url)

    assert "customer_tax_location_invalid" == refused.value.code
    assert client.v1.customers.retrieve(customer).address is not None


def test_an_account_that_may_not_be_paid_opens_no_page(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Charges are switched off and on by Stripe; who may pay again, may."""
    own = client.v1.accounts.retrieve_current().id
    url = f"{simulator.url}/accounts/{own}"
    submit_page(simulator.http, simulator.http.get(url), {}, press=("action", "disable_charges"))
    with pytest.raises(stripe.InvalidRequestError, match="cannot currently make live charges"):
        open_page(client, price)
    submit_page(simulator.http, simulator.http.get(url), {}, press=("action", "enable_charges"))

    assert open_page(client, price).url


def test_a_coupon_for_a_while_ends(
    simulator: Simulator, client: stripe.StripeClient, price: stripe.Price
) -> None:
    """Repeating for two months, then the whole price."""
    coupon = client.v1.coupons.create(
        {"percent_off": 50, "duration": "repeating", "duration_in_months": 2}
    )
    code_for(client, coupon)
    session = open_page(client, price, allow_promotion_codes=True)
    simulator.fill_in(session.url, promotion_code="HALF")
    simulator.advance(95 * DAY)
    subscription = client.v1.checkout.sessions.retrieve(session.id).subscription
    invoices = client.v1.invoices.list({"subscription": str(subscription)}).data[::-1]

    assert [1450, 1450, 2900, 2900] == [invoice.amount_paid for invoice in invoices]
