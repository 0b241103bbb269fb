"""The door of ``/v1``: keys, accounts, parameters, idempotency, lists and expansion."""

import uuid

import pytest
import stripe

from tests.unit.stripe_simulator.conftest import monthly_price
from tests.unit.stripe_simulator.harness import DAY, KEY, OTHER_KEY, Simulator

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Authorization": ""}, "You did not provide an API key"),
        ({"Authorization": "Bearer sk_test_nobody"}, "Invalid API Key provided"),
        ({"Authorization": "Bearer sk_live_abc"}, "refuses live keys"),
        ({"Authorization": "Bearer rk_live_abc"}, "refuses live keys"),
    ],
)
def test_a_bad_key_is_a_401(simulator: Simulator, headers: dict[str, str], words: str) -> None:
    """https://docs.stripe.com/api/authentication; live keys have no business here."""
    answer = simulator.api("GET", "/v1/customers", headers=headers)

    assert 401 == answer.status_code
    assert words in answer.json()["error"]["message"]


def test_every_answer_says_that_it_is_simulated(simulator: Simulator) -> None:
    """Nobody can mistake it for Stripe, on pages or in the API."""
    answers = [
        simulator.api("GET", "/v1/customers"),
        simulator.http.get(simulator.url),
        simulator.http.get(f"{simulator.url}/nowhere"),
    ]

    assert ["1", "1", "1"] == [answer.headers["stripe-sim"] for answer in answers]


@pytest.mark.usefixtures("refusals")
def test_every_answer_carries_a_request_id(simulator: Simulator) -> None:
    """https://docs.stripe.com/api/request_ids; refusals too."""
    answers = [simulator.api("GET", "/v1/customers"), simulator.api("POST", "/v1/prices")]

    assert all(answer.headers["request-id"].startswith("req_sim") for answer in answers)


@pytest.mark.usefixtures("refusals")
def test_an_unknown_parameter_is_refused(simulator: Simulator) -> None:
    """Typing errors are not swallowed (https://docs.stripe.com/error-codes#parameter-unknown)."""
    answer = simulator.api("POST", "/v1/customers", data={"nmae": "Grace"})

    error = answer.json()["error"]
    assert (400, "parameter_unknown", "nmae") == (answer.status_code, error["code"], error["param"])
    assert "Received unknown parameter: nmae" == error["message"]


@pytest.mark.usefixtures("refusals")
def test_an_unknown_nested_parameter_is_named_in_full(simulator: Simulator) -> None:
    """``coupon`` left ``subscription_data`` long ago."""
    data = {"mode": "subscription", "subscription_data[coupon]": "X"}
    answer = simulator.api("POST", "/v1/checkout/sessions", data=data)

    assert "subscription_data[coupon]" == answer.json()["error"]["param"]


@pytest.mark.parametrize(
    ("data", "code", "param"),
    [
        ({"name": ""}, "parameter_invalid_empty", "name"),
        ({}, "parameter_missing", "name"),
        ({"name": "Pro", "active": "yes"}, None, "active"),
        ({"name": "Pro", "type": "thing"}, None, "type"),
        ({"name[first]": "Pro"}, None, "name"),
    ],
)
@pytest.mark.usefixtures("refusals")
def test_a_parameter_of_the_wrong_type_is_refused(
    simulator: Simulator,
    data: dict[str, str],
    code: str | None,
    param: str,
) -> None:
    """Types come from the SDK's own parameters (https://docs.stripe.com/error-codes)."""
    answer = simulator.api("POST", "/v1/products", data=data)

    error = answer.json()["error"]
    assert (400, code, param) == (answer.status_code, error.get("code"), error["param"])


@pytest.mark.usefixtures("refusals")
def test_what_is_not_implemented_says_so(simulator: Simulator) -> None:
    """A call that the simulator does not know is never faked, and the SDK does not repeat it."""
    answer = simulator.api("POST", "/v1/payouts", data={"amount": "1", "currency": "usd"})

    assert 501 == answer.status_code
    assert "Not implemented in stripe-sim" in answer.json()["error"]["message"]
    assert "false" == answer.headers["stripe-should-retry"]


@pytest.mark.usefixtures("refusals")
def test_a_parameter_that_would_be_ignored_is_refused(simulator: Simulator) -> None:
    """Stripe would act on it; the simulator does not pretend to."""
    answer = simulator.api("POST", "/v1/customers", data={"balance": "100"})

    assert (501, "balance") == (answer.status_code, answer.json()["error"]["param"])


def test_another_api_version_is_refused(simulator: Simulator) -> None:
    """The simulator has one shape, and does not give it out under another's name."""
    answer = simulator.api("GET", "/v1/customers", headers={"Stripe-Version": "2020-08-27"})

    assert 501 == answer.status_code


@pytest.mark.usefixtures("refusals")
def test_json_is_not_what_the_api_speaks(simulator: Simulator) -> None:
    """Bodies are form-encoded (https://docs.stripe.com/api)."""
    answer = simulator.api("POST", "/v1/customers", json={"name": "Grace"})

    assert 400 == answer.status_code


@pytest.mark.parametrize("body", ["a=%ff", "a[b]=1&a=2&a[b]=3", "&".join(["a=1"] * 1001)])
@pytest.mark.usefixtures("refusals")
def test_a_broken_body_is_a_400(simulator: Simulator, body: str) -> None:
    """Never a 500."""
    answer = simulator.api("POST", "/v1/customers", content=body, headers=FORM)

    assert 400 == answer.status_code


# Accounts


@pytest.mark.parametrize("account", ["acct_nobody", "acct_1"])
def test_an_unknown_account_is_a_403(simulator: Simulator, account: str) -> None:
    """https://docs.stripe.com/error-codes#account-invalid."""
    answer = simulator.api("GET", "/v1/customers", headers={"Stripe-Account": account})

    assert (403, "account_invalid") == (answer.status_code, answer.json()["error"]["code"])


def test_accounts_do_not_see_each_others_objects(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """Another account's object is as missing as one that never was."""
    first = simulator.connect(business_name="One")
    second = simulator.connect(business_name="Two")
    customer = client.v1.customers.create({}, {"stripe_account": first})

    refused = []
    for options in ({"stripe_account": second}, {}):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.customers.retrieve(customer.id, None, options)  # type: ignore[arg-type]
        refused.append((caught.value.http_status, caught.value.code))

    assert [(404, "resource_missing")] * 2 == refused


def test_two_applications_share_nothing(simulator: Simulator) -> None:
    """Each key is an account of ours with data of its own."""
    simulator.client(KEY).v1.customers.create({})

    assert [] == simulator.client(OTHER_KEY).v1.customers.list().data


def test_our_own_account_may_name_itself(client: stripe.StripeClient) -> None:
    """``Stripe-Account`` with our own id changes nothing."""
    own = client.v1.accounts.retrieve_current().id
    client.v1.customers.create({})

    assert 1 == len(client.v1.customers.list(None, {"stripe_account": own}).data)


# Idempotency (https://docs.stripe.com/api/idempotent_requests)


def test_a_key_gives_the_same_answer_to_the_byte(simulator: Simulator) -> None:
    """A repetition creates nothing and says that it is one."""
    headers = {"Idempotency-Key": "k1"}
    first, second = (
        simulator.api("POST", "/v1/customers", data={"name": "Grace"}, headers=headers)
        for _ in range(2)
    )

    assert first.content == second.content
    assert (None, "true") == tuple(a.headers.get("idempotent-replayed") for a in (first, second))
    assert 1 == len(simulator.client().v1.customers.list().data)


def test_a_key_with_other_parameters_is_refused(client: stripe.StripeClient) -> None:
    """The SDK knows this refusal as IdempotencyError."""
    client.v1.customers.create({"name": "Grace"}, {"idempotency_key": "k1"})

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})


def test_a_key_belongs_to_one_account(simulator: Simulator, client: stripe.StripeClient) -> None:
    """The same key on another account is another key."""
    account = simulator.connect()
    ours = client.v1.customers.create({}, {"idempotency_key": "k1"})
    theirs = client.v1.customers.create({}, {"idempotency_key": "k1", "stripe_account": account})

    assert ours.id != theirs.id


def test_a_key_is_forgotten_after_a_day(simulator: Simulator, client: stripe.StripeClient) -> None:
    """Then it may be used for something else."""
    client.v1.customers.create({"name": "Grace"}, {"idempotency_key": "k1"})
    simulator.advance(DAY + 1)

    assert "Ada" == client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k1"}).name


def test_a_request_that_fails_validation_does_not_use_its_key(simulator: Simulator) -> None:
    """No endpoint began to execute, so the mended request may use the same key."""
    simulator.walker.checks_requests = False
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    simulator.api("POST", "/v1/products", data={"nmae": "Pro"}, headers=headers)

    answer = simulator.api("POST", "/v1/products", data={"name": "Pro"}, headers=headers)

    assert 200 == answer.status_code


def test_a_refusal_of_the_endpoint_is_replayed(simulator: Simulator) -> None:
    """Whatever the endpoint answered is what the key answers, failures too."""
    headers = {"Idempotency-Key": "k1"}
    data = {"currency": "usd", "unit_amount": "500", "product": "prod_none"}
    answers = [simulator.api("POST", "/v1/prices", data=data, headers=headers) for _ in range(2)]

    assert [400, 400] == [answer.status_code for answer in answers]
    assert "true" == answers[1].headers["idempotent-replayed"]


# Lists (https://docs.stripe.com/api/pagination)


def test_lists_are_newest_first_in_pages(client: stripe.StripeClient) -> None:
    """``starting_after`` goes on where a page ended, ``ending_before`` goes back."""
    ids = [client.v1.customers.create({}).id for _ in range(5)][::-1]

    first = client.v1.customers.list({"limit": 2})
    second = client.v1.customers.list({"limit": 2, "starting_after": ids[1]})
    back = client.v1.customers.list({"limit": 2, "ending_before": ids[4]})

    assert [ids[0:2], ids[2:4], ids[2:4]] == [
        [customer.id for customer in page.data] for page in (first, second, back)
    ]
    assert [True, True, True] == [page.has_more for page in (first, second, back)]


def test_the_last_page_says_so(client: stripe.StripeClient) -> None:
    """``has_more`` is false when nothing follows."""
    client.v1.customers.create({})

    assert client.v1.customers.list({"limit": 1}).has_more is False


@pytest.mark.parametrize("limit", ["0", "101"])
def test_a_page_has_1_to_100_entries(simulator: Simulator, limit: str) -> None:
    """Other limits are refused."""
    answer = simulator.api("GET", "/v1/customers", params={"limit": limit})

    assert (400, "limit") == (answer.status_code, answer.json()["error"]["param"])


def test_lists_can_be_bounded_in_time(simulator: Simulator, client: stripe.StripeClient) -> None:
    """``created`` takes ranges."""
    old = client.v1.customers.create({})
    simulator.advance(DAY)
    new = client.v1.customers.create({})

    recent = client.v1.customers.list({"created": {"gt": old.created}})

    assert [new.id] == [customer.id for customer in recent.data]


# Expansion (https://docs.stripe.com/api/expanding_objects)


def test_ids_can_be_expanded(client: stripe.StripeClient, price: stripe.Price) -> None:
    """Also inside lists."""
    one = client.v1.prices.retrieve(price.id, {"expand": ["product"]})
    many = client.v1.prices.list({"expand": ["data.product"]})

    names = [found.product.name for found in (one, many.data[0])]  # type: ignore[union-attr]
    assert ["Plan at 2900", "Plan at 2900"] == names


def test_what_cannot_be_expanded_is_refused(
    client: stripe.StripeClient, price: stripe.Price
) -> None:
    """A misspelt path is not ignored."""
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.prices.retrieve(price.id, {"expand": ["produce"]})


def test_five_levels_are_one_too_many(client: stripe.StripeClient) -> None:
    """Each step counts, ``data`` too; the coupon of an item's discount needs a call of its own."""
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        client.v1.subscriptions.list({"expand": ["data.items.data.price.product"]})


@pytest.mark.usefixtures("refusals")
def test_an_amount_never_changes(simulator: Simulator) -> None:
    """https://docs.stripe.com/api/prices/update: another amount is another price."""
    price = monthly_price(simulator.client(), 2900)

    answer = simulator.api("POST", f"/v1/prices/{price.id}", data={"unit_amount": "100"})

    assert (400, "parameter_unknown") == (answer.status_code, answer.json()["error"]["code"])
