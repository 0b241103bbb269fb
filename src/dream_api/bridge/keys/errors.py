"""What the keys room refuses.

DreamError
├── NotFound            404  no such live key on this platform (kit)
├── ValidationFailed    422  name, scopes, expiry or overlap (kit)
├── KeyLimitReached     409  the platform has as many live keys as it may have
└── KeysChanged         409  another process changed this platform's keys at the same moment
"""

from dream_api.kit.errors import DreamError


class KeyLimitReached(DreamError):
    """The platform has as many live keys as it may have."""

    code = "key_limit_reached"
    status = 409
    title = "Too many live keys"


class KeysChanged(DreamError):
    """Another process took the turn meanwhile. Nothing was shown, and nothing new works."""

    code = "keys_changed"
    status = 409
    title = "The keys were changed at the same moment"

    def __init__(self) -> None:
        super().__init__("Somebody else is changing this platform. Send the request again.")
