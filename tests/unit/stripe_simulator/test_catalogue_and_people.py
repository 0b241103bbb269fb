"""Products, prices, coupons, customers and their cards."""

import pytest
import stripe

from tests.unit.stripe_simulator.conftest import monthly_price
from tests.unit.stripe_simulator.harness import Simulator


def test_a_product_is_archived_and_taken_back(client: stripe.StripeClient) -> None:
    """https://docs.stripe.com/api/products/update: ``active`` hides it from new purchases."""
    product = client.v1.products.create({"name": "Pro", "metadata": {"tier": "pro"}})
    client.v1.products.update(product.id, {"active": False})

    assert [] == client.v1.products.list({"active": True}).data
    assert client.v1.products.update(product.id, {"active": True}).active


def test_metadata_is_merged_and_an_empty_value_takes_a_key_out(
    client: stripe.StripeClient,
) -> None:
    """https://docs.stripe.com/api/metadata."""
    product = client.v1.products.create({"name": "Pro", "metadata": {"a": "1", "b": "2"}})

    changed = client.v1.products.update(product.id, {"metadata": {"a": "", "c": "3"}})

    assert {"b": "2", "c": "3"} == dict(changed.metadata)


def test_an_update_tells_what_was_before(client: stripe.StripeClient) -> None:
    """``previous_attributes`` lists only what changed, with the old values."""
    product = client.v1.products.create({"name": "Pro", "metadata": {"a": "1"}})
    client.v1.products.update(product.id, {"name": "Max", "metadata": {"b": "2"}})

    event = client.v1.events.list({"type": "product.updated"}).data[0]

    previous = dict(event.data.get("previous_attributes", {}))
    assert ("Pro", {"b": None}) == (previous["name"], previous["metadata"])
    assert {"name", "metadata"} <= set(previous) <= {"name", "metadata", "updated"}


def test_a_product_with_prices_cannot_be_deleted(
    client: stripe.StripeClient, price: stripe.Price
) -> None:
    """https://docs.stripe.com/api/products/delete."""
    with pytest.raises(stripe.InvalidRequestError, match="user-created prices"):
        client.v1.products.delete(str(price.product))


def test_a_product_without_prices_can(client: stripe.StripeClient) -> None:
    """Afterwards it is gone."""
    product = client.v1.products.create({"name": "Pro"})
    client.v1.products.delete(product.id)

    with pytest.raises(stripe.InvalidRequestError, match="No such product"):
        client.v1.products.retrieve(product.id)


def test_a_lookup_key_moves_only_on_demand(client: stripe.StripeClient) -> None:
    """https://docs.stripe.com/products-prices/manage-prices#lookup-keys."""
    product = client.v1.products.create({"name": "Pro"})
    wanted: stripe.params.PriceCreateParams = {
        "product": product.id,
        "currency": "usd",
        "unit_amount": 100,
        "lookup_key": "monthly",
    }
    first = client.v1.prices.create(wanted)
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        client.v1.prices.create(wanted)
    second = client.v1.prices.create({**wanted, "transfer_lookup_key": True})

    assert [second.id] == [p.id for p in client.v1.prices.list({"lookup_keys": ["monthly"]}).data]
    assert client.v1.prices.retrieve(first.id).lookup_key is None


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"product": "prod_none"}, "product"),
        ({"currency": "dollars"}, "currency"),
        ({"unit_amount": -1}, "unit_amount"),
        ({"unit_amount": 100_000_000}, "unit_amount"),
        ({"recurring": {"interval": "year", "interval_count": 4}}, "recurring[interval_count]"),
    ],
)
def test_a_price_that_stripe_refuses_is_refused(
    client: stripe.StripeClient, wrong: dict[str, object], param: str
) -> None:
    """https://docs.stripe.com/api/prices/create."""
    product = client.v1.products.create({"name": "Pro"})
    right = {"product": product.id, "currency": "usd", "unit_amount": 100}

    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.prices.create({**right, **wrong})  # type: ignore[typeddict-item] # wrong on purpose

    assert param == caught.value.param


def test_a_price_can_bring_its_product(client: stripe.StripeClient) -> None:
    """``product_data`` makes both at once."""
    price = client.v1.prices.create(
        {"product_data": {"name": "Pro"}, "currency": "usd", "unit_amount": 1500}
    )

    assert "Pro" == client.v1.products.retrieve(str(price.product)).name


def test_coupons_take_an_amount_or_a_percentage(client: stripe.StripeClient) -> None:
    """https://docs.stripe.com/api/coupons/create: exactly one of the two."""
    half = client.v1.coupons.create({"percent_off": 50, "duration": "forever", "id": "HALF"})

    assert (50, True, 0) == (half.percent_off, half.valid, half.times_redeemed)
    with pytest.raises(stripe.InvalidRequestError, match="exactly one"):
        client.v1.coupons.create({"percent_off": 50, "amount_off": 100, "currency": "usd"})


def test_a_deleted_customer_is_answered_as_deleted(client: stripe.StripeClient) -> None:
    """https://docs.stripe.com/api/customers/retrieve: not as missing."""
    customer = client.v1.customers.create({"email": "grace@example.com"})
    client.v1.customers.delete(customer.id)

    assert client.v1.customers.retrieve(customer.id).deleted is True
    assert [] == client.v1.customers.list().data
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.customers.update(customer.id, {"name": "Grace"})


def test_customers_are_found_by_email(client: stripe.StripeClient) -> None:
    """The address must be equal."""
    wanted = client.v1.customers.create({"email": "grace@example.com"})
    client.v1.customers.create({"email": "ada@example.com"})

    found = client.v1.customers.list({"email": "grace@example.com"})

    assert [wanted.id] == [customer.id for customer in found.data]


def test_a_ready_made_card_becomes_a_customers_own(client: stripe.StripeClient) -> None:
    """https://docs.stripe.com/testing: ``pm_card_visa`` attaches as a new payment method."""
    customer = client.v1.customers.create({})
    kept = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})

    assert "4242" == (kept.card and kept.card.last4)
    assert [kept.id] == [
        card.id for card in client.v1.payment_methods.list({"customer": customer.id}).data
    ]


def test_a_card_that_is_declined_cannot_be_attached(client: stripe.StripeClient) -> None:
    """The bank is asked when it is stored."""
    customer = client.v1.customers.create({})

    with pytest.raises(stripe.CardError, match="declined"):
        client.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})


def test_an_account_on_connect_has_a_catalogue_of_its_own(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """Products are created on the account that the header names."""
    account = simulator.connect()
    monthly_price(client, 2900, {"stripe_account": account})

    assert [] == client.v1.products.list().data
    assert 1 == len(client.v1.products.list(None, {"stripe_account": account}).data)
