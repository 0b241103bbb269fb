"""Machinery that both worlds instantiate apart.

Owns: identity realms, the inbox and the outbox, as code.
Does not own: any row: each world has its own instance on its own store.
"""

__all__: list[str] = []
