"""Answers kept for creating calls that are repeated.

Owns: the key, the digest of the request and the stored answer.
Does not own: which routes accept a key; the doors say that.
"""

__all__: list[str] = []
