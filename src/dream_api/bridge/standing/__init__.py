"""The word of the developers' world on a live platform: paid until when.

Owns: the publication of `activeUntil` to the customers' world.
Does not own: the platform subscription itself, and the refusal of a call.
"""

from dream_api.bridge.standing.service import StandingPublisher

__all__ = ["StandingPublisher"]
