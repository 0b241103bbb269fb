"""Events that arrive from outside: stored first, handled after.

Owns: receipt, repetition, retries, parking and replay.
Does not own: what an event means; app.py maps types to verbs.
"""

__all__: list[str] = []
