"""What management usage refuses."""

from dream_api.kit.errors import DreamError


class ManagementLimitReached(DreamError):
    """The developer's own changing calls are used up for this month or this minute."""

    code = "usage_limit_reached"
    status = 429
    title = "Usage limit reached"
