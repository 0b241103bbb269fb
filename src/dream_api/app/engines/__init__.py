"""The engines that keep the stores, behind one set of words."""

from dream_api.app.engines.choice import engine_of
from dream_api.app.engines.engine import Engine
from dream_api.app.engines.sqlite import SqliteEngine

__all__ = ["Engine", "SqliteEngine", "engine_of"]
