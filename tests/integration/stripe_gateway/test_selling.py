"""Selling on a connected account: products, prices, Checkout, subscriptions, the portal."""

from collections.abc import AsyncIterator

import httpx
import pytest

from dream_api.gateways.stripe import (
    CheckoutRequest,
    ItemMove,
    NewPrice,
    NewProduct,
    Stripe,
    StripeCheckout,
    StripeNotFound,
    StripeRefused,
    SubscriptionChange,
)
from tests.journeys.forms import submit

CARD = {
    "card_number": "4242 4242 4242 4242", "exp": "12/34", "cvc": "123",
    "email": "grace@example.com", "name": "Grace Hopper",
}  # fmt: skip


async def make_price(stripe: Stripe, account: str, cents: int, key: str) -> str:
    """Make a product with one monthly price."""
    product_id = await stripe.create_product(
        account, NewProduct("Pro", {"dreamapi_tier": "pro"}), idempotency_key=f"{key}-product"
    )
    return await stripe.create_price(
        account,
        NewPrice(product_id, cents, "usd", "month", {"dreamapi_tier": "pro"}),
        idempotency_key=f"{key}-price",
    )


@pytest.fixture
async def price_id(stripe: Stripe, account: str) -> str:
    """Give a price of 29 dollars."""
    return await make_price(stripe, account, 2900, f"{account}-pro")


@pytest.fixture
async def checkout(stripe: Stripe, account: str, price_id: str) -> StripeCheckout:
    """Open a Checkout session."""
    request = CheckoutRequest(
        price_id=price_id,
        success_url="https://app.example/ok?session_id={CHECKOUT_SESSION_ID}",
        cancel_url="https://app.example/no",
        client_reference_id="u_1",
        customer_email="grace@example.com",
        metadata={"dreamapi_user_id": "u_1"},
    )
    return await stripe.create_checkout(account, request, idempotency_key=f"{account}-checkout")


@pytest.fixture
async def paid(stripe: Stripe, account: str, checkout: StripeCheckout) -> StripeCheckout:
    """Pay the session with a good card."""
    assert checkout.url is not None
    async with httpx.AsyncClient() as browser:
        await submit(browser, await browser.get(checkout.url), CARD)
    return await stripe.get_checkout(account, checkout.id)


async def test_the_same_key_makes_one_product(stripe: Stripe, account: str) -> None:
    """A repeated submit makes nothing twice."""
    product = NewProduct("Pro")

    first = await stripe.create_product(account, product, idempotency_key=f"{account}-1")
    again = await stripe.create_product(account, product, idempotency_key=f"{account}-1")
    other = await stripe.create_product(account, product, idempotency_key=f"{account}-2")

    assert first == again != other


async def test_a_price_is_archived_and_stays_readable(
    stripe: Stripe, account: str, price_id: str
) -> None:
    """Nobody buys it any more; whoever pays it goes on."""
    before = await stripe.get_price(account, price_id)
    await stripe.archive_price(account, price_id)
    after = await stripe.get_price(account, price_id)

    assert (True, 2900) == (before["active"], before["unit_amount"])
    assert not after["active"]


async def test_an_object_of_another_account_is_not_found(stripe: Stripe, price_id: str) -> None:
    """Accounts cannot see each other, and we cannot mix them up."""
    with pytest.raises(StripeNotFound):
        await stripe.get_price(None, price_id)


async def test_what_stripe_refuses_carries_its_reason(
    stripe: Stripe, account: str, price_id: str
) -> None:
    """The detail says what Stripe says."""
    request = CheckoutRequest(price_id, "not a url", "https://a.example", "u_1")

    with pytest.raises(StripeRefused) as refused:
        await stripe.create_checkout(account, request, idempotency_key=f"{account}-bad")

    assert "Stripe says" in refused.value.detail


async def test_an_open_checkout_is_listed_and_can_be_closed(
    stripe: Stripe, account: str, price_id: str
) -> None:
    """A person who starts anew must not be able to pay twice."""
    customer = await stripe.create_customer(
        account, email=None, name="Grace", metadata={}, idempotency_key=f"{account}-customer"
    )
    request = CheckoutRequest(
        price_id, "https://a.example", "https://a.example", "u_1", customer=customer
    )
    opened = await stripe.create_checkout(account, request, idempotency_key=f"{account}-open")

    listed = await stripe.list_open_checkouts(account, customer)
    await stripe.expire_checkout(account, opened.id)

    assert [opened.id] == [session.id for session in listed]
    assert () == await stripe.list_open_checkouts(account, customer)


async def test_a_paid_checkout_has_a_subscription(
    stripe: Stripe, account: str, paid: StripeCheckout, price_id: str
) -> None:
    """The metadata is on the subscription too, which does not inherit it."""
    assert paid.is_settled
    assert paid.subscription is not None
    subscription = await stripe.get_subscription(account, paid.subscription)

    assert "active" == subscription["status"]
    assert price_id == subscription["items"]["data"][0]["price"]["id"]
    assert {"dreamapi_user_id": "u_1"} == subscription["metadata"]
    assert type(subscription["items"]["data"][0]) is dict


async def test_a_subscription_moves_and_ends(
    stripe: Stripe, account: str, paid: StripeCheckout
) -> None:
    """The preview costs what the change costs; ending it leaves it listed."""
    assert paid.subscription is not None
    assert paid.customer is not None
    dearer = await make_price(stripe, account, 5900, f"{account}-max")
    item_id = (await stripe.get_subscription(account, paid.subscription))["items"]["data"][0]["id"]

    preview = await stripe.preview_change(account, ItemMove(paid.subscription, item_id, dearer))
    moved = await stripe.update_subscription(
        account,
        paid.subscription,
        SubscriptionChange(item_id, dearer, proration_behavior="always_invoice"),
    )
    await stripe.cancel_subscription(account, paid.subscription)
    listed = await stripe.list_subscriptions(account, paid.customer)

    assert (3000, "usd") == (preview.amount_due_cents, preview.currency)
    assert dearer == moved["items"]["data"][0]["price"]["id"]
    assert [(paid.subscription, "canceled")] == [(s["id"], s["status"]) for s in listed]


async def test_the_portal_opens_with_a_configuration_of_ours(
    stripe: Stripe, account: str, paid: StripeCheckout
) -> None:
    """An account without settings refuses the portal, so we bring some."""
    assert paid.customer is not None
    with pytest.raises(StripeRefused):
        await stripe.create_portal(
            account, paid.customer, return_url="https://a.example", configuration=None
        )

    configuration = await stripe.create_portal_configuration(
        account, idempotency_key=f"{account}-portal"
    )
    url = await stripe.create_portal(
        account, paid.customer, return_url="https://a.example", configuration=configuration
    )

    assert url.startswith("http")


@pytest.fixture
async def endpoint_ids(stripe: Stripe) -> AsyncIterator[list[str]]:
    """Collect endpoints and remove them afterwards: there are only sixteen."""
    made: list[str] = []
    yield made
    for endpoint_id in made:
        await stripe.own_account.delete_webhook_endpoint(endpoint_id)


async def test_an_endpoint_tells_its_secret_once(stripe: Stripe, endpoint_ids: list[str]) -> None:
    """Afterwards it is listed without, and still says whom it hears."""
    made = await stripe.own_account.create_webhook_endpoint(
        "http://localhost:1/webhook/stripe", ["account.application.deauthorized"], connect=True
    )
    endpoint_ids.append(made.id)
    await stripe.own_account.update_webhook_endpoint(made.id, ["customer.subscription.updated"])
    listed = {one.id: one for one in await stripe.own_account.list_webhook_endpoints()}[made.id]

    assert (made.secret or "").startswith("whsec_")
    assert listed.secret is None
    assert listed.is_connect
    assert ("customer.subscription.updated",) == listed.enabled_events


async def test_the_platform_price_is_made_once_for_each_amount(stripe: Stripe) -> None:
    """Going back to an earlier amount gives a new price, since the old one lost its place."""
    first = await stripe.own_account.ensure_platform_price(1500)
    again = await stripe.own_account.ensure_platform_price(1500)
    dearer = await stripe.own_account.ensure_platform_price(1900)
    back = await stripe.own_account.ensure_platform_price(1500)

    assert first == again
    assert 3 == len({first, dearer, back})
