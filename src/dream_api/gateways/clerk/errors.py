"""What Clerk refuses, and when it does not answer.

ClerkUnavailable    503  no answer, too many requests, or an answer that makes no sense
ClerkRefused        409  Clerk understood and said no
InvalidSignature    400  a webhook that Clerk did not sign
"""

from dream_api.kit.errors import DreamError, Unavailable


class ClerkUnavailable(Unavailable):
    """Clerk gave no usable answer; the same request later will work."""

    code = "clerk_unavailable"
    title = "Clerk does not answer"


class ClerkRefused(DreamError):
    """Clerk understood the request and said no: most likely a setting is wrong."""

    code = "clerk_refused"
    status = 409
    title = "Clerk refused"


class InvalidSignature(DreamError):
    """A webhook that was not signed with a configured secret, or too long ago."""

    code = "invalid_signature"
    status = 400
    title = "Invalid signature"
