"""End users of a platform.

Owns: their identity, profile, block and erasure.
Does not own: their subscription and their usage.
"""

__all__: list[str] = []
