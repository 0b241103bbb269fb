"""What the idempotency room refuses.

DreamError
├── IdempotencyConflict      409  the key was used for another request
└── IdempotencyInProgress    409  the first request with this key has not been answered yet
"""

from dream_api.kit.errors import DreamError


class IdempotencyConflict(DreamError):
    """One key stands for one request; this one differs from the first. Nothing was done."""

    code = "idempotency_conflict"
    status = 409
    title = "Idempotency key used for another request"


class IdempotencyInProgress(DreamError):
    """The first request with this key is still being worked on. Nothing was done."""

    code = "idempotency_in_progress"
    status = 409
    title = "The first request with this key is still running"
