"""What the platforms room refuses.

DreamError
├── Unauthenticated     401  the secret key is malformed, unknown, expired or revoked
└── PlatformInactive    402  the developer's platform subscription ended and grace is over
"""

from dream_api.kit.errors import DreamError


class Unauthenticated(DreamError):
    """No such live key. Malformed, unknown, expired and revoked are told apart by nothing."""

    code = "unauthenticated"
    status = 401
    title = "Not authenticated"

    def __init__(
        self, detail: str = "Send a current secret key as Authorization: Bearer sk_…"
    ) -> None:
        super().__init__(detail)


class PlatformInactive(DreamError):
    """The platform subscription ended more than the days of grace ago."""

    code = "platform_subscription_inactive"
    status = 402
    title = "Platform subscription inactive"

    def __init__(self) -> None:
        super().__init__(
            "The platform subscription behind these keys has ended. Renew it on /configure; "
            "calls work again at once."
        )
