"""The world of metering's tests."""

from tests.integration.metering.conftest import world

__all__ = ["world"]
