"""The simulator speaks Stripe, as far as Stripe's own SDK can tell, and the oracle can tell.

The promises of the second part are held against the simulator always, and against a real Stripe
test account when ``DREAM_STRIPE_TEST_SECRET_KEY`` is set: do that once before going live.
"""

import secrets
from typing import Any

import pytest
import stripe
import stripe.checkout
import typing_extensions as te
from stripe.params import (
    CustomerCreateParams,
    SubscriptionCreateParams,
    WebhookEndpointCreateParams,
)
from stripe.params.checkout import SessionCreateParams

from stripe_simulator.routes import Route, all_routes
from tests.contract.sdk_calls import find_call
from tests.contract.sdk_shapes import resolved, violations_of, violations_of_form
from tests.contract.sdk_types import Walker, decode
from tests.contract.speaker import Speaker, speaker

__all__ = ["speaker"]

ROUTES = all_routes()
PRODUCT: dict[str, Any] = {
    "id": "prod_1",
    "object": "product",
    "active": True,
    "created": 1,
    "default_price": None,
    "images": [],
    "livemode": False,
    "marketing_features": [],
    "metadata": {},
    "name": "Pro",
    "type": "service",
    "updated": 1,
}

# The oracle can fail: each of these is wrong in one way, and it says so.


def test_the_oracle_accepts_what_is_right() -> None:
    """Otherwise its silence would mean nothing."""
    request = {
        "mode": "subscription",
        "line_items": [{"price": "price_1", "quantity": 1}],
        "success_url": "https://b.example/ok",
        "subscription_data": {"metadata": {"a": "b"}, "trial_period_days": 7},
    }

    assert [] == violations_of(PRODUCT, stripe.Product)
    assert [] == violations_of(request, SessionCreateParams)


@pytest.mark.parametrize(
    "wrong",
    [
        {"active": "true"},
        {"created": True},
        {"type": "gadget"},
        {"name": None},
        {"images": "none"},
        {"metadata": {"tier": 1}},
        {"surprise": 1},
        {"marketing_features": [{"title": "x"}]},
    ],
    ids=str,
)
def test_the_oracle_finds_a_wrong_field(wrong: dict[str, Any]) -> None:
    """Types, choices, nulls, and fields that do not exist."""
    assert 1 == len(violations_of(PRODUCT | wrong, stripe.Product))


def test_the_oracle_finds_a_missing_field() -> None:
    """A field that is never null must be there."""
    incomplete = {name: value for name, value in PRODUCT.items() if name != "name"}

    assert ["Product.name: missing, and never null"] == violations_of(incomplete, stripe.Product)


def test_the_oracle_knows_where_periods_went() -> None:
    """``current_period_end`` left the subscription for its items in 2025-03-31.basil."""
    found = violations_of({"current_period_end": 1}, stripe.Subscription)

    assert "Subscription.current_period_end: unknown field of Subscription" in found


@pytest.mark.parametrize(
    ("request_body", "schema"),
    [
        ({"mode": "subs"}, SessionCreateParams),
        ({"line_items": {"price": "p"}}, SessionCreateParams),
        ({"subscription_data": {"coupon": "c"}}, SessionCreateParams),
        ({"customer": "cus_1", "coupon": "c"}, SubscriptionCreateParams),
        ({}, SubscriptionCreateParams),
        ({"url": "https://x", "enabled_events": ["nope.x"]}, WebhookEndpointCreateParams),
        ({"api_key": "sk"}, CustomerCreateParams),
    ],
    ids=str,
)
def test_the_oracle_finds_a_wrong_request(request_body: dict[str, Any], schema: Any) -> None:
    """Unknown, missing and misshapen parameters."""
    assert violations_of(request_body, schema)


@pytest.mark.parametrize(
    ("encoded", "is_right"),
    [
        ("mode=subscription&line_items[0][price]=p&line_items[0][quantity]=1", True),
        ("line_items[0][quantity]=one", False),
        ("line_items[first][quantity]=1", False),
        ("allow_promotion_codes=yes", False),
        ("metadata[a]=b&metadata[0]=c", True),
    ],
)
def test_the_oracle_reads_forms(encoded: str, is_right: bool) -> None:  # noqa: FBT001
    """On the wire everything is text; it must read as what the type wants."""
    assert is_right == (not violations_of_form(decode(encoded), SessionCreateParams))


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/customer"), ("PUT", "/v1/customers"), ("POST", "/v1/prices/p_1/archive")],
)
def test_the_oracle_knows_every_call(method: str, path: str) -> None:
    """A call that the SDK does not have is a violation, whatever is answered."""
    walker = Walker()
    walker.check_request(method, path, "")

    assert [f"{method} {path}: no such call in Stripe's API"] == walker.violations


def test_the_oracle_looks_into_events() -> None:
    """An event is only as right as the object in it."""
    event = {
        "id": "evt_1",
        "object": "event",
        "created": 1,
        "data": {"object": PRODUCT | {"active": None}},
        "livemode": False,
        "pending_webhooks": 0,
        "type": "product.created",
    }
    walker = Walker()
    walker.check_event(event)

    assert 1 == len(walker.violations)


# The simulator's table of routes against the SDK's source.


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_takes_what_stripes_call_takes(route: Route) -> None:
    """The same path exists in the SDK, and its parameters are typed by the same TypedDict."""
    call = find_call(route.method, route.path.replace("{id}", "x_1"))

    assert call is not None
    assert route.schema is call.parameters_type()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_honours_only_parameters_that_exist(route: Route) -> None:
    """A misspelt name would refuse the real parameter as not implemented."""
    strangers = [name for name in route.honours.split() if not _exists(route.schema, name)]

    assert [] == strangers


def _exists(schema: type, dotted: str) -> bool:
    name, _, rest = dotted.partition(".")
    if name not in schema.__annotations__:
        return False
    inner = _typed_dicts_in(schema.__annotations__[name], schema.__module__)
    return not rest or any(_exists(cls, rest) for cls in inner)


def _typed_dicts_in(hint: Any, module: str) -> list[type]:
    hint = resolved(hint, module)
    if te.is_typeddict(hint) or te.get_origin(hint) is te.Literal:
        return [hint] if te.is_typeddict(hint) else []
    return [cls for part in te.get_args(hint) for cls in _typed_dicts_in(part, module)]


# Promises that Stripe keeps too.


def test_a_catalogue_has_stripes_shapes(speaker: Speaker) -> None:
    """Product, price, coupon and customer."""
    v1 = speaker.client.v1
    product = v1.products.create({"name": "Contract", "metadata": {"tier": "pro"}})
    price = v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 2900,
            "recurring": {"interval": "month"},
        }
    )
    speaker.check(product, stripe.Product)
    speaker.check(price, stripe.Price)
    speaker.check(v1.coupons.create({"percent_off": 10, "duration": "once"}), stripe.Coupon)
    speaker.check(v1.customers.create({"email": "grace@example.com"}), stripe.Customer)


def test_an_open_session_has_stripes_shape(speaker: Speaker) -> None:
    """A page to send somebody to, nothing paid yet, 24 hours to go."""
    session = speaker.client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": speaker.price().id, "quantity": 1}],
            "success_url": "https://b.example/ok?sid={CHECKOUT_SESSION_ID}",
            "subscription_data": {"trial_period_days": 7},
        }
    )
    body = speaker.check(session, stripe.checkout.Session)

    assert ("open", "unpaid", 86_400) == (
        body["status"],
        body["payment_status"],
        body["expires_at"] - body["created"],
    )


def test_a_subscription_has_stripes_shape(speaker: Speaker) -> None:
    """Periods on the items, flexible billing, and an invoice that names it by its parent."""
    v1 = speaker.client.v1
    customer = v1.customers.create({})
    card = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    subscription = v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": speaker.price().id}],
            "default_payment_method": card.id,
        }
    )
    body = speaker.check(subscription, stripe.Subscription)
    invoice = speaker.check(v1.invoices.retrieve(body["latest_invoice"]), stripe.Invoice)

    assert ("active", "flexible") == (body["status"], body["billing_mode"]["type"])
    assert body["id"] == invoice["parent"]["subscription_details"]["subscription"]
    assert ("paid", "subscription_create") == (invoice["status"], invoice["billing_reason"])


def test_an_unknown_parameter_is_refused_in_the_same_words(speaker: Speaker) -> None:
    """Code, message and parameter."""
    refusal = speaker.refusal(lambda: speaker.v1.customers.create({"nmae": "Grace"}))

    assert isinstance(refusal, stripe.InvalidRequestError)
    assert ("parameter_unknown", "nmae") == (refusal.code, refusal.param)
    assert "Received unknown parameter: nmae" in str(refusal.user_message)


def test_a_missing_object_is_refused_in_the_same_words(speaker: Speaker) -> None:
    """404 in a path."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        speaker.client.v1.customers.retrieve("cus_none")

    assert (404, "resource_missing") == (caught.value.http_status, caught.value.code)
    assert "No such customer: 'cus_none'" in str(caught.value.user_message)


def test_a_repeated_key_gives_the_same_object(speaker: Speaker) -> None:
    """And says that it was a repetition."""
    key = secrets.token_hex(16)
    first, second = (
        speaker.client.v1.customers.create({"name": "Grace"}, {"idempotency_key": key})
        for _ in range(2)
    )
    assert second.last_response is not None

    assert first.id == second.id
    assert "true" == second.last_response.headers["Idempotent-Replayed"]


def test_a_portal_needs_a_configuration(speaker: Speaker) -> None:
    """Its settings have Stripe's shape, and so has the session that they allow."""
    v1 = speaker.client.v1
    customer = v1.customers.create({})
    configuration = v1.billing_portal.configurations.create(
        {"features": {"subscription_cancel": {"enabled": True, "mode": "at_period_end"}}}
    )
    session = v1.billing_portal.sessions.create(
        {"customer": customer.id, "configuration": configuration.id}
    )

    speaker.check(configuration, stripe.billing_portal.Configuration)
    speaker.check(session, stripe.billing_portal.Session)
