"""What a store promises is the same on both engines."""

from tests.both_engines import bindings, engine

__all__ = ["bindings", "engine"]
