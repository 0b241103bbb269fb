"""The world of metering's tests, on both engines."""

from tests.both_engines import bindings, engine
from tests.integration.metering.conftest import look, world

__all__ = ["bindings", "engine", "look", "world"]
