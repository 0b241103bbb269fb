"""The developer's connected Stripe account.

Owns: the authorisation with Stripe, its single-use state and the link of account and platform.
Does not own: any credential of the developer's account; none is kept.
"""

from dream_api.bridge.connect.errors import (
    REASONS,
    ConnectRefused,
    NotConnected,
    PaymentRequired,
)
from dream_api.bridge.connect.service import STATE_SECONDS, Connect

__all__ = [
    "REASONS",
    "STATE_SECONDS",
    "Connect",
    "ConnectRefused",
    "NotConnected",
    "PaymentRequired",
]
