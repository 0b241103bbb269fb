"""What Stripe documents of requests, the catalogue and Checkout."""

import secrets
from typing import Any

import stripe

from tests.contract.documented import documented
from tests.contract.speaker import Speaker

SUCCESS_URL = "https://app.example/ok?sid={CHECKOUT_SESSION_ID}"

# Requests


@documented("api/authentication")
def a_wrong_key_is_refused(to: Speaker) -> None:
    """401, whatever is asked."""
    wrong = {"api_key": "sk_test_nobody"}
    refusal = to.refusal(lambda: to.v1.customers.list({}, wrong))

    assert (stripe.AuthenticationError, 401) == (type(refusal), refusal.http_status)


@documented("api/idempotent_requests")
def a_key_with_other_parameters_is_refused(to: Speaker) -> None:
    """The first request stands."""
    options = {"idempotency_key": secrets.token_hex(16)}
    to.v1.customers.create({"name": "Grace"}, options)
    refusal = to.refusal(lambda: to.v1.customers.create({"name": "Ada"}, options))

    assert (stripe.IdempotencyError, 400) == (type(refusal), refusal.http_status)


@documented("api/pagination")
def lists_begin_with_the_newest(to: Speaker) -> None:
    """And go on after a cursor."""
    older, newer = to.price(), to.price()
    page = to.v1.prices.list({"limit": 1})
    after = to.v1.prices.list({"limit": 1, "starting_after": newer.id})

    assert (newer.id, True) == (page.data[0].id, page.has_more)
    assert older.id == after.data[0].id


@documented("api/expanding_objects")
def an_expansion_of_five_levels_is_refused(to: Speaker) -> None:
    """Four are allowed."""
    subscription = to.subscribe(to.customer(), to.price())
    deep = {"expand": ["items.data.discounts.source.coupon"]}

    assert (
        400 == to.refusal(lambda: to.v1.subscriptions.retrieve(subscription.id, deep)).http_status
    )
    found = to.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert "invoice" == found.latest_invoice.object


@documented("api/metadata")
def an_empty_value_removes_a_key(to: Speaker) -> None:
    """The others stay."""
    customer = to.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    changed = to.v1.customers.update(customer.id, {"metadata": {"a": ""}})

    assert {"b": "2"} == dict(changed.metadata)


# Catalogue


@documented("api/prices/update")
def an_amount_never_changes(to: Speaker) -> None:
    """Another amount is another price."""
    price = to.price()
    refusal = to.refusal(lambda: to.v1.prices.update(price.id, {"unit_amount": 1}))

    assert (400, "parameter_unknown") == (refusal.http_status, refusal.code)


@documented("products-prices/manage-prices#lookup-keys")
def a_lookup_key_belongs_to_one_price(to: Speaker) -> None:
    """A second price gets it only when it is handed over."""
    key = secrets.token_hex(8)
    first = to.price(lookup_key=key)
    taken = to.refusal(lambda: to.price(lookup_key=key))
    second = to.price(lookup_key=key, transfer_lookup_key=True)
    found = to.v1.prices.list({"lookup_keys": [key]}).data

    assert 400 == taken.http_status
    assert [second.id] == [price.id for price in found]
    assert to.v1.prices.retrieve(first.id).lookup_key is None


@documented("api/products/delete")
def a_product_with_prices_stays(to: Speaker) -> None:
    """It is archived instead."""
    product = to.price().product

    assert 400 == to.refusal(lambda: to.v1.products.delete(product)).http_status
    assert to.v1.products.update(product, {"active": False}).active is False


@documented("api/promotion_codes/create")
def an_active_code_exists_once(to: Speaker) -> None:
    """For one customer or for all."""
    coupon = to.v1.coupons.create({"percent_off": 10, "duration": "once"})
    wanted = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": secrets.token_hex(6)}
    made = to.v1.promotion_codes.create(wanted)

    assert coupon.id == made.promotion.coupon
    assert 400 == to.refusal(lambda: to.v1.promotion_codes.create(wanted)).http_status


# Checkout


def open_session(to: Speaker, **more: Any) -> Any:
    """Open a Checkout session for a subscription."""
    return to.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": to.price().id, "quantity": 1}],
            "success_url": SUCCESS_URL,
        }
        | more
    )


@documented("api/checkout/sessions/expire")
def only_an_open_session_expires(to: Speaker) -> None:
    """Once; nobody can pay through it afterwards."""
    session = open_session(to)
    expired = to.v1.checkout.sessions.expire(session.id)

    assert ("expired", None) == (expired.status, expired.url)
    assert 400 == to.refusal(lambda: to.v1.checkout.sessions.expire(session.id)).http_status


@documented("products-prices/manage-prices#archive-price")
def an_archived_price_is_not_sold(to: Speaker) -> None:
    """Whoever has it keeps it."""
    price = to.price()
    to.v1.prices.update(price.id, {"active": False})
    wanted = [{"price": price.id, "quantity": 1}]

    assert 400 == to.refusal(lambda: open_session(to, line_items=wanted)).http_status


@documented("payments/checkout/free-trials")
def a_session_of_a_trial_takes_nothing_today(to: Speaker) -> None:
    """The total is what is due now."""
    session = open_session(to, subscription_data={"trial_period_days": 7})

    assert 0 == session.amount_total
