"""Connect OAuth bites where Stripe bites (https://docs.stripe.com/connect/oauth-reference)."""

from pathlib import Path

import pytest
import stripe
from stripe import oauth_error

from tests.contract.sdk_types import Walker
from tests.unit.stripe_simulator.harness import (
    OTHER_KEY,
    REDIRECT_URI,
    Simulator,
    running,
    submit_page,
)


def exchange(client: stripe.StripeClient, code: str) -> str:
    """Turn a code into the id of an account."""
    token = client.oauth.token({"grant_type": "authorization_code", "code": code})
    return str(token["stripe_user_id"])


def test_an_approved_code_connects_an_account_without_handing_out_its_keys(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """The deprecated access_token, refresh_token and publishable key are left out."""
    returned = simulator.decide(business_name="B Inc")
    token = client.oauth.token({"grant_type": "authorization_code", "code": returned["code"]})

    assert {"code", "scope", "state"} == set(returned)
    assert {"livemode", "scope", "stripe_user_id", "token_type"} == set(token)


def test_the_account_carries_the_business_name_that_was_typed_in(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """The person names the new account on the page."""
    account = client.v1.accounts.retrieve(simulator.connect(business_name="B Inc"))

    assert account.business_profile is not None
    assert "B Inc" == account.business_profile.name


def test_an_existing_account_can_be_chosen_again(simulator: Simulator) -> None:
    """Who connects a second time finds the account that is already there."""
    account = simulator.connect()

    assert account == simulator.connect(account=account)


def test_a_denial_comes_back_as_access_denied(simulator: Simulator) -> None:
    """The application learns that the person said no, and its state comes back."""
    returned = simulator.decide("deny")

    assert {"error", "error_description", "state"} == set(returned)
    assert "access_denied" == returned["error"]


def test_a_code_used_twice_revokes_the_connection(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """The endpoint is not idempotent: whoever repeats a code has lost the account."""
    code = simulator.decide()["code"]
    account = exchange(client, code)
    with pytest.raises(oauth_error.InvalidGrantError):
        exchange(client, code)

    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve(account)


def test_a_code_lives_for_five_minutes(simulator: Simulator, client: stripe.StripeClient) -> None:
    """After 300 seconds it is refused."""
    code = simulator.decide()["code"]
    simulator.advance(300)

    with pytest.raises(oauth_error.InvalidGrantError):
        exchange(client, code)


def test_another_applications_code_is_refused_and_stays_unused(simulator: Simulator) -> None:
    """The key's application and mode must be the code's; a wrong key does not burn it."""
    code = simulator.decide()["code"]
    with pytest.raises(oauth_error.InvalidGrantError):
        exchange(simulator.client(OTHER_KEY), code)

    assert exchange(simulator.client(), code).startswith("acct_")


def test_read_only_is_refused(simulator: Simulator) -> None:
    """That scope is for extensions alone, and it is Stripe's default: it must be spelt out."""
    answer = simulator.ask_to_connect(scope="read_only")

    assert (400, "invalid_scope") == (answer.status_code, answer.json()["error"])


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_id": "ca_nobody"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/callback"}, "invalid_redirect_uri"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_a_wrong_request_is_answered_and_never_redirected(
    simulator: Simulator, wrong: dict[str, str], error: str
) -> None:
    """Nobody has proved yet who asks, so nobody is sent anywhere."""
    answer = simulator.ask_to_connect(**wrong)

    assert (400, error) == (answer.status_code, answer.json()["error"])


def test_a_registered_redirect_uri_must_match_exactly(tmp_path: Path, walker: Walker) -> None:
    """Once one is registered, a longer one on the same host is refused."""
    settings = {"redirect_uris": (REDIRECT_URI,)}
    with running(tmp_path, tmp_path / "clock.json", walker, **settings) as simulator:
        exact = simulator.ask_to_connect()
        longer = simulator.ask_to_connect(redirect_uri=REDIRECT_URI + "/more")

    assert (200, 400) == (exact.status_code, longer.status_code)


def test_deauthorizing_ends_the_access(simulator: Simulator, client: stripe.StripeClient) -> None:
    """Our key no longer reaches the account."""
    account = simulator.connect()
    client.oauth.deauthorize({"stripe_user_id": account})

    with pytest.raises(stripe.PermissionError, match="does not have access"):
        client.v1.products.list(None, {"stripe_account": account})


def test_what_is_not_connected_cannot_be_deauthorized(
    simulator: Simulator, client: stripe.StripeClient
) -> None:
    """A second time there is nothing to give up."""
    account = simulator.connect()
    client.oauth.deauthorize({"stripe_user_id": account})

    with pytest.raises(oauth_error.InvalidClientError):
        client.oauth.deauthorize({"stripe_user_id": account})


def test_an_owner_can_disconnect_on_their_side(simulator: Simulator) -> None:
    """As in Stripe's dashboard; the application hears of it by an event alone."""
    account = simulator.connect()
    page = simulator.http.get(f"{simulator.url}/accounts/{account}")
    submit_page(simulator.http, page, {}, press=("action", "disconnect"))

    answer = simulator.api("GET", "/v1/account", headers={"Stripe-Account": account})

    assert (403, "account_invalid") == (answer.status_code, answer.json()["error"]["code"])


def test_accounts_belong_to_the_application_they_were_connected_to(simulator: Simulator) -> None:
    """Another application cannot reach them."""
    account = simulator.connect()

    with pytest.raises(stripe.PermissionError):
        simulator.client(OTHER_KEY).v1.accounts.retrieve(account)
