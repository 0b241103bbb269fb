"""SQL of the identity room; the realm leads every key and every function."""

from dream_api.shared.identity.store import codes, keys, limits, links, people, sessions, sweep

__all__ = ["codes", "keys", "limits", "links", "people", "sessions", "sweep"]
