"""Publishable and secret keys of a platform.

Owns: issue, rotation, revocation and the intents that carry them across the worlds.
Does not own: the check of a key on each request, which reads what this room wrote.
"""

__all__: list[str] = []
