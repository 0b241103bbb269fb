"""Messages that leave: written with the change, delivered after.

Owns: the queue, its attempts and its backoff.
Does not own: the wording of a message and the wire it goes over.
"""

__all__: list[str] = []
