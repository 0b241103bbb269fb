"""What a secret key with scopes may call."""

import pytest

from dream_api.bridge.keys import SCOPES
from dream_api.services.http.errors import ScopeMissing
from dream_api.services.http.scopes import ALL_SCOPES, check_scopes

CALLS = {
    ("POST", "/v1/track"): {"usage"},
    ("POST", "/v1/track/batch"): {"usage"},
    ("POST", "/v1/check"): {"usage", "read"},
    ("GET", "/v1/usage"): {"usage", "read"},
    ("POST", "/v1/usage/adjust"): {"usage"},
    ("GET", "/v1/customers"): {"customers", "read"},
    ("POST", "/v1/customers"): {"customers"},
    ("PATCH", "/v1/customers/u_1"): {"customers"},
    ("DELETE", "/v1/customers/u_1"): {"customers"},
    ("GET", "/v1/customers/u_1/state"): {"customers", "read"},
    ("POST", "/v1/checkout"): {"billing"},
    ("POST", "/v1/change-plan"): {"billing"},
    ("POST", "/v1/portal"): {"billing"},
    ("GET", "/v1/tiers"): set(ALL_SCOPES),
}


@pytest.mark.parametrize("scope", ALL_SCOPES)
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_scope_opens_its_calls_and_no_others(method: str, path: str, scope: str) -> None:
    """One table says what each scope opens."""
    if scope in CALLS[method, path]:
        check_scopes([scope], method, path)
        return
    with pytest.raises(ScopeMissing):
        check_scopes([scope], method, path)


def test_a_key_without_scopes_may_do_everything() -> None:
    """Scopes narrow; leaving them out does not."""
    for method, path in CALLS:
        check_scopes([], method, path)


def test_a_call_of_no_scope_is_refused() -> None:
    """A new route is closed to narrow keys until somebody decides."""
    with pytest.raises(ScopeMissing):
        check_scopes(["usage"], "POST", "/v1/tracker")


def test_door_and_room_know_the_same_scopes() -> None:
    """A scope that can be chosen is one that is checked."""
    assert SCOPES == ALL_SCOPES
