"""A page never sends anybody to a stranger's address."""

import pytest

from dream_api.services.pages.links import local_path, with_query
from dream_api.services.pages.policy import content_security_policy, origins_of


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/a\\b",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x",
        "/ü",
        "/" + "a" * 3000,
    ],
)
def test_what_is_no_path_of_ours_becomes_the_default(text: str | None) -> None:
    """``?next=`` leads nowhere else, whatever a link carries."""
    assert local_path(text, "/dashboard") == "/dashboard"


def test_a_path_of_ours_is_kept_with_its_query() -> None:
    """Whoever signs in lands where they wanted to go."""
    assert local_path("/dashboard/users?q=ada%20l", "/") == "/dashboard/users?q=ada%20l"


def test_a_query_is_appended_escaped_and_without_empty_parameters() -> None:
    """Addresses stay short and cannot be broken out of."""
    assert with_query("/a?b=1", q="x & y", plan=None, status="") == "/a?b=1&q=x+%26+y"


def test_only_clean_origins_of_stored_addresses_enter_the_policy() -> None:
    """A stored address cannot smuggle a directive into a header."""
    urls = ["https://app.example/a?b", "http://localhost:3000", "javascript:x", "https://a b; x"]

    assert origins_of(urls) == ("https://app.example", "http://localhost:3000")


def test_the_policy_allows_nothing_inline_and_only_the_named_form_targets() -> None:
    """No unsafe source, Trusted Types on, forms lead to us and to the given origins."""
    policy = content_security_policy(["https://checkout.stripe.com"])

    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "form-action 'self' https://checkout.stripe.com;" in policy
