"""Events from outside, stored before they are answered.

Owns: each event once, its state, its retries and its replay.
Does not own: what an event means; handlers are given by ``app.py``.
"""

from dream_api.shared.inbox.errors import EventQuarantined
from dream_api.shared.inbox.model import (
    Handler,
    Handlers,
    InboxEvent,
    InboxPage,
    InboxState,
)
from dream_api.shared.inbox.service import Inbox

__all__ = [
    "EventQuarantined",
    "Handler",
    "Handlers",
    "Inbox",
    "InboxEvent",
    "InboxPage",
    "InboxState",
]
