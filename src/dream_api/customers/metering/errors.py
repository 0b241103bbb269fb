"""What metering refuses. A denial is no refusal: it is a ``Decision``.

DreamError
├── IdempotencyConflict  409  the key was used for other content
└── UsageBelowZero       422  an adjustment would take more than was counted
"""

from dream_api.kit.errors import DreamError


class IdempotencyConflict(DreamError):
    """The idempotency key was used before, for other content. Nothing was counted."""

    code = "idempotency_conflict"
    status = 409
    title = "Idempotency key used for other content"

    def __init__(self) -> None:
        super().__init__(
            "This key was used with another userId, amount, timestamp or properties. "
            "Send a new key for a new event, or repeat the first event exactly.",
            param="idempotencyKey",
        )


class UsageBelowZero(DreamError):
    """Usage is never negative."""

    code = "usage_below_zero"
    status = 422
    title = "Usage would fall below zero"

    def __init__(self, usage: int) -> None:
        super().__init__(
            f"This month's usage is {usage}; take away at most that much.", param="amount"
        )
