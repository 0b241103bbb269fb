"""What the connect room refuses.

DreamError
├── PaymentRequired     402  live mode needs the platform subscription
├── NotConnected        409  the platform has no connected Stripe account
└── ConnectRefused      409  the way back from Stripe is not accepted; ``reason`` says why
"""

from dream_api.kit.errors import DreamError
from dream_api.kit.keys import Mode


class PaymentRequired(DreamError):
    """Live mode needs the platform subscription."""

    code = "payment_required"
    status = 402
    title = "Payment required"

    def __init__(self) -> None:
        super().__init__(
            "Live mode needs the platform subscription: pay on /configure, or use ?mode=test."
        )


class NotConnected(DreamError):
    """The platform has no connected Stripe account."""

    code = "stripe_not_connected"
    status = 409
    title = "Stripe is not connected"

    def __init__(self) -> None:
        super().__init__("Connect your Stripe account on /configure first.")


class ConnectRefused(DreamError):
    """The way back from Stripe is not accepted; nothing was stored.

    Args:
        reason: one of ``REASONS``, shown in the address of the page where the person lands.
        mode: the platform's mode, as far as it is known.
    """

    code = "connect_refused"
    status = 409
    title = "Stripe was not connected"

    def __init__(self, reason: str, mode: Mode | None = None) -> None:
        super().__init__(REASONS[reason])
        self.reason = reason
        self.mode = mode


REASONS = {
    "access_denied": "You declined the connection at Stripe. Connect again when you are ready.",
    "state_expired": "The connection took longer than ten minutes or was used before. Start again.",
    "state_mismatch": "This connection was started by somebody else. Start your own.",
    "code_refused": "Stripe did not accept the connection. Start again.",
    "scope_refused": "Stripe granted read access only. Connect again and allow read and write.",
    "already_connected": "This Stripe account is connected to another platform. Use another one, "
    "or disconnect it there first.",
    "payment_required": "Your platform subscription has ended. Pay first, then connect again.",
    "stripe_unavailable": "Stripe does not answer at the moment. Start again in a minute.",
}
"""Every reason a connection is refused for, and what to tell the person."""
