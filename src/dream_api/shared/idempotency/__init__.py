"""Stored answers, so that a repeated request does nothing twice.

Owns: which key of which caller got which answer, and for how long.
Does not own: what an answer says, or which routes take keys; the doors decide that.
"""

from dream_api.shared.idempotency.errors import IdempotencyConflict, IdempotencyInProgress
from dream_api.shared.idempotency.model import RETENTION, StoredAnswer
from dream_api.shared.idempotency.service import Idempotency

__all__ = [
    "RETENTION",
    "Idempotency",
    "IdempotencyConflict",
    "IdempotencyInProgress",
    "StoredAnswer",
]
