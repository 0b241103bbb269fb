"""Addresses that callers hand us."""

import pytest

from dream_api.customers.platforms import PlatformSettings
from dream_api.kit.errors import ValidationFailed
from dream_api.services.front_auth_api.settings import check_settings
from dream_api.services.http.urls import check_url, check_url_of, origin_of


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,hello",
        "//evil.example",
        "/relative",
        "https://",
        "https:///path",
        "http://app.example",
        "https://user:secret@app.example",
        "https://app.example\r\nSet-Cookie: a=b",
        "https://app.example/\\evil.example",
        "https://app.example/ space",
        "https://app.example:99999",
        "https://[::1",
        "ftp://app.example",
        "https://app.éxample",
        "https://app.example/" + "a" * 2_048,
    ],
)
def test_odd_addresses_are_refused(url: str) -> None:
    """Nobody is ever sent there."""
    with pytest.raises(ValidationFailed):
        check_url(url, param="successUrl", allow_loopback=True)


@pytest.mark.parametrize("url", ["http://localhost:3000/x", "http://127.0.0.1/", "http://[::1]:8"])
def test_loopback_is_for_development(url: str) -> None:
    """Plain http leads to this machine or nowhere, and in production not even there."""
    assert url == check_url(url, param="successUrl", allow_loopback=True)
    with pytest.raises(ValidationFailed):
        check_url(url, param="successUrl", allow_loopback=False)


def test_stripes_placeholder_may_stand_in_an_address() -> None:
    """Stripe fills in the session where it reads these braces."""
    url = "https://app.example/thanks?session={CHECKOUT_SESSION_ID}"

    assert url == check_url(url, param="successUrl", allow_loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://good.example.evil.example/",
        "http://good.example/",
        "https://sub.good.example/",
        "https://good.example.:443/",
        "https://good.example:8443/",
    ],
)
def test_near_misses_are_other_origins(url: str) -> None:
    """An origin is allowed exactly or not at all."""
    with pytest.raises(ValidationFailed):
        check_url_of(url, {"https://good.example"}, param="successUrl")


def test_the_default_port_is_no_part_of_an_origin() -> None:
    """Browsers leave it out."""
    assert "https://good.example" == origin_of("https://GOOD.example:443/a", param="url")


def test_an_allowed_origin_is_written_as_browsers_do() -> None:
    """Whatever would never match is refused while somebody looks, with the right spelling."""
    with pytest.raises(ValidationFailed) as refused:
        check_settings(
            ["https://app.example/", "https://ok.example", "http://app.example"],
            [],
            allow_loopback=False,
            present=PlatformSettings(),
        )

    assert ["allowedOrigins[0]", "allowedOrigins[2]"] == [e.param for e in refused.value.errors]
    assert "Write it as https://app.example." == refused.value.errors[0].fix


def test_settings_keep_each_address_once() -> None:
    """Order stays, repetitions go."""
    kept = check_settings(
        ["https://b.example", "https://a.example", "https://b.example"],
        [],
        allow_loopback=False,
        present=PlatformSettings(),
    )

    assert ("https://b.example", "https://a.example") == kept.allowed_origins
