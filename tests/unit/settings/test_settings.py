"""Settings as an operator writes them."""

import pytest

from dream_api.settings import Settings


def test_an_empty_setting_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment files and compose files carry names without a value."""
    monkeypatch.setenv("DREAM_STRIPE_TEST_SECRET_KEY", "")
    monkeypatch.setenv("DREAM_PLATFORM_PRICE_CENTS", "")

    settings = Settings()

    assert settings.stripe_test_secret_key is None
    assert 1500 == settings.platform_price_cents
