"""What a handler may say of an event that it will never act on."""

from dream_api.kit.errors import DreamError


class EventQuarantined(DreamError):
    """The event names a platform, user or object that we do not know: kept, shown, not retried."""

    code = "event_quarantined"
    status = 409
    title = "Event quarantined"
